import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import type { InferredContract } from "../contract/infer.js";
import type { Dataset } from "../dataset.js";
import type { Table } from "../table/table.js";
import { readDelimited } from "./csv.js";
import { formatOfName, optionsForName } from "./delimiter.js";
import { fileBytes } from "./file-bytes.js";
import { inferDelimited, inferJsonLines, type InferOptions } from "./infer-source.js";
import { readJsonLines } from "./json-lines.js";
import type { ReadOptions } from "./options.js";

function refuseParquet(path: string): void {
  if (formatOfName(path).format !== "parquet") return;
  const message = `${path}: Parquet files are read by an optional driver that is not part of this entry; give .csv, .tsv or .jsonl.`;
  throw new ChurnkitError("INPUT_UNSUPPORTED", message, { where: { file: path } });
}

const contractIn = (given: Dataset | Contract): Contract => ("contract" in given ? given.contract : given);

/**
 * Reads a file into a table: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, each also as `.gz`; any other name is delimited text
 * whose delimiter is detected. A `.csv` that was plainly written with another delimiter than a comma is refused unless
 * the option `delimiter` names it.
 *
 * @param given a dataset, which gives the table its row type, or a contract.
 * @throws ChurnkitError INPUT_NOT_FOUND, INPUT_UNSUPPORTED (Parquet), and all that `readDelimited` throws.
 */
export function readTable<Row>(given: Dataset<Row>, path: string, options?: ReadOptions): Promise<Table<Row>>;
export function readTable(given: Dataset | Contract, path: string, options?: ReadOptions): Promise<Table>;
export async function readTable(given: Dataset | Contract, path: string, options: ReadOptions = {}): Promise<Table> {
  refuseParquet(path);
  if (formatOfName(path).format !== "jsonl") return readCsv(given, path, options);
  return readJsonLines(contractIn(given), fileBytes(path), { ...options, source: options.source ?? path });
}

/**
 * Reads a CSV or TSV file, also gzipped, into a table with the dataset's row type.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND, and all that `readDelimited` throws.
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

/**
 * Infers a contract from a file, of any format that {@link readTable} reads, in one pass over all rows.
 *
 * @throws ChurnkitError INPUT_*, TARGET_INVALID, OPTION_INVALID.
 */
export async function inferFromFile(path: string, options: InferOptions = {}): Promise<InferredContract> {
  refuseParquet(path);
  if (formatOfName(path).format === "jsonl") {
    return inferJsonLines(fileBytes(path), { ...options, source: options.source ?? path });
  }
  const { options: filled, expected } = optionsForName(path, options);
  return inferDelimited(fileBytes(path), filled, { expected });
}
