import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import { isNeeded } from "../table/row-options.js";
import type { ColumnData, RejectedRow, Table } from "../table/table.js";
import type { CellIssue } from "../contract/cells/issue.js";
import { drained, textChunks, type ByteSource } from "./bytes.js";
import { Chunked } from "./chunked.js";
import { columnBuilder, type ColumnBuilder } from "./column-builder.js";
import { absentColumn } from "./absent.js";
import { checkHeader, matchHeader, type HeaderMatch } from "./header.js";
import { resolveOptions, type ReadOptions, type ResolvedOptions } from "./options.js";
import { batchCapacity, type RecordBatch, type RecordSink } from "./record-batch.js";
import { textForm } from "./text-form.js";
import { DelimitedTokenizer } from "./tokenizer.js";
import { featuresOnly, IdSink, unknownNames, type PartOptions, type TablePart } from "./parts.js";

/** The issue of a row with a broken form; it concerns no single column. */
const formIssue = (message: string): CellIssue => ({ column: "", rule: "ragged", value: "", message });

/** Builds a table from batches of records. */
class TableSink implements RecordSink {
  readonly #contract: Contract;
  readonly #options: ResolvedOptions;
  #match: HeaderMatch | undefined;
  #builders: { readonly builder: ColumnBuilder; readonly index: number }[] = [];
  readonly #rowNumbers = new Chunked((length) => new Uint32Array(length));
  #rejected: RejectedRow[] = [];
  #rows = 0;

  constructor(contract: Contract, options: ResolvedOptions) {
    this.#contract = contract;
    this.#options = options;
  }

  header(names: readonly (string | undefined)[]): void {
    const { source, target } = this.#options;
    checkHeader(names, source);
    this.#match = matchHeader(names, this.#contract, this.#options);
    const capacity = batchCapacity(names.length);
    this.#builders = this.#match.columns
      .filter(({ index }) => index >= 0)
      .map(({ column, index }) => ({ builder: columnBuilder(column, isNeeded(column, target), capacity), index }));
  }

