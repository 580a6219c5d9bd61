import { recordOf, type Table } from "../data/table/index.js";

/** Returns the id of each customer, its parts joined by commas, or the row number if the file has no id. */
export function customerNames(table: Table): readonly string[] {
  const ids = table.contract.columns
    .filter(({ role, name }) => role === "id" && table.columns.has(name))
    .map(({ name }) => name);
  if (ids.length === 0) return Array.from(table.rowNumbers, String);
  const idTable = {
    ...table,
    contract: { ...table.contract, columns: table.contract.columns.filter(({ name }) => ids.includes(name)) },
  };
  return Array.from({ length: table.rows }, (_, position) => Object.values(recordOf(idTable, position)).join(","));
}
