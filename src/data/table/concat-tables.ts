import { ChurnkitError } from "../../base/errors.js";
import { canonicalJson } from "../../base/json/index.js";
import type { CodedData, ColumnData, Table } from "./table.js";

/** Returns codes of `data` in a shared list of levels, and adds new labels to it. */
function recode(data: CodedData, levels: string[], codeOf: Map<string, number>, into: Int32Array, at: number): void {
  const place = new Int32Array(data.levels.length);
  data.levels.forEach((level, i) => {
    let code = codeOf.get(level);
    if (code === undefined) {
      code = levels.push(level) - 1;
      codeOf.set(level, code);
    }
    place[i] = code;
  });
  data.codes.forEach((code, i) => (into[at + i] = code < 0 ? -1 : (place[code] as number)));
}

function joinColumn(parts: readonly ColumnData[], rows: number): ColumnData {
  let at = 0;
  if (parts[0]?.storage === "numeric") {
    const values = new Float64Array(rows);
    for (const part of parts) {
      if (part.storage !== "numeric") continue;
      values.set(part.values, at);
      at += part.values.length;
    }
    return { storage: "numeric", values };
  }
  const codes = new Int32Array(rows);
  const levels: string[] = [];
  const codeOf = new Map<string, number>();
  for (const part of parts) {
    if (part.storage !== "coded") continue;
    recode(part, levels, codeOf, codes, at);
    at += part.codes.length;
  }
  return { storage: "coded", codes, levels };
}

/**
 * Appends tables of one contract. Row numbers and rejected rows are unchanged, so they may repeat if the tables come
 * from several sources.
 *
 * @throws ChurnkitError INPUT_EMPTY for no tables; CONTRACT_MISMATCH for tables of other contracts or columns.
 */
export function concatTables<Row>(tables: readonly Table<Row>[]): Table<Row> {
  const [first] = tables;
  if (first === undefined) throw new ChurnkitError("INPUT_EMPTY", "There are no tables to concatenate.");
  const contract = canonicalJson(first.contract);
  for (const table of tables) {
    const same =
      (table.contract === first.contract || canonicalJson(table.contract) === contract) &&
      table.columns.size === first.columns.size &&
      [...first.columns.keys()].every((name) => table.columns.has(name));
    if (same) continue;
    const message = `${table.source} and ${first.source} have different columns. Concatenate only tables with the same contract.`;
    throw new ChurnkitError("CONTRACT_MISMATCH", message, { where: { file: table.source } });
  }
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const columns = new Map<string, ColumnData>();
  for (const name of first.columns.keys()) {
    columns.set(
      name,
      joinColumn(
        tables.flatMap((table) => table.columns.get(name) ?? []),
        rows,
      ),
    );
  }
  const rowNumbers = new Uint32Array(rows);
  let at = 0;
  for (const table of tables) {
    rowNumbers.set(table.rowNumbers, at);
    at += table.rows;
  }
  return {
    ...first,
    rows,
    columns,
    rowNumbers,
    rejected: tables.flatMap((table) => table.rejected),
    source: [...new Set(tables.map((table) => table.source))].join(" + "),
    extraColumns: [...new Set(tables.flatMap((table) => table.extraColumns ?? []))],
    form: [...new Set(tables.flatMap((table) => table.form ?? []))],
  };
}
