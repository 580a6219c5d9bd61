import { ChurnkitError } from "../../base/errors.js";
import type { Column, Contract } from "../../data/contract/index.js";
import type { ScoredRecord } from "../../model/scoring/index.js";
import { rawValues } from "./raw-tensors.js";
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

/** An output of a model. */
export interface OutputTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly of: (result: ScoredRecord) => number | string | null;
}

/** The outputs of a model: probability and label and, of more than two classes, the probability of each by its label. */
export function outputTensors({ target }: Contract): readonly OutputTensor[] {
  const { classes = [] } = target ?? {};
  const each = classes.map((label): OutputTensor => {
    const of: OutputTensor["of"] = ({ probabilities }) => probabilities?.[label] ?? null;
    return { name: `probability_${label}`, datatype: "FP64", of };
  });
  return [
    { name: "probability", datatype: "FP64", of: ({ probability }) => probability },
    { name: "label", datatype: "BYTES", of: ({ label }) => label },
    ...(classes.length > 2 ? each : []),
  ];
}

/** An output that is asked for. */
export interface Output {
  readonly tensor: OutputTensor;
  /** Whether its values are sent as bytes behind the JSON. */
  readonly binary: boolean;
}

/** A request to infer. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: readonly Output[];
}

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads a request of the Open Inference Protocol: an input tensor for each column, of shape [n] or [n, 1].
 *
 * @param binary the tensors that are sent as bytes, in the order of the inputs that have a `binary_data_size`.
 * @throws ChurnkitError REQUEST_INVALID, naming the tensor; INPUT_TOO_LARGE for more records than a batch holds.
 */
export function inferRequestOf(value: unknown, contract: Contract, most: number, binary: Uint8Array): InferRequest {
  if (!isMembers(value)) throw invalid('The request is not an object with "inputs".');
  const { id, inputs, outputs, parameters } = value;
  if (id !== undefined && typeof id !== "string") throw invalid('"id" is not a text.');
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw invalid('"inputs" is not a list of tensors, one for each column.');
  const columns = new Map<string, readonly unknown[]>();
  const known = new Set(contract.columns.map(({ name }) => name));
  let taken = 0;
  const take = (size: number): Uint8Array | undefined =>
    taken + size <= binary.length ? binary.subarray(taken, (taken += size)) : undefined;
  for (const input of inputs as readonly unknown[]) {
    const { name, values } = tensorOf(input, most, take);
    if (!known.has(name))
      throw invalid(`There is no input ${name.slice(0, 60)}. GET the model's metadata for the names.`);
    if (columns.has(name)) throw invalid(`The input ${name.slice(0, 60)} comes twice.`);
    columns.set(name, values);
  }
  if (taken < binary.length) throw invalid(`The body has ${binary.length - taken} bytes that belong to no input.`);
  const [rows = 0, other] = new Set([...columns.values()].map(({ length }) => length));
  if (other !== undefined) throw invalid(`The inputs have different lengths, such as ${rows} and ${other}.`);
  if (rows > most) throw tooMany(rows, most);
  const entries = [...columns];
  const records = Array.from({ length: rows }, (_, row) => {
    const record = Object.create(null) as Record<string, unknown>;
    for (const [name, values] of entries) record[name] = values[row];
    return record;
  });
  return {
    id,
    records,
    outputs: outputsOf(outputs, outputTensors(contract), member(parameters, "binary_data_output") === true),
  };
}

/** A member of what may be an object. */
const member = (value: unknown, name: string): unknown => (isMembers(value) ? value[name] : undefined);

function tensorOf(
  input: unknown,
  most: number,
  take: (size: number) => Uint8Array | undefined,
): { readonly name: string; readonly values: readonly unknown[] } {
  if (!isMembers(input) || typeof input["name"] !== "string") throw invalid("An input has no name.");
  const { name, shape, datatype, data, parameters } = input;
  const fail = (problem: string): ChurnkitError => invalid(`The input ${String(name).slice(0, 60)} ${problem}.`);
  if (typeof datatype !== "string" || !Object.hasOwn(datatypes, datatype))
    throw fail(`has no datatype of ${Object.keys(datatypes).join(", ")}`);
  const [rows, width = 1, ...deeper] = Array.isArray(shape) ? (shape as readonly unknown[]) : [];
  if (!Number.isSafeInteger(rows) || width !== 1 || deeper.length > 0) throw fail("is not of shape [n] or [n, 1]");
  const size = member(parameters, "binary_data_size");
  let values: readonly unknown[];
  if (size === undefined) values = jsonValues(data, datatype as Datatype, fail);
  else {
    const raw = typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? take(size) : undefined;
    if (raw === undefined) throw fail('has a "binary_data_size" that is no number of bytes behind the JSON');
    if ((rows as number) > most) throw tooMany(rows as number, most);
    values = rawValues(datatype, rows as number, raw, fail);
  }
  if (values.length !== rows) throw fail(`has ${values.length} values, but its shape says ${String(rows)}`);
  return { name: String(name), values };
}

function jsonValues(data: unknown, datatype: Datatype, fail: (problem: string) => ChurnkitError): readonly unknown[] {
  if (!Array.isArray(data)) throw fail('has neither "data" nor a "binary_data_size"');
  const values = (data as readonly unknown[]).map((item) =>
    Array.isArray(item) && item.length === 1 ? (item[0] as unknown) : item,
  );
  const type = datatypes[datatype];
  const odd = values.findIndex((item) => item !== null && typeof item !== type);
  if (odd >= 0) throw fail(`is ${datatype}, but its value ${odd} is not a ${type}`);
  return values;
}

function outputsOf(outputs: unknown, all: readonly OutputTensor[], binary: boolean): readonly Output[] {
  if (outputs !== undefined && !Array.isArray(outputs)) throw invalid('"outputs" is not a list.');
  if (outputs === undefined || outputs.length === 0) return all.map((tensor) => ({ tensor, binary }));
  const taken = new Set<OutputTensor>();
  return (outputs as readonly unknown[]).map((output) => {
    const tensor = all.find(({ name }) => name === member(output, "name"));
    if (tensor === undefined)
      throw invalid(
        `There is no such output. The model has ${all
          .map(({ name }) => name)
          .join(", ")
          .slice(0, 1000)}.`,
      );
    // Else a short request could ask for an answer of any size.
    if (taken.has(tensor)) throw invalid(`The output ${tensor.name.slice(0, 60)} is asked for twice.`);
    taken.add(tensor);
    const asked = member(member(output, "parameters"), "binary_data");
    return { tensor, binary: typeof asked === "boolean" ? asked : binary };
  });
}

const invalid = (message: string): ChurnkitError => new ChurnkitError("REQUEST_INVALID", message);
