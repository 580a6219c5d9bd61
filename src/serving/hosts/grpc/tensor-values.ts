import { ChurnkitError } from "../../../base/errors.js";
import { missingForNaN, textsOf } from "../../bodies/index.js";

/** The values of a tensor by type, as a message holds them; all but one are empty. */
export type TensorContents = Readonly<Partial<Record<string, readonly unknown[]>>>;

/** The member of {@link TensorContents} that holds the values of a datatype. */
const members: Readonly<Partial<Record<string, string>>> = {
  BOOL: "bool_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  FP32: "fp32_contents",
  FP64: "fp64_contents",
  BYTES: "bytes_contents",
};

/**
 * The values of an input tensor's contents. NaN is a missing value, because the messages have no null.
 *
 * @throws ChurnkitError REQUEST_INVALID for a datatype that has no contents, and for values that are not of it.
 */
export function tensorValues({
  name,
  datatype,
  contents,
}: {
  readonly name: string;
  readonly datatype: string;
  readonly contents: TensorContents | null;
}): readonly unknown[] {
  const fail = (problem: string): ChurnkitError =>
    new ChurnkitError("REQUEST_INVALID", `The input ${name.slice(0, 60)} ${problem}.`);
  const member = members[datatype];
  if (member === undefined) throw fail(`has the datatype ${datatype.slice(0, 20)}, which is not read`);
  const values = contents?.[member] ?? [];
  return datatype === "BYTES" ? textsOf(values, fail) : missingForNaN(values, fail);
}

/** An output's values in the member of their type. */
export const contentsOf = (datatype: string, data: readonly unknown[]): TensorContents => ({
  [members[datatype] ?? "fp64_contents"]:
    datatype === "BYTES" ? data.map((text) => encoder.encode(String(text))) : data,
});

const encoder = new TextEncoder();
