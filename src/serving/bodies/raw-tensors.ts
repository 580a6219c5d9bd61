import type { ChurnkitError } from "../../base/errors.js";

interface Form {
  /** Bytes of a value. */
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => unknown;
}

const whole = (value: bigint): unknown => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));

/** Binary forms of the datatypes, little-endian; texts, which have lengths of their own, aside. */
const forms: Readonly<Partial<Record<string, Form>>> = {
  BOOL: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  INT8: { bytes: 1, read: (view, at) => view.getInt8(at) },
  INT16: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  INT32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  INT64: { bytes: 8, read: (view, at) => whole(view.getBigInt64(at, true)) },
  UINT8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  UINT16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  UINT32: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  UINT64: { bytes: 8, read: (view, at) => whole(view.getBigUint64(at, true)) },
  FP32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  FP64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** Makes the error of an input with a problem. */
type Fail = (problem: string) => ChurnkitError;

/** The values of a tensor's bytes. NaN is a missing value, because binary data have no null. */
export function rawValues(datatype: string, rows: number, raw: Uint8Array, fail: Fail): unknown[] {
  if (datatype === "BYTES") return textsOf(pieces(raw, rows, fail), fail);
  const form = forms[datatype];
  if (form === undefined) throw fail(`is ${datatype}, which is not read as binary data`);
  const { bytes, read } = form;
  if (raw.length !== rows * bytes)
    throw fail(`has ${raw.length} raw bytes, but its shape and datatype say ${rows * bytes}`);
  const view = viewOf(raw);
  return missingForNaN(
    Array.from({ length: rows }, (_, i) => read(view, i * bytes)),
    fail,
  );
}

/** The same values with null for NaN. JSON has no other number that is not finite. */
export const missingForNaN = (values: readonly unknown[], fail: Fail): unknown[] =>
  values.map((value) => {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    if (Number.isNaN(value)) return null;
    throw fail("holds an infinite number");
  });

/** Texts of their bytes. */
export function textsOf(values: readonly unknown[], fail: Fail): string[] {
  try {
    return values.map((bytes) => decoder.decode(bytes as Uint8Array));
  } catch {
    throw fail("is not valid UTF-8");
  }
}

/** An output's values as bytes: numbers of 64 bits, texts behind their lengths. */
export function rawOf(datatype: string, data: readonly unknown[]): Uint8Array {
  const texts = datatype === "BYTES" ? data.map((text) => encoder.encode(String(text))) : [];
  const numbers = datatype === "BYTES" ? [] : data;
  const raw = new Uint8Array(texts.reduce((sum, { length }) => sum + 4 + length, numbers.length * 8));
  const view = viewOf(raw);
  for (const [i, value] of numbers.entries()) view.setFloat64(i * 8, Number(value), true);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    raw.set(text, at + 4);
    at += 4 + text.length;
  }
  return raw;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Raw texts: each behind its length in four bytes. */
function pieces(raw: Uint8Array, rows: number, fail: Fail): Uint8Array[] {
  const view = viewOf(raw);
  const found: Uint8Array[] = [];
  for (let at = 0; at < raw.length;) {
    const end = at + 4 <= raw.length ? at + 4 + view.getUint32(at, true) : Infinity;
    if (end > raw.length) throw fail("has raw bytes that end within a text");
    if (found.push(raw.subarray(at + 4, end)) > rows) throw fail(`has more texts than its shape says, ${rows}`);
    at = end;
  }
  return found;
}

const viewOf = (raw: Uint8Array): DataView => new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
