import { ChurnkitError } from "../../../base/errors.js";

/** The values of a tensor by type, as a message holds them; all but one are empty. */
export type TensorContents = Readonly<Partial<Record<string, readonly unknown[]>>>;

interface Form {
  /** The member of {@link TensorContents} that holds its values. */
  readonly member: string;
  /** Bytes of a value in raw contents. */
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => unknown;
}

const whole = (value: bigint): unknown => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));

/** How values of each datatype are held; texts, which have lengths of their own, aside. */
const forms: Readonly<Partial<Record<string, Form>>> = {
  BOOL: { member: "bool_contents", bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  INT8: { member: "int_contents", bytes: 1, read: (view, at) => view.getInt8(at) },
  INT16: { member: "int_contents", bytes: 2, read: (view, at) => view.getInt16(at, true) },
  INT32: { member: "int_contents", bytes: 4, read: (view, at) => view.getInt32(at, true) },
  INT64: { member: "int64_contents", bytes: 8, read: (view, at) => whole(view.getBigInt64(at, true)) },
  UINT8: { member: "uint_contents", bytes: 1, read: (view, at) => view.getUint8(at) },
  UINT16: { member: "uint_contents", bytes: 2, read: (view, at) => view.getUint16(at, true) },
  UINT32: { member: "uint_contents", bytes: 4, read: (view, at) => view.getUint32(at, true) },
  UINT64: { member: "uint64_contents", bytes: 8, read: (view, at) => whole(view.getBigUint64(at, true)) },
  FP32: { member: "fp32_contents", bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  FP64: { member: "fp64_contents", bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/**
 * The values of an input tensor, from its contents or from raw bytes. NaN is a missing value, because the messages have no null.
 *
 * @throws ChurnkitError REQUEST_INVALID for bytes that are not of the datatype.
 */
export function tensorValues(
  {
    name,
    datatype,
    contents,
  }: { readonly name: string; readonly datatype: string; readonly contents: TensorContents | null },
  raw: Uint8Array | undefined,
): readonly unknown[] {
  const fail = (problem: string): ChurnkitError =>
    new ChurnkitError("REQUEST_INVALID", `The input ${name.slice(0, 60)} ${problem}.`);
  if (datatype === "BYTES")
    return texts(raw === undefined ? held(contents, "bytes_contents") : pieces(raw, fail), fail);
  const form = forms[datatype];
  if (form === undefined) throw fail(`has the datatype ${datatype.slice(0, 20)}, which is not read`);
  const values = raw === undefined ? held(contents, form.member) : rawValues(raw, form, fail);
  return values.map((value) => {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    if (Number.isNaN(value)) return null;
    throw fail("holds an infinite number");
  });
}

/** An output's values in the member of their type. */
export const contentsOf = (datatype: string, data: readonly unknown[]): TensorContents =>
  datatype === "BYTES"
    ? { bytes_contents: data.map((text) => encoder.encode(String(text))) }
    : { [forms[datatype]?.member ?? "fp64_contents"]: data };

/** An output's values as raw bytes: numbers of 64 bits, texts behind their lengths. */
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

const held = (contents: TensorContents | null, member: string): readonly unknown[] => contents?.[member] ?? [];

function rawValues(raw: Uint8Array, { bytes, read }: Form, fail: (problem: string) => ChurnkitError): unknown[] {
  if (raw.length % bytes !== 0) throw fail(`has ${raw.length} raw bytes, not a multiple of ${bytes}`);
  const view = viewOf(raw);
  return Array.from({ length: raw.length / bytes }, (_, i) => read(view, i * bytes));
}

/** Raw texts: each behind its length in four bytes. */
function pieces(raw: Uint8Array, fail: (problem: string) => ChurnkitError): Uint8Array[] {
  const view = viewOf(raw);
  const found: Uint8Array[] = [];
  for (let at = 0; at < raw.length;) {
    const end = at + 4 <= raw.length ? at + 4 + view.getUint32(at, true) : Infinity;
    if (end > raw.length) throw fail("has raw bytes that end within a text");
    found.push(raw.subarray(at + 4, end));
    at = end;
  }
  return found;
}

function texts(values: readonly unknown[], fail: (problem: string) => ChurnkitError): string[] {
  try {
    return values.map((bytes) => decoder.decode(bytes as Uint8Array));
  } catch {
    throw fail("is not valid UTF-8");
  }
}

const viewOf = (raw: Uint8Array): DataView => new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
