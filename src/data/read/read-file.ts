import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import type { InferredContract } from "../contract/infer.js";
import { contractLimits } from "../contract/limits.js";
import { contractIn, type Dataset } from "../dataset.js";
import type { Table } from "../table/table.js";
import { delimitedParts, readDelimited } from "./csv.js";
import { formatOfName, optionsForName } from "./delimiter.js";
import { fileBytes, type RangedBytes } from "./file-bytes.js";
import { inferDelimited, inferJsonLines, type InferOptions } from "./infer-source.js";
import { jsonLineParts, readJsonLines } from "./json-lines.js";
import type { ReadOptions } from "./options.js";
import { parquetLines } from "./parquet-file.js";
import type { PartOptions, TablePart } from "./parts.js";

/**
 * Reads a file into a table: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, each also as `.gz`, or `.parquet` (with the
 * optional package hyparquet); any other name is delimited text whose delimiter is detected. A `.csv` that clearly
 * uses another delimiter than a comma is refused unless the option `delimiter` names it.
 *
 * @param given a dataset, which sets the table's row type, or a contract.
 * @throws ChurnkitError INPUT_NOT_FOUND, PEER_MISSING (Parquet without hyparquet), and the errors of `readDelimited`.
 */
export function readTable<Row>(given: Dataset<Row>, path: string, options?: ReadOptions): Promise<Table<Row>>;
export function readTable(given: Dataset | Contract, path: string, options?: ReadOptions): Promise<Table>;
export async function readTable(given: Dataset | Contract, path: string, options: ReadOptions = {}): Promise<Table> {
  const { format } = formatOfName(path);
  if (format === "delimited") return readCsv(given, path, options);
  return readJsonLines(contractIn(given), format === "parquet" ? parquetLines(path) : fileBytes(path), {
    ...options,
    source: options.source ?? path,
  });
}

/** A file's bytes as a table: row for row as {@link readTable} reads the file. */
export function readWhole(
  contract: Contract,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  options: ReadOptions = {},
): Promise<Table> {
  const { format } = formatOfName(name);
  const { options: filled, expected } = optionsForName(name, options);
  if (format === "delimited") return readDelimited(contract, bytes, filled, { expected });
  return readJsonLines(contract, format === "parquet" ? parquetLines(name, rangedBytes(bytes)) : bytes, filled);
}

/** Bytes in memory, to be read from anywhere. */
export const rangedBytes = (bytes: Uint8Array<ArrayBuffer>): RangedBytes => ({
  size: bytes.length,
  at: (start, length) => Promise.resolve(bytes.slice(start, start + length)),
});

/** A source of rows: its name tells the format, as of a file. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The same bytes to be read from anywhere, as Parquet is. */
  readonly ranged?: RangedBytes;
}

/** Reads features and ids of a file, or of bytes with a file's name, in parts: row for row as {@link readTable} does. */
export function readParts(
  contract: Contract,
  from: string | NamedBytes,
  options: PartOptions,
): AsyncGenerator<TablePart> {
  const named: NamedBytes = typeof from === "string" ? { name: from, bytes: fileBytes(from) } : from;
  const { name, bytes, ranged } = named;
  const { format } = formatOfName(name);
  if (format === "delimited") {
    const { options: filled, expected } = optionsForName(name, options);
    return delimitedParts(contract, bytes, { ...filled, partBytes: options.partBytes }, { expected });
  }
  if (format === "parquet" && typeof from !== "string" && ranged === undefined) {
    const message = `${name}: a Parquet file is read from its end, so not from a stream; copy it to a local file first.`;
    throw new ChurnkitError("INPUT_UNSUPPORTED", message, { where: { file: name } });
  }
  return jsonLineParts(contract, format === "parquet" ? parquetLines(name, ranged) : bytes, {
    ...options,
    source: options.source ?? name,
  });
}

/**
 * Reads a CSV or TSV file, also gzipped, into a table with the dataset's row type.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND, and the errors of `readDelimited`.
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { inferFromFile, readCsv } from "churnkit/data";
 *
 * writeFileSync("customers.csv", "plan,tenure,left\nA,3,Yes\nB,12,No\n");
 * const { contract } = await inferFromFile("customers.csv", { target: "left", positive: "Yes" });
 * const table = await readCsv(contract, "customers.csv");
 * console.log(table.rows, table.rejected.length);
 * ```
 */
export function readCsv<Row>(given: Dataset<Row>, path: string, options?: ReadOptions): Promise<Table<Row>>;
export function readCsv(given: Dataset | Contract, path: string, options?: ReadOptions): Promise<Table>;
export async function readCsv(given: Dataset | Contract, path: string, options: ReadOptions = {}): Promise<Table> {
  const { options: filled, expected } = optionsForName(path, options);
  return readDelimited(contractIn(given), fileBytes(path), filled, { expected });
}

/** Returns "customers" for "/data/customers.csv.gz": the default name of a contract. */
function nameOfFile(path: string): string | undefined {
  const name = path
    .replace(/^.*[/\\]/s, "")
    .replace(/(\.[A-Za-z0-9]{1,7})+$/, "")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return name === "" ? undefined : name.slice(0, contractLimits.name);
}

/**
 * Infers a contract from a file, in any format that {@link readTable} reads, in one pass over all rows. The file's
 * name is the default name.
 *
 * @throws ChurnkitError INPUT_*, TARGET_INVALID, OPTION_INVALID.
 */
export async function inferFromFile(path: string, given: InferOptions = {}): Promise<InferredContract> {
  const options = { ...given, name: given.name ?? nameOfFile(path) };
  const { format } = formatOfName(path);
  if (format !== "delimited") {
    return inferJsonLines(format === "parquet" ? parquetLines(path) : fileBytes(path), {
      ...options,
      source: options.source ?? path,
    });
  }
  const { options: filled, expected } = optionsForName(path, options);
  return inferDelimited(fileBytes(path), filled, { expected });
}
