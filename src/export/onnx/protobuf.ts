/** Bytes of a message of protocol buffers, field by field. */
export class Message {
  readonly #parts: Uint8Array[] = [];

  /** A whole number, or an enumeration. */
  whole(field: number, value: number): this {
    this.#push(varint(field * 8), varint(value));
    return this;
  }

  /** A 32-bit float. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#push(varint(field * 8 + 5), bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#push(varint(field * 8 + 2), varint(value.length), value);
    return this;
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.done());
  }

  done(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#parts.reduce((total, part) => total + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #push(...parts: readonly Uint8Array[]): void {
    this.#parts.push(...parts);
  }
}

/** A whole number in groups of seven bits; a negative one as the 64-bit number with the same bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}

/** Whole numbers one after the other, as a packed field has them. */
export function packedWhole(values: ArrayLike<number>): Uint8Array {
  const parts = Array.from(values, varint);
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes of a number. */
const sizes = { int8: 1, float: 4, double: 8, int64: 8 } as const;

/** Numbers as floats or whole numbers, little-endian. */
export function littleEndian(type: keyof typeof sizes, values: ArrayLike<number>): Uint8Array {
  const size = sizes[type];
  const view = new DataView(new ArrayBuffer(size * values.length));
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (type === "int8") view.setInt8(i, value);
    else if (type === "float") view.setFloat32(4 * i, value, true);
    else if (type === "double") view.setFloat64(8 * i, value, true);
    else view.setBigInt64(8 * i, BigInt(value), true);
  }
  return new Uint8Array(view.buffer);
}
