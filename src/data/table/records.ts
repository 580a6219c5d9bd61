import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import { rowBuffer } from "./row-buffer.js";
import type { RowOptions } from "./row-options.js";
import type { Table } from "./table.js";

/** Most names of unknown keys that are reported. */
const mostExtras = 1000;

/** Adds the keys of a record that the contract does not know to `extra`. */
export function noteExtraKeys(record: unknown, known: ReadonlySet<string>, extra: Set<string>): void {
  if (typeof record !== "object" || record === null || Array.isArray(record) || extra.size >= mostExtras) return;
  for (const key of Object.keys(record)) if (!known.has(key)) extra.add(key);
}

/**
 * Makes a table of plain records: parsed JSON, rows of a database. Values are checked by the contract as in a file, so
 * the text "12" is a number in a number column. Records that break the contract are in `table.rejected`.
 *
 * @throws ChurnkitError INPUT_EMPTY where there is no record.
 * @example
 * ```ts
 * import { inferDelimited, tableFromRecords } from "churnkit/data";
 *
 * const { contract } = await inferDelimited(new TextEncoder().encode("plan,tenure\nA,3\nB,12\n"));
 * const table = tableFromRecords(contract, [{ plan: "A", tenure: 7 }, { plan: "B", tenure: "many" }]);
 * console.assert(table.rows === 1 && table.rejected[0]?.row === 1);
 * ```
 */
export function tableFromRecords(contract: Contract, records: readonly unknown[], options: RowOptions = {}): Table {
  const source = options.source ?? "records";
  if (records.length === 0) {
    throw new ChurnkitError("INPUT_EMPTY", `${source}: there is no record; give at least one.`, { where: { file: source } });
  }
  const buffer = rowBuffer(contract, {
    source,
    target: options.target ?? "required",
    capacity: records.length,
  });
  const known = new Set(contract.columns.map((column) => column.name));
  const extra = new Set<string>();
  for (const record of records) noteExtraKeys(record, known, extra);
  // The buffer is filled this once, so its arrays are the table's own.
  return { ...buffer.fill(records), extraColumns: [...extra] };
}
