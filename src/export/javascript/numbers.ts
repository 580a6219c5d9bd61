import { fromBase64, toBase64 } from "../../base/json/index.js";

/** Typed arrays by the name that a module writes them under. */
const arrays = {
  int8: { make: (n: number) => new Int8Array(n), bytes: 1, get: "getInt8", set: "setInt8" },
  uint8: { make: (n: number) => new Uint8Array(n), bytes: 1, get: "getUint8", set: "setUint8" },
  int16: { make: (n: number) => new Int16Array(n), bytes: 2, get: "getInt16", set: "setInt16" },
  uint16: { make: (n: number) => new Uint16Array(n), bytes: 2, get: "getUint16", set: "setUint16" },
  int32: { make: (n: number) => new Int32Array(n), bytes: 4, get: "getInt32", set: "setInt32" },
  uint32: { make: (n: number) => new Uint32Array(n), bytes: 4, get: "getUint32", set: "setUint32" },
  float32: { make: (n: number) => new Float32Array(n), bytes: 4, get: "getFloat32", set: "setFloat32" },
} as const;

type NumberType = keyof typeof arrays;
type Integers = "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32";

/** Numbers as text: their type, and their bytes, little-endian, in base64. */
export type PackedNumbers = readonly [type: NumberType, base64: string];

/** Packs numbers of a type that holds each of them. */
export function pack(type: NumberType, values: ArrayLike<number>): PackedNumbers {
  const { bytes, set } = arrays[type];
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  for (let i = 0; i < values.length; i++) view[set](i * bytes, values[i] as number, true);
  return [type, toBase64(new Uint8Array(view.buffer))];
}

/** Packs whole numbers in the fewest bytes. */
export function packIntegers(values: ArrayLike<number>): PackedNumbers {
  let [least, most] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i] as number);
    most = Math.max(most, values[i] as number);
  }
  const types: readonly Integers[] = least < 0 ? ["int8", "int16", "int32"] : ["uint8", "uint16", "uint32"];
  const fits = (type: Integers): boolean => {
    const { bytes } = arrays[type];
    return least < 0 ? most < 2 ** (8 * bytes - 1) && least >= -(2 ** (8 * bytes - 1)) : most < 2 ** (8 * bytes);
  };
  return pack(types.find(fits) ?? "uint32", values);
}

/** Reads what {@link pack} wrote. */
export function unpack([type, base64]: PackedNumbers): ArrayLike<number> {
  const { make, bytes, get } = arrays[type];
  const read = fromBase64(base64) ?? new Uint8Array();
  const view = new DataView(read.buffer);
  const values = make(read.length / bytes);
  for (let i = 0; i < values.length; i++) values[i] = view[get](i * bytes, true);
  return values;
}
