import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import { concatTables } from "../table/concat-tables.js";
import { cellReader, isIssue } from "../contract/cells.js";
import { plainIssue } from "../contract/cells/issue.js";
import { RecordKeys } from "../table/record-keys.js";
import { rowBuffer, type RowBuffer } from "../table/row-buffer.js";
import { columnsToRead, isNeeded, type TargetMode } from "../table/row-options.js";
import type { ColumnData, RejectedRow, Table } from "../table/table.js";
import type { ByteSource } from "./bytes.js";
import { exactIdParser } from "./exact-ids.js";
import { filledColumn } from "./absent.js";
import { fillAbsent, matchHeader, type HeaderMatch } from "./header.js";
import { featuresOnly, idsOnly, TextBytes, unknownNames, type PartOptions, type TablePart } from "./parts.js";
import { resolveOptions, type ReadOptions } from "./options.js";
import { parseInSteps, parseJsonLines, type JsonLineSink } from "./parse-json-lines.js";

const batchRows = 4096;
const batchBytes = 8 * 1024 * 1024;
/** Lines without a record that wait for one. */
const mostBroken = 100_000;

/** Returns a table's own copy of a row buffer, with row numbers of the source. */
function detach(table: Table, rowOf: readonly number[]): Table {
  const columns = new Map<string, ColumnData>();
  for (const [name, data] of table.columns) {
    columns.set(
      name,
      data.storage === "numeric"
        ? { storage: "numeric", values: data.values.slice() }
        : { storage: "coded", codes: data.codes.slice(), levels: data.levels },
    );
  }
  return {
    ...table,
    columns,
    rowNumbers: table.rowNumbers.map((position) => rowOf[position] as number),
    rejected: table.rejected.map(({ row, issues }) => ({ row: rowOf[row] as number, issues })),
  };
}

/**
 * Gives every part the columns of all parts: rows that lack one miss its value, or are set aside if the contract
 * needs it.
 */
function evenColumns(parts: readonly Table[], { columns }: HeaderMatch, target: TargetMode): Table[] {
  const met = columns.filter(({ index }) => index >= 0).map(({ column }) => column);
  return parts.map((part) => {
    const absent = met.filter(({ name }) => !part.columns.has(name));
    if (absent.length === 0) return part;
    const refused = absent.flatMap((column) => {
      const cell = isNeeded(column, target) ? cellReader(column).fromJson(undefined) : null;
      return isIssue(cell) ? [plainIssue(cell)] : [];
    });
    if (refused.length > 0) {
      const kept = Array.from(part.rowNumbers, (row): RejectedRow => ({ row, issues: refused }));
      const rejected = [...part.rejected.map(({ row, issues }) => ({ row, issues: [...issues, ...refused] })), ...kept];
      return {
        ...part,
        rows: 0,
        rowNumbers: new Uint32Array(),
        rejected,
        columns: new Map(met.map((column) => [column.name, filledColumn(column, 0)])),
      };
    }
    return {
      ...part,
      columns: new Map([
        ...part.columns,
        ...absent.map((column) => [column.name, filledColumn(column, part.rows)] as const),
      ]),
    };
  });
}

/**
 * Reads JSON lines (one object a line; gzip is unpacked by content) into a table. A missing key is a missing value,
 * but a column whose key no row has is absent, like one that a header lacks. Keys that the contract does not know are
 * left out and named in `table.extraColumns`.
 *
 * @throws ChurnkitError INPUT_COLUMNS, INPUT_EMPTY, INPUT_NOT_TEXT, INPUT_MALFORMED, INPUT_TOO_LARGE, OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { readJsonLines, syntheticContract, syntheticCustomers } from "churnkit/data";
 *
 * const lines = syntheticCustomers({ rows: 20 }).records.map((record) => JSON.stringify(record)).join("\n");
 * const table = await readJsonLines(syntheticContract, new TextEncoder().encode(lines));
 * console.assert(table.rows === 20);
 * ```
 */
export async function readJsonLines(contract: Contract, bytes: ByteSource, options: ReadOptions = {}): Promise<Table> {
  const resolved = resolveOptions(options);
  const { source, target } = resolved;
  const buffer = rowBuffer(contract, { source, target, capacity: batchRows });
  const keys = new RecordKeys(contract);
  const columns = columnsToRead(contract, target);
  const parts: Table[] = [];
  const refused: RejectedRow[] = [];
  let records: unknown[] = [];
  let rowOf: number[] = [];
  let held = 0;
  const flush = (): void => {
    // Skip columns that no row so far has: the end decides whether they are missing or absent.
    const unmet = resolved.absent === "missing" ? [] : columns.filter(({ name }) => !keys.has(name));
    parts.push(detach(buffer.fill(records, new Set(unmet.map(({ name }) => name))), rowOf));
    records = [];
    rowOf = [];
    held = 0;
  };
  const form = await parseJsonLines(
    bytes,
    resolved,
    {
      record: (record, row, bytes) => {
        keys.note(record);
        records.push(record);
        rowOf.push(row);
        held += bytes;
        if (records.length === batchRows || held > batchBytes) flush();
      },
      refused: (row, message) => refused.push({ row, issues: [{ column: "", rule: "ragged", value: "", message }] }),
    },
    exactIdParser(contract),
  );
  // An empty fill provides the columns if no line could be read.
  if (records.length > 0 || parts.length === 0) flush();
  const empty = parts.every(({ rows, rejected }) => rows + rejected.length === 0);
  if (empty && refused.length === 0) {
    throw noRows(source);
  }
  const table =
    empty || resolved.absent === "missing"
      ? concatTables(parts)
      : wholeTable(parts, matchHeader(keys.names(), contract, resolved, "the rows have"), target);
  const rejected = [...table.rejected, ...refused].sort((a, b) => a.row - b.row);
  return { ...table, rejected, extraColumns: keys.extra(), form };
}

