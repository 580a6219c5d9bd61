import { ChurnkitError } from "../../base/errors.js";
import {
  contractInference,
  type ContractInference,
  type InferenceOptions,
  type InferredContract,
} from "../contract/infer.js";
import { formFindings, tableFinding } from "../contract/finding.js";
import type { Finding } from "../contract/rules.js";
import { ByteDictionary } from "./byte-dictionary.js";
import type { ByteSource } from "./bytes.js";
import { tokenize, type NameHints } from "./csv.js";
import { checkHeader } from "./header.js";
import { parseJsonLines } from "./parse-json-lines.js";
import { resolveOptions, type ReadOptions, type ResolvedOptions } from "./options.js";
import type { RecordBatch, RecordSink } from "./record-batch.js";
import { decodeText } from "./utf8.js";

/** How to read a source, and facts about its columns. A `target` here is the name of a column. */
export interface InferOptions extends Omit<ReadOptions, "target">, Omit<InferenceOptions, "source"> {}

const resolve = (options: InferOptions): ResolvedOptions => resolveOptions({ ...options, target: "optional" });

function emptyInput(source: string): ChurnkitError {
  const message = `${source}: the input is empty; give a header and at least one row.`;
  return new ChurnkitError("INPUT_EMPTY", message, { where: { file: source } });
}

const rememberedTexts = 16_384;
/** After this many different texts a column is judged: if most cells were new, remembering costs more than it saves. */
const fewTexts = 512;

/** Returns a column's cells as strings, with one string for equal bytes as long as there is room to remember. */
class TextColumn {
  readonly #dictionary = new ByteDictionary(rememberedTexts);
  readonly #texts: string[] = [];
  #cells = 0;

  text(bytes: Uint8Array, start: number, end: number): string {
    if (this.#texts.length >= fewTexts && 2 * this.#texts.length > this.#cells) return decodeText(bytes, start, end);
    this.#cells++;
    const id = this.#dictionary.lookup(bytes, start, end);
    if (id < 0) return decodeText(bytes, start, end);
    return this.#texts[id] ?? (this.#texts[id] = decodeText(bytes, start, end));
  }
}

/** Rows with a broken form say nothing about columns, and reading with the contract sets them aside too. */
class RefusedRows {
  #count = 0;
  #reason = "";
  readonly #first: number[] = [];

