import type { Contract } from "../../data/contract/index.js";
import { isProblem, payloadOf, type Payload, type Problem } from "./payload.js";

/** How to interpret the records of a request. */
export interface InputOptions {
  /** Names of a row's cells, in order, if a payload has no names. */
  readonly columns: readonly string[];
  /** All columns of the contract: those that a header, or an object's keys, may name. */
  readonly known: ReadonlySet<string>;
  /** Most records of one event. */
  readonly mostRecords: number;
}

type Members = Readonly<Record<string, unknown>>;
type Rows = readonly (readonly unknown[])[];
type Records = readonly unknown[] | Problem;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isRows = (value: unknown): value is Rows => isList(value) && value.every(isList);
const listed = (names: readonly string[]): string =>
  names
    .slice(0, 8)
    .map((name) => name.slice(0, 40))
    .join(", ") + (names.length > 8 ? ", ..." : "");

/** Returns how to interpret requests to a model of this contract. */
export function inputOptions(contract: Contract, mostRecords: number, given?: readonly string[]): InputOptions {
  const columns = given ?? contract.columns.filter(({ role }) => role === "feature").map(({ name }) => name);
  return { columns, known: new Set([...columns, ...contract.columns.map(({ name }) => name)]), mostRecords };
}

/** The records of a captured request, at least one. */
export function recordsOf(side: unknown, options: InputOptions): Records {
  const payload = payloadOf(side, options.mostRecords + 1);
  return isProblem(payload) ? payload : recordsIn(payload, options);
}

/** The records of a payload, at least one. */
export function recordsIn(payload: Payload, options: InputOptions): Records {
  const records = "rows" in payload ? recordsOfCsv(payload.rows, options) : recordsOfJson(payload.value, options, 0);
  return !isProblem(records) && records.length === 0 ? { problem: "it has no record" } : records;
}

function recordsOfCsv(rows: Extract<Payload, { rows: unknown }>["rows"], options: InputOptions): Records {
  const header = headerOf(rows, options);
  return header === undefined ? named(rows, options.columns) : named(rows.slice(1), header);
}

const isNumber = (cell: string | undefined): boolean =>
  cell !== undefined && cell.trim() !== "" && Number.isFinite(Number(cell));

/**
 * Returns the names of a first line that is a header: it names columns, or has no number where the line below has
 * some.
 */
function headerOf(
  rows: readonly (readonly string[])[],
  { columns, known }: InputOptions,
): readonly string[] | undefined {
  const [first = [], second] = rows;
  if (second === undefined) return undefined;
  const names = namesIn(first, known);
  const hits = names.filter((name) => known.has(name)).length;
  if (new Set(names).size === names.length && !first.some(isNumber) && 2 * hits >= names.length) return names;
  const words = first.length === columns.length && first.every((cell) => cell.trim() !== "" && !isNumber(cell));
  return words && second.some(isNumber) ? columns : undefined;
}

/** Maps names to the contract's, if they differ only in case and Unicode form. */
function namesIn(cells: readonly string[], known: ReadonlySet<string>): string[] {
  const folded = new Map([...known].map((name) => [fold(name), name]));
  return cells.map((cell) => (known.has(cell.trim()) ? cell.trim() : (folded.get(fold(cell)) ?? cell.trim())));
}

const fold = (name: string): string => name.trim().normalize("NFC").toLowerCase();

/** Rows of cells under the columns' names. */
function named(rows: Rows, columns: readonly string[]): Records {
  const odd = rows.find((cells) => cells.length !== columns.length);
  if (odd !== undefined)
    return {
      problem: `a row holds ${odd.length} cells for the ${columns.length} columns ${listed(columns)}; name them with columns`,
    };
  return rows.map((cells) => recordFrom(columns.map((name, i) => [name, cells[i]])));
}

function recordFrom(entries: readonly (readonly [name: string, cell: unknown])[]): Members {
  const record = Object.create(null) as Record<string, unknown>;
  for (const [name, cell] of entries) record[name] = typeof cell === "string" && cell.trim() === "" ? null : cell;
  return record;
}

/** Members under which servers accept records: our own, MLflow's, TensorFlow Serving's and KServe's. */
const wrappers = ["dataframe_split", "dataframe_records", "records", "instances", "inputs"] as const;
const deepest = 3;

function recordsOfJson(value: unknown, options: InputOptions, depth: number): Records {
  if (depth > deepest) return { problem: "its records are wrapped too deeply" };
  if (isList(value)) return recordsOfList(value, options);
  if (!isMembers(value)) return { problem: "it is neither an object nor a list" };
  const { columns, data, features } = value;
  if (isList(columns) && isRows(data)) return named(data, namesIn(columns.map(String), options.known));
  if (isList(features) && !options.known.has("features")) return named([features], options.columns);
  for (const name of wrappers) {
    if (Object.hasOwn(value, name) && !options.known.has(name) && typeof value[name] === "object")
      return recordsOfJson(value[name], options, depth + 1);
  }
  return recordsOfObject(value, options);
}

function recordsOfList(items: readonly unknown[], options: InputOptions): Records {
  if (items.length > 0 && items.every(isTensor))
    return recordsOfObject(recordFrom(items.map(({ name, data }) => [name, data])), options);
  if (isRows(items)) return named(items, options.columns);
  if (!items.some((item) => typeof item === "object" && item !== null))
    return items.length === 0 ? [] : named([items], options.columns);
  const records: unknown[] = [];
  for (const item of items) {
    if (!isMembers(item)) return { problem: "its list mixes objects with other values" };
    const { features } = item;
    const found =
      isList(features) && !options.known.has("features")
        ? named([features], options.columns)
        : recordsOfObject(item, options);
    if (isProblem(found)) return found;
    records.push(...found);
  }
  return records;
}

/** A column of KServe's protocol. */
const isTensor = (item: unknown): item is { readonly name: string; readonly data: readonly unknown[] } =>
  isMembers(item) && typeof item["name"] === "string" && isList(item["data"]) && isList(item["shape"]);

/** One record, or columns: each a list of values, or an object of them by row, as pandas writes it. */
function recordsOfObject(value: Members, { known }: InputOptions): Records {
  const keys = Object.keys(value);
  const columns = keys.filter((key) => known.has(key));
  if (columns.length === 0)
    return {
      problem: keys.length === 0 ? "it names no column" : `it names ${listed(keys)}, none of which are the model's`,
    };
  const isColumn = (key: string): boolean => typeof value[key] === "object" && value[key] !== null;
  if (!columns.some(isColumn)) return [value];
  const lists = keys.filter(isColumn).map((key) => [key, cellsOf(value[key])] as const);
  const length = lists[0]?.[1].length ?? 0;
  if (!columns.every(isColumn) || lists.some(([, cells]) => cells.length !== length))
    return { problem: "its columns are of different lengths" };
  return Array.from({ length }, (_, row) => recordFrom(lists.map(([key, cells]) => [key, cells[row]])));
}

/** The values of a column; one-item lists are unwrapped. */
const cellsOf = (column: unknown): readonly unknown[] =>
  (isList(column) ? column : Object.values(column as Members)).map((cell) =>
    isList(cell) && cell.length === 1 ? cell[0] : cell,
  );