  batch(batch: RecordBatch): void {
    const { rows, rowNumbers } = batch;
    const issues = new Map<number, CellIssue[]>();
    const refuse = (record: number, issue: CellIssue): void => {
      const those = issues.get(record);
      if (those === undefined) issues.set(record, [issue]);
      else those.push(issue);
    };
    for (const { builder, index } of this.#builders) builder.read(batch, index, refuse);
    if (issues.size === 0) {
      for (const { builder } of this.#builders) builder.commit(rows, undefined);
      this.#rowNumbers.append(rowNumbers, rows);
      this.#rows += rows;
      return;
    }
    const kept: number[] = [];
    for (let r = 0; r < rows; r++) {
      const those = issues.get(r);
      if (those === undefined) kept.push(r);
      else this.#rejected.push({ row: rowNumbers[r] as number, issues: those });
    }
    for (const { builder } of this.#builders) builder.commit(rows, kept);
    this.#rowNumbers.append(
      Uint32Array.from(kept, (r) => rowNumbers[r] as number),
      kept.length,
    );
    this.#rows += kept.length;
  }

  refused(row: number, message: string): void {
    this.#rejected.push({ row, issues: [formIssue(message)] });
  }

  /** Returns whether a row was read since the last table. */
  get holdsRows(): boolean {
    return this.#rows + this.#rejected.length > 0;
  }

  /**
   * Checks at the end of the input that it had rows.
   *
   * @throws ChurnkitError INPUT_EMPTY.
   */
  checkRows(found: boolean): void {
    if (found) return;
    const { source } = this.#options;
    const what = this.#match === undefined ? "the input is empty" : "there is a header but no data row";
    throw new ChurnkitError("INPUT_EMPTY", `${source}: ${what}; give a header and at least one row.`, {
      where: { file: source },
    });
  }

  /** The table of the rows since the last one. */
  take(form: readonly string[]): Table {
    const rows = this.#rows;
    const columns = new Map<string, ColumnData>();
    let next = 0;
    for (const { column, index } of this.#match?.columns ?? []) {
      const data = index < 0 ? absentColumn(column, rows) : this.#builders[next++]?.builder.finish();
      if (data !== undefined) columns.set(column.name, data);
    }
    const rejected = this.#rejected.sort((a, b) => a.row - b.row);
    this.#rows = 0;
    this.#rejected = [];
    return {
      contract: this.#contract,
      rows,
      columns,
      rowNumbers: this.#rowNumbers.finish(),
      rejected,
      source: this.#options.source,
      extraColumns: this.#match?.extra,
      form,
    };
  }
}

/** Options that a file's name implies. */
export interface NameHints {
  /** The delimiter that the name implies. */
  readonly expected?: string | undefined;
}

/**
 * Runs delimited text through a tokenizer into a sink, and stops after each piece of about `step` bytes: the sink then
 * has every record that ends in what was read.
 *
 * @param notes receives unusual features of the text's form, each a sentence, before the first stop.
 * @throws ChurnkitError INPUT_* for unusable input.
 */
async function* tokenizing(
  bytes: ByteSource,
  sink: RecordSink,
  options: ResolvedOptions,
  { expected }: NameHints,
  { notes, step }: { readonly notes: string[]; readonly step: number },
): AsyncGenerator<number> {
  const { source, limits } = options;
  let tokenizer: DelimitedTokenizer | undefined;
  for await (const chunk of textChunks(bytes, { source, limit: limits.totalBytes })) {
    let rest = chunk;
    if (tokenizer === undefined) {
      const bom = chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
      const text = chunk.subarray(bom);
      const form = textForm(text, options, expected);
      notes.push(...form.notes);
      tokenizer = new DelimitedTokenizer(form, options, sink);
      // Blank lines replace those left out, so that line numbers match the file.
      tokenizer.push(new Uint8Array(form.skip.lines).fill(10));
      rest = text.subarray(form.skip.bytes);
    }
    for (let from = 0; from < rest.length; from += step) {
      const piece = rest.subarray(from, from + step);
      tokenizer.push(piece);
      yield piece.length;
    }
  }
  tokenizer?.end();
}

/**
 * Runs delimited text through a tokenizer into a sink.
 *
 * @returns unusual features of the text's form, each a sentence.
 * @throws ChurnkitError INPUT_* for unusable input.
 */
export async function tokenize(
  bytes: ByteSource,
  sink: RecordSink,
  options: ResolvedOptions,
  hints: NameHints,
): Promise<readonly string[]> {
  const notes: string[] = [];
  await drained(tokenizing(bytes, sink, options, hints, { notes, step: Infinity }));
  return notes;
}

/**
 * Reads delimited text (CSV, TSV; gzip is unpacked by content) into a table, in one pass and without an object or
 * string per row or cell. UTF-8, with or without a byte order mark; RFC 4180 quoting; LF, CRLF or CR; blank lines are
 * skipped; cells are trimmed outside quotes.
 *
 * Rows with a cell that breaks the contract are in `table.rejected` with all their issues. Columns that the contract
 * does not know are left out and named in `table.extraColumns`. With target `required`, the target and ids must be
 * present.
 *
 * @throws ChurnkitError INPUT_EMPTY, INPUT_NOT_TEXT, INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_COLUMNS, OPTION_INVALID.
 * @example
 * ```ts
 * import { inferDelimited, readDelimited } from "churnkit/data";
 *
 * const bytes = new TextEncoder().encode("plan,tenure\nA,3\nB,12\n");
 * const { contract } = await inferDelimited(bytes);
 * const table = await readDelimited(contract, bytes);
 * console.assert(table.rows === 2);
 * ```
 */
export async function readDelimited(
  contract: Contract,
  bytes: ByteSource,
  options: ReadOptions = {},
  hints: NameHints = {},
): Promise<Table> {
  const resolved = resolveOptions(options);
  const sink = new TableSink(contract, resolved);
  const form = await tokenize(bytes, sink, resolved, hints);
  sink.checkRows(sink.holdsRows);
  return sink.take(form);
}

/**
 * Reads delimited text as {@link readDelimited} does, in parts of about `partBytes` bytes of text each: rows in order,
 * and never more than a few parts' worth in memory. Row for row the parts are the whole table; their categories may
 * number labels that the contract does not name differently.
 */
export async function* delimitedParts(
  contract: Contract,
  bytes: ByteSource,
  { partBytes, ...options }: PartOptions,
  hints: NameHints = {},
): AsyncGenerator<TablePart> {
  const resolved = resolveOptions(options);
  const sink = new TableSink(featuresOnly(contract), resolved);
  const ids = new IdSink(contract);
  const notes: string[] = [];
  const both: RecordSink = {
    header(names) {
      sink.header(names);
      ids.header(names);
    },
    batch(batch) {
      sink.batch(batch);
      ids.batch(batch);
    },
    refused: (row, message) => sink.refused(row, message),
  };
  const take = (): TablePart => {
    const table = sink.take(notes);
    const extraColumns = unknownNames(contract, table.extraColumns ?? []);
    return { table: { ...table, extraColumns }, ids: ids.take() };
  };
  let held = 0;
  let found = false;
  for await (const size of tokenizing(bytes, both, resolved, hints, { notes, step: partBytes })) {
    held += size;
    if (held < partBytes || !sink.holdsRows) continue;
    held = 0;
    found = true;
    yield take();
  }
  sink.checkRows(found || sink.holdsRows);
  if (sink.holdsRows) yield take();
}