const noRows = (source: string): ChurnkitError =>
  new ChurnkitError("INPUT_EMPTY", `${source}: the input has no rows; give one JSON object per line.`, {
    where: { file: source },
  });

const wholeTable = (parts: readonly Table[], match: HeaderMatch, target: TargetMode): Table =>
  fillAbsent(concatTables(evenColumns(parts, match, target)), match);

/**
 * Reads JSON lines as {@link readJsonLines} does, in parts of about `partBytes` bytes each. A row that lacks a key misses its
 * value, or is rejected if the contract needs it; a key that no row has is found at the end.
 *
 * @throws ChurnkitError as readJsonLines; INPUT_COLUMNS also for an id that the first part lacks and a later one has.
 */
export async function* jsonLineParts(
  contract: Contract,
  bytes: ByteSource,
  { partBytes, ...options }: PartOptions,
): AsyncGenerator<TablePart> {
  const resolved = resolveOptions(options);
  const { source, target } = resolved;
  const [features, ids] = [featuresOnly(contract), idsOnly(contract)];
  const buffers = [features, ids].map((part) => rowBuffer(part, { source, target, capacity: batchRows })) as [
    RowBuffer,
    RowBuffer,
  ];
  const keys = new RecordKeys(contract);
  const named = ids.columns.map(({ name }) => ({ name, texts: new TextBytes() }));
  /** The id columns of the first part. */
  let present: typeof named | undefined;
  let tables: Table[] = [];
  let idRows: number[] = [];
  let refused: RejectedRow[] = [];
  let records: unknown[] = [];
  let rowOf: number[] = [];
  let held = 0;
  let size = 0;
  let met = false;
  const notes: string[] = [];
  const flush = (): void => {
    tables.push(detach(buffers[0].fill(records), rowOf));
    const known = buffers[1].fill(records);
    idRows.push(...rowOf);
    for (const { name, texts } of named) {
      const data = known.columns.get(name);
      for (let i = 0; i < records.length; i++) {
        texts.addText(data?.storage === "coded" ? (data.levels[data.codes[i] as number] ?? "") : "");
      }
    }
    records = [];
    rowOf = [];
    held = 0;
  };
  const take = (): TablePart => {
    present ??= named.filter(({ name }) => keys.has(name));
    for (const { name } of named) {
      if (!keys.has(name) || present.some((one) => one.name === name)) continue;
      const message = `${source}: the id "${name}" first appears after ${partBytes} bytes of rows without it; give it to the first row too.`;
      throw new ChurnkitError("INPUT_COLUMNS", message, { where: { file: source, column: name } });
    }
    if (records.length > 0 || tables.length === 0) flush();
    const table = concatTables(tables);
    const columns = present.map(({ name, texts }) => ({ name, ...texts.take() }));
    const rejected = [...table.rejected, ...refused].sort((a, b) => a.row - b.row);
    const rowNumbers = Uint32Array.from(columns.length > 0 ? idRows : []);
    tables = [];
    refused = [];
    idRows = [];
    size = 0;
    return {
      table: { ...table, rejected, extraColumns: unknownNames(contract, keys.extra()), form: notes },
      ids: { rowNumbers, columns },
    };
  };
  const sink: JsonLineSink = {
    record(record, row, length) {
      keys.note(record);
      records.push(record);
      rowOf.push(row);
      met = true;
      held += length;
      if (records.length === batchRows || held > batchBytes) flush();
    },
    refused: (row, message) => refused.push({ row, issues: [{ column: "", rule: "ragged", value: "", message }] }),
  };
  const parse = exactIdParser({ columns: ids.columns });
  let found = false;
  for await (const length of parseInSteps(bytes, resolved, sink, { parse, notes, step: partBytes })) {
    size += length;
    // The first part has a record, whose keys tell which ids there are, unless there are very many broken lines.
    const enough = met ? records.length + tables.length + refused.length > 0 : refused.length >= mostBroken;
    if (size < partBytes || !enough) continue;
    found = true;
    yield take();
  }
  const last = records.length + tables.length + refused.length > 0;
  if (!found && !last) throw noRows(source);
  if (met && resolved.absent !== "missing") matchHeader(keys.names(), contract, resolved, "the rows have");
  if (last) yield take();
}
