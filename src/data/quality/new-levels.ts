import { columnFinding, shownRows } from "../contract/finding.js";
import type { Column } from "../contract/contract.js";
import type { Finding } from "../contract/rules.js";
import type { CodedData, Table } from "../table/table.js";

/** Limit on the different labels that are remembered of a column. */
const mostLabels = 10_000;

interface Met {
  rows: number;
  /** The first few, as numbered in the source. */
  readonly first: number[];
  readonly labels: Set<string>;
}

/** Collects labels of open categories that the contract does not know, table by table, in bounded memory. */
export class NewLevels {
  readonly #met = new Map<string, Met>();

  add(table: Table): void {
    for (const column of table.contract.columns) {
      const data = table.columns.get(column.name);
      if (column.role === "feature" && data?.storage === "coded") this.#addColumn(table, column, data);
    }
  }

  #addColumn(table: Table, column: Column, data: CodedData): void {
    if (column.kind !== "category" || column.levels.length === 0 || data.levels === column.levels) return;
    const known = new Set(column.levels);
    const isNew = data.levels.map((level) => !known.has(level));
    if (!isNew.includes(true)) return;
    const met = this.#met.get(column.name) ?? { rows: 0, first: [], labels: new Set<string>() };
    const used = new Uint8Array(data.levels.length);
    for (let row = 0; row < table.rows; row++) {
      const code = data.codes[row] as number;
      if (isNew[code] !== true) continue;
      used[code] = 1;
      if (met.rows++ < shownRows) met.first.push(table.rowNumbers[row] as number);
    }
    if (met.rows === 0) return;
    this.#met.set(column.name, met);
    data.levels.forEach((level, code) => {
      if (used[code] === 1 && met.labels.size < mostLabels) met.labels.add(level);
    });
  }

  /** One finding a column. */
  findings(columns: readonly Column[]): Finding[] {
    return columns.flatMap(({ name }) => {
      const met = this.#met.get(name);
      return met === undefined ? [] : [findingOf(name, met)];
    });
  }
}

function findingOf(name: string, { rows, first, labels }: Met): Finding {
  const names = [...labels]
    .slice(0, 5)
    .map((level) => JSON.stringify(level.slice(0, 40)))
    .join(", ");
  const those = rows === 1 ? "one value is a label" : `${rows} values are labels`;
  const others = labels.size - 5;
  const more = others > 0 ? ` and ${labels.size === mostLabels ? "at least " : ""}${others} more` : "";
  return columnFinding("newLevel", name, rows, `${those} not seen before: ${names}${more}`, { rows: first });
}

/** Labels of open categories that the contract does not know, one finding a column. */
export function newLevelFindings(table: Table): Finding[] {
  const levels = new NewLevels();
  levels.add(table);
  return levels.findings(table.contract.columns);
}
