import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { readWhole } from "../../data/read/index.js";
import { concatTables, type Table } from "../../data/table/index.js";
import { homeOf, placeOfUri, type Surroundings } from "./surroundings.js";

const isRows = (key: string): boolean => /\.(?:csv|tsv|tab|jsonl|ndjson|json|parquet)(?:\.gz)?$/i.test(key);

/**
 * The bytes of one object, of any bucket.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND, STORE_FAILED.
 */
export async function bytesAt({ bucket }: Surroundings, uri: string): Promise<Uint8Array<ArrayBuffer>> {
  const place = placeOfUri(uri);
  const bytes = await (await bucket(place.bucket)).read(place.key);
  if (bytes === undefined) throw notFound(uri, "there is no such object");
  return bytes as Uint8Array<ArrayBuffer>;
}

/**
 * The rows of a file, or of all files below a folder of the target's, such as `s3://churn-data/churn-dev/ingested/rows/`.
 *
 * @throws ChurnkitError INPUT_* where they cannot be read, STORE_FAILED.
 */
export async function tableAt(
  around: Surroundings,
  uri: string,
  contract: Contract,
  target: "required" | "optional" = "required",
): Promise<Table> {
  const { bucket, key } = placeOfUri(uri);
  const read = (name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Table> =>
    readWhole(contract, name, bytes, { ragged: "reject-row", target });
  if (isRows(key)) return read(uri, await bytesAt(around, uri));
  const home = homeOf(around.target);
  if (bucket !== home.bucket || !key.startsWith(home.key))
    throw notFound(uri, `name one file, or a folder below s3://${home.bucket}/${home.key}`);
  const store = await around.store();
  const tables: Table[] = [];
  for (const each of await store.list(key.slice(home.key.length))) {
    const found = isRows(each.key) ? await store.get(each.key) : undefined;
    if (found !== undefined)
      tables.push(await read(`s3://${home.bucket}/${home.key}${each.key}`, found.bytes as Uint8Array<ArrayBuffer>));
  }
  if (tables.length === 0) throw notFound(uri, "there are no files of rows below it");
  return tables.length === 1 ? (tables[0] as Table) : concatTables(tables);
}

const notFound = (uri: string, what: string): ChurnkitError =>
  new ChurnkitError("INPUT_NOT_FOUND", `${uri}: ${what}.`, { where: { file: uri } });
