import { ChurnkitError } from "../../base/errors.js";
import type { Column, Contract } from "../../data/contract/index.js";
import { tooMany } from "./records.js";

/** Datatypes of the Open Inference Protocol, with the values that they have in JSON. */
const datatypes = {
  BOOL: "boolean",
  UINT8: "number",
  UINT16: "number",
  UINT32: "number",
  UINT64: "number",
  INT8: "number",
  INT16: "number",
  INT32: "number",
  INT64: "number",
  FP16: "number",
  FP32: "number",
  FP64: "number",
  BYTES: "string",
} as const;
type Datatype = keyof typeof datatypes;

/** The datatype in which a column's values are best sent; a missing value is null in any. */
export function datatypeOf(column: Column): Datatype {
  if (column.kind === "number") return column.integer && !column.nullable ? "INT64" : "FP64";
  return column.kind === "boolean" ? "BOOL" : "BYTES";
}

/** Outputs of a model, by name. */
export const outputTensors = { probability: "FP64", label: "BYTES" } as const satisfies Record<string, Datatype>;
/** A name of {@link outputTensors}. */
export type OutputName = keyof typeof outputTensors;

/** A request to infer. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: readonly OutputName[];
}

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads a request of the Open Inference Protocol: an input tensor for each column, of shape [n] or [n, 1].
 *
 * @throws ChurnkitError REQUEST_INVALID, naming the tensor; INPUT_TOO_LARGE for more records than a batch holds.
 */
export function inferRequestOf(value: unknown, contract: Contract, most: number): InferRequest {
  if (!isMembers(value)) throw invalid('The request is not an object with "inputs".');
  const { id, inputs, outputs } = value;
  if (id !== undefined && typeof id !== "string") throw invalid('"id" is not a text.');
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw invalid('"inputs" is not a list of tensors, one for each column.');
  const columns = new Map<string, readonly unknown[]>();
  const known = new Set(contract.columns.map(({ name }) => name));
  for (const input of inputs as readonly unknown[]) {
    const { name, values } = tensorOf(input);
    if (!known.has(name))
      throw invalid(`There is no input ${name.slice(0, 60)}. GET the model's metadata for the names.`);
    if (columns.has(name)) throw invalid(`The input ${name.slice(0, 60)} comes twice.`);
    columns.set(name, values);
  }
  const [rows = 0, other] = new Set([...columns.values()].map(({ length }) => length));
  if (other !== undefined) throw invalid(`The inputs have different lengths, such as ${rows} and ${other}.`);
  if (rows > most) throw tooMany(rows, most);
  const entries = [...columns];
  const records = Array.from({ length: rows }, (_, row) => {
    const record = Object.create(null) as Record<string, unknown>;
    for (const [name, values] of entries) record[name] = values[row];
    return record;
  });
  return { id, records, outputs: outputsOf(outputs) };
}

function tensorOf(input: unknown): { readonly name: string; readonly values: readonly unknown[] } {
  if (!isMembers(input) || typeof input["name"] !== "string") throw invalid("An input has no name.");
  const { name, shape, datatype, data } = input;
  const fail = (problem: string): ChurnkitError => invalid(`The input ${String(name).slice(0, 60)} ${problem}.`);
  const type =
    typeof datatype === "string" && Object.hasOwn(datatypes, datatype) ? datatypes[datatype as Datatype] : undefined;
  if (type === undefined) throw fail(`has no datatype of ${Object.keys(datatypes).join(", ")}`);
  if (!Array.isArray(data)) throw fail("has no data in JSON; turn binary data off in the client");
  const [rows, width = 1, ...deeper] = Array.isArray(shape) ? (shape as readonly unknown[]) : [];
  if (typeof rows !== "number" || width !== 1 || deeper.length > 0) throw fail("is not of shape [n] or [n, 1]");
  const values = (data as readonly unknown[]).map((item) =>
    Array.isArray(item) && item.length === 1 ? (item[0] as unknown) : item,
  );
  if (values.length !== rows) throw fail(`has ${values.length} values, but its shape says ${rows}`);
  const odd = values.findIndex((item) => item !== null && typeof item !== type);
  if (odd >= 0) throw fail(`is ${String(datatype)}, but its value ${odd} is not a ${type}`);
  return { name: String(name), values };
}

function outputsOf(outputs: unknown): readonly OutputName[] {
  const all = Object.keys(outputTensors) as OutputName[];
  if (outputs === undefined) return all;
  if (!Array.isArray(outputs)) throw invalid('"outputs" is not a list.');
  if (outputs.length === 0) return all;
  return (outputs as readonly unknown[]).map((output) => {
    const name = isMembers(output) ? output["name"] : undefined;
    const found = all.find((other) => other === name);
    if (found === undefined) throw invalid(`There is no such output. The model has ${all.join(" and ")}.`);
    return found;
  });
}

const invalid = (message: string): ChurnkitError => new ChurnkitError("REQUEST_INVALID", message);
