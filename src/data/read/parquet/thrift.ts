/** Error for a damaged file; the reader adds the position. */
export class Damaged extends Error {}

/** A struct of Thrift's compact protocol: values by field number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = number | boolean | Uint8Array | ThriftStruct | readonly ThriftValue[];

/** Parquet's own structs nest eight deep. */
const mostDepth = 24;

/**
 * Reads one struct of Thrift's compact protocol from untrusted bytes: no list is longer than the remaining bytes, no
 * number longer than ten bytes, and nesting is bounded, so that time and memory are in proportion to the bytes.
 *
 * Numbers beyond 2^53 lose their last digits; sizes of readable files are smaller.
 *
 * @returns the struct, and its end.
 * @throws Damaged.
 */
export function readStruct(bytes: Uint8Array, start: number): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new ThriftReader(bytes, start);
  return { struct: reader.struct(0), end: reader.at };
}

class ThriftReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > mostDepth) throw new Damaged("a header is nested too deep");
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      fields.set(id, this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
        return true;
      case 2:
        return false;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        return new DataView(this.#taken(8).slice().buffer).getFloat64(0, true);
      case 8:
        return this.#taken(this.#varint());
      case 9:
        return this.#list(depth + 1);
      case 12:
        return this.struct(depth + 1);
      default:
        throw new Damaged(`a header holds a field of the unknown type ${type}`);
    }
  }

  #list(depth: number): ThriftValue[] {
    if (depth > mostDepth) throw new Damaged("a header is nested too deep");
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (count > this.#bytes.length - this.at)
      throw new Damaged(`a header declares ${count} items, but ${this.#bytes.length - this.at} bytes are left`);
    const type = head & 15;
    const values: ThriftValue[] = [];
    // A flag in a list takes a byte; elsewhere it is part of its field's header.
    for (let i = 0; i < count; i++)
      values.push(type === 1 || type === 2 ? this.#byte() === 1 : this.#value(type, depth));
    return values;
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Damaged("a header is cut off");
    return byte;
  }

  #taken(length: number): Uint8Array {
    const start = this.at;
    if (length > this.#bytes.length - start)
      throw new Damaged(`a header declares ${length} bytes, but ${this.#bytes.length - start} are left`);
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }

  #varint(): number {
    let value = 0;
    for (let i = 0, scale = 1; i < 10; i++, scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Damaged("a header holds a number of more than ten bytes");
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** A whole number of a struct within its range. */
export function wholeOf(struct: ThriftStruct, field: number, name: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = struct.get(field);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Damaged(`${name} is ${typeof value === "number" ? value : "not given"}`);
}