  add(row: number, reason: string): void {
    if (this.#count++ === 0) this.#reason = reason;
    if (this.#first.length < 20) this.#first.push(row);
  }

  findings(): Finding[] {
    if (this.#count === 0) return [];
    const those = this.#count === 1 ? "One row has" : `${this.#count} rows have`;
    return [
      tableFinding(
        "ragged",
        this.#count,
        `${those} the wrong format and will be set aside, such as row ${this.#first[0]}: ${this.#reason}.`,
        this.#first,
      ),
    ];
  }

  /** @throws ChurnkitError INPUT_MALFORMED if no other row is left. */
  checkOthers(others: boolean, source: string): void {
    if (others || this.#count === 0) return;
    const message = `${source}: no row has the right format, such as row ${this.#first[0]}: ${this.#reason}.`;
    throw new ChurnkitError("INPUT_MALFORMED", message, { where: { file: source, row: this.#first[0] } });
  }
}

class InferenceSink implements RecordSink {
  columns: { readonly text: TextColumn; readonly index: number }[] = [];
  /** Rows taken. */
  rows = 0;
  readonly refusals = new RefusedRows();
  readonly #inference: ContractInference;
  readonly #source: string;
  #cells: string[] = [];

  constructor(inference: ContractInference, source: string) {
    this.#inference = inference;
    this.#source = source;
  }

  header(names: readonly (string | undefined)[]): void {
    checkHeader(names, this.#source);
    const named = names.filter((name) => name !== undefined);
    this.#inference.header(named);
    this.columns = names.flatMap((name, index) => (name === undefined ? [] : [{ text: new TextColumn(), index }]));
    this.#cells = named.map(() => "");
  }

  batch({ bytes, starts, ends, rows, width }: RecordBatch): void {
    this.rows += rows;
    for (let r = 0, first = 0; r < rows; r++, first += width) {
      this.columns.forEach(({ text, index }, c) => {
        const i = first + index;
        this.#cells[c] = text.text(bytes, starts[i] as number, ends[i] as number);
      });
      this.#inference.row(this.#cells);
    }
  }

  refused(row: number, message: string): void {
    this.refusals.add(row, message);
  }
}

/**
 * Infers a contract from delimited text (see `contractInference` for what it finds) in one pass over all rows, in memory
 * that does not grow with them.
 *
 * @throws ChurnkitError INPUT_*, TARGET_INVALID, OPTION_INVALID.
 * @example
 * ```ts
 * import { inferDelimited } from "churnkit/data";
 *
 * const bytes = new TextEncoder().encode("plan,tenure,left\nA,3,Yes\nB,12,No\n");
 * const { contract, candidates } = await inferDelimited(bytes, { target: "left", positive: "Yes" });
 * console.log(contract.columns.length, candidates);
 * ```
 */
export async function inferDelimited(
  bytes: ByteSource,
  options: InferOptions = {},
  hints: NameHints = {},
): Promise<InferredContract> {
  const resolved = resolve(options);
  const { source } = resolved;
  const inference = contractInference(options);
  const sink = new InferenceSink(inference, source);
  const form = await tokenize(bytes, sink, resolved, hints);
  if (sink.columns.length === 0) throw emptyInput(source);
  sink.refusals.checkOthers(sink.rows > 0, source);
  const inferred = inference.finish({ ...options, source });
  return { ...inferred, findings: [...formFindings(form), ...sink.refusals.findings(), ...inferred.findings] };
}

/** Records whose keys name the columns. */
const namingRecords = 1000;

/** Returns a JSON value's text in a file; undefined if it cannot be a cell. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/**
 * Infers a contract from JSON lines. The columns are the keys of the first 1,000 records; a key with an object or an
 * array there is left out.
 *
 * @throws ChurnkitError INPUT_*, TARGET_INVALID, OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { inferJsonLines } from "churnkit/data";
 *
 * const bytes = new TextEncoder().encode('{"plan":"basic","churn":"No"}\n{"plan":"plus","churn":"Yes"}\n');
 * const { contract } = await inferJsonLines(bytes, { target: "churn", positive: "Yes" });
 * console.assert(contract.columns.map(({ name }) => name).join() === "plan,churn");
 * ```
 */
export async function inferJsonLines(bytes: ByteSource, options: InferOptions = {}): Promise<InferredContract> {
  const resolved = resolve(options);
  const { source } = resolved;
  const inference = contractInference(options);
  let names: string[] = [];
  let first: Record<string, unknown>[] | undefined = [];
  const refusals = new RefusedRows();
  const add = (record: Record<string, unknown>): void =>
    inference.row(names.map((name) => (Object.hasOwn(record, name) ? (textOf(record[name]) ?? "") : "")));
  const start = (): void => {
    if (first === undefined) return;
    const found = new Set<string>();
    const nested = new Set<string>();
    for (const record of first) {
      for (const key of Object.keys(record)) (textOf(record[key]) === undefined ? nested : found).add(key);
    }
    names = [...found].filter((name) => !nested.has(name));
    if (first.length === 0 || names.length === 0) throw emptyInput(source);
    checkHeader(names, source);
    inference.header(names);
    first.forEach(add);
    first = undefined;
  };
  const form = await parseJsonLines(bytes, resolved, {
    record: (record) => {
      if (first === undefined) add(record as Record<string, unknown>);
      else if (first.push(record as Record<string, unknown>) === namingRecords) start();
    },
    refused: (row, message) => refusals.add(row, message),
  });
  refusals.checkOthers(first === undefined || first.length > 0, source);
  start();
  const inferred = inference.finish({ ...options, source });
  return { ...inferred, findings: [...formFindings(form), ...refusals.findings(), ...inferred.findings] };
}
