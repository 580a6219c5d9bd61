import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { readWhole, type ReadOptions } from "../../data/read/index.js";
import { recordOf, type Table } from "../../data/table/index.js";
import { type Validation, validateTable } from "../../data/quality/index.js";

/** A file's rows, sorted. */
export interface SortedRows {
  /** The rows that keep the contract, as JSON lines; undefined without any. */
  readonly accepted: Uint8Array | undefined;
  /** The others, with their texts and their reasons, as JSON lines; undefined without any. */
  readonly quarantined: Uint8Array | undefined;
  readonly validation: Validation;
}

export interface SortOptions {
  readonly contract: Contract;
  /** Whether rows without a label are quarantined. */
  readonly labeled: boolean;
  /** Most bytes of text, unpacked. */
  readonly maxBytes: number;
}

/** A file that cannot be used at all. */
export interface Unusable {
  readonly reason: string;
}

/** Sorts the rows of a file. The same bytes give the same result. */
export async function sortedRows(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  { contract, labeled, maxBytes }: SortOptions,
): Promise<SortedRows | Unusable> {
  const options: ReadOptions = { source: name, ragged: "reject-row", limits: { totalBytes: maxBytes } };
  try {
    const table = await readWhole(contract, name, bytes, { ...options, target: labeled ? "required" : "optional" });
    return {
      accepted: linesOf(table.rows, (row) => recordOf(table, row)),
      quarantined: await quarantinedRows(table, () => readWhole(textsOnly(contract), name, bytes, options)),
      validation: validateTable(table),
    };
  } catch (error) {
    // The file's own fault: to try again would not help.
    if (ChurnkitError.isInstance(error) && error.code.startsWith("INPUT_")) return { reason: error.message };
    throw error;
  }
}

async function quarantinedRows({ rejected }: Table, readTexts: () => Promise<Table>): Promise<Uint8Array | undefined> {
  if (rejected.length === 0) return undefined;
  const texts = await readTexts();
  const places = new Map(Array.from(texts.rowNumbers, (row, at) => [row, at]));
  return linesOf(rejected.length, (i) => {
    const { row, issues } = rejected[i] as Table["rejected"][number];
    const at = places.get(row);
    // A row that is no record, such as one with too many cells, has no values.
    return { row, record: at === undefined ? null : recordOf(texts, at), issues };
  });
}

/** A contract that refuses no value: it reads what a refused row holds. */
const textsOnly = ({ format, name: model, origin, columns }: Contract): Contract => ({
  format,
  name: model,
  origin,
  columns: columns.map(({ name }) => ({
    name,
    role: "id",
    nullable: true,
    optional: true,
    missing: [],
    kind: "text",
  })),
});

function linesOf(count: number, row: (i: number) => object): Uint8Array | undefined {
  if (count === 0) return undefined;
  return new TextEncoder().encode(Array.from({ length: count }, (_, i) => `${JSON.stringify(row(i))}\n`).join(""));
}
