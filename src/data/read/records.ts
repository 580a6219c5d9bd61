import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import { contractIn, type Dataset } from "../dataset.js";
import { fillAbsent, matchHeader } from "./header.js";
import { resolveOptions, type ReadOptions } from "./options.js";
import { RecordKeys } from "../table/record-keys.js";
import { plainRejection, rowBuffer } from "../table/row-buffer.js";
import { columnsToRead } from "../table/row-options.js";
import type { RejectedRow, Table } from "../table/table.js";

/**
 * Makes a table of plain records: parsed JSON, rows of a database. The contract checks values as in a file, so the
 * text "12" is a number in a number column. Records that break the contract are in `table.rejected`.
 *
 * @param given a dataset, which sets the table's row type, or a contract.
 * @param options as for `readCsv`, with two other defaults: `ragged` is `reject-row`, and `absent` is `missing`,
 * since records made in memory tend to leave out keys without a value. Options about text (`delimiter`, `quote`,
 * `limits`) have no effect.
 * @throws ChurnkitError INPUT_EMPTY without records; INPUT_COLUMNS, with `absent: "error"`, for a column that no
 * record has; INPUT_MALFORMED, with `ragged: "error"`, for a value that is not a record; OPTION_INVALID.
 * @example
 * ```ts
 * import { inferDelimited, tableFromRecords } from "churnkit/data";
 *
 * const { contract } = await inferDelimited(new TextEncoder().encode("plan,tenure\nA,3\nB,12\n"));
 * const table = tableFromRecords(contract, [{ plan: "A", tenure: 7 }, { plan: "B", tenure: "many" }]);
 * console.assert(table.rows === 1 && table.rejected[0]?.row === 1);
 * ```
 */
export function tableFromRecords<Row>(
  given: Dataset<Row>,
  records: readonly unknown[],
  options?: ReadOptions,
): Table<Row>;
export function tableFromRecords(given: Dataset | Contract, records: readonly unknown[], options?: ReadOptions): Table;
export function tableFromRecords(
  given: Dataset | Contract,
  records: readonly unknown[],
  options: ReadOptions = {},
): Table {
  const contract = contractIn(given);
  const resolved = resolveOptions({ source: "records", ragged: "reject-row", absent: "missing", ...options });
  const { source, target, absent } = resolved;
  if (records.length === 0) {
    throw new ChurnkitError("INPUT_EMPTY", `${source}: there is no record; give at least one.`, {
      where: { file: source },
    });
  }
  const keys = new RecordKeys(contract);
  for (const record of records) keys.note(record);
  const match = absent === "missing" ? undefined : matchHeader(keys.names(), contract, resolved, "the records have");
  const leftOut =
    match === undefined
      ? undefined
      : columnsToRead(contract, target).flatMap(({ name }) => (keys.has(name) ? [] : [name]));
  const buffer = rowBuffer(contract, { source, target, capacity: records.length });
  // The buffer is filled only once, so its arrays become the table's.
  const filled = buffer.fill(records, new Set(leftOut));
  if (resolved.ragged === "error") refuseRagged(filled.rejected, source);
  const table = match === undefined ? filled : fillAbsent(filled, match);
  return { ...table, rejected: filled.rejected.map(plainRejection), extraColumns: keys.extra() };
}

function refuseRagged(rejected: readonly RejectedRow[], source: string): void {
  const first = rejected.find(({ issues }) => issues[0]?.rule === "ragged");
  if (first === undefined) return;
  throw new ChurnkitError("INPUT_MALFORMED", `${source}: row ${first.row}: ${first.issues[0]?.message ?? ""}.`, {
    where: { file: source, row: first.row },
  });
}
