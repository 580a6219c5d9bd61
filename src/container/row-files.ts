import { createReadStream } from "node:fs";
import { join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { type Contract } from "../data/contract/index.js";
import {
  type ByteSource,
  inferDelimited,
  inferFromFile,
  inferJsonLines,
  readDelimited,
  readJsonLines,
  readTable,
} from "../data/read/index.js";
import { concatTables, type Table, tableFromBytes } from "../data/table/index.js";
import { bytesOf, bytesOfPipe, filesIn } from "./files.js";
import { withoutRepeatedHeader } from "./joined-file.js";

/** What a contract is inferred by. */
export interface Inference {
  readonly name?: string | undefined;
  readonly target?: string | undefined;
  readonly positive?: string | undefined;
  readonly id?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
}

type Labels = "required" | "optional";

/** Rows of one file or pipe, in a form that its name or its content type tells. */
export interface RowFile {
  /** It brings its contract, and nothing is inferred. */
  readonly hasContract: boolean;
  infer(by: Inference): Promise<Contract>;
  read(contract: Contract, labels: Labels): Promise<Table>;
}

const jsonLines = /^application\/(?:x-)?(?:json-?lines|jsonl|ndjson|json)\b/;
const delimited = /^(?:text\/(?:csv|tab-separated-values|plain)|application\/octet-stream)\b/;
const knownName = /\.(?:csv|tsv|tab|jsonl|ndjson|json|parquet)(?:\.gz)?$/i;

/** The files of rows in a folder, in the order of their names. */
export async function rowFilesIn(folder: string, contentType?: string): Promise<RowFile[]> {
  return (await filesIn(folder)).map((name) => {
    const path = join(folder, name);
    if (name.endsWith(".table")) return storedTable(path);
    if (!knownName.test(name) && jsonLines.test(contentType ?? ""))
      return rowsOf(path, () => createReadStream(path) as AsyncIterable<Uint8Array>, "jsonLines");
    return {
      hasContract: false,
      infer: async (by) => (await inferFromFile(path, by)).contract,
      read: (contract, target) => readTable(contract, path, { target }),
    };
  });
}

/**
 * The rows of a pipe, which is read here, once and to its end.
 *
 * @throws ChurnkitError INPUT_UNSUPPORTED for a content type that is not text.
 */
export async function rowsOfPipe(path: string, contentType = "text/csv"): Promise<RowFile> {
  const form = jsonLines.test(contentType) ? "jsonLines" : delimited.test(contentType) ? "delimited" : undefined;
  if (form === undefined)
    throw new ChurnkitError(
      "INPUT_UNSUPPORTED",
      `${path} has the content type ${contentType}. Pipe mode takes text/csv and application/jsonlines; use File mode for others.`,
      { where: { file: path } },
    );
  const bytes = await bytesOfPipe(path);
  const rows = form === "delimited" ? withoutRepeatedHeader(bytes) : bytes;
  return rowsOf(path, () => rows, form);
}

/**
 * Reads files of rows into one table, in their order. Without a contract the first file decides: a table brings its own, others are
 * inferred.
 */
export async function tableOf(
  files: readonly RowFile[],
  { contract, by = {}, labels }: { contract: Contract | undefined; by?: Inference; labels: Labels },
): Promise<Table> {
  const known = contract ?? (await files[0]?.infer(by));
  const tables: Table[] = [];
  for (const file of known === undefined ? [] : files) tables.push(await file.read(known as Contract, labels));
  return tables.length === 1 ? (tables[0] as Table) : concatTables(tables);
}

function rowsOf(source: string, open: () => ByteSource, form: "delimited" | "jsonLines"): RowFile {
  const [infer, read] = form === "delimited" ? [inferDelimited, readDelimited] : [inferJsonLines, readJsonLines];
  return {
    hasContract: false,
    infer: async (by) => (await infer(open(), { ...by, source })).contract,
    read: (contract, target) => read(contract, open(), { source, target }),
  };
}

function storedTable(path: string): RowFile {
  const read = async (): Promise<Table> => tableFromBytes(await bytesOf(path));
  return { hasContract: true, infer: async () => (await read()).contract, read };
}
