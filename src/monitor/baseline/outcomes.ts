import type { Table } from "../../data/table/index.js";

/** Rows with a known outcome. */
export interface KnownOutcomes {
  /** 1 for the positive class, 0 for the other. */
  readonly labels: Uint8Array;
  readonly probabilities: Float64Array;
  /** Their places in the table. */
  readonly rows: Uint32Array;
}

/** Rows of a table whose target is one of the contract's two classes, with their probabilities. */
export function outcomesOf(table: Table, probabilities: Float64Array): KnownOutcomes {
  const { target } = table.contract;
  const data = target === undefined ? undefined : table.columns.get(target.column);
  if (target === undefined || data?.storage !== "coded")
    return { labels: new Uint8Array(), probabilities: new Float64Array(), rows: new Uint32Array() };
  const rows: number[] = [];
  const labels: number[] = [];
  data.codes.forEach((code, row) => {
    const label = data.levels[code];
    if (label === undefined || !target.classes.includes(label)) return;
    rows.push(row);
    labels.push(label === target.positive ? 1 : 0);
  });
  return {
    labels: Uint8Array.from(labels),
    probabilities: Float64Array.from(rows, (row) => probabilities[row] as number),
    rows: Uint32Array.from(rows),
  };
}
