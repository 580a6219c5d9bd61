import { ChurnkitError } from "../../base/errors.js";
import type { Explanation } from "./explanation.js";

/** How much a column moves scores, over all explained rows. */
export interface ColumnImportance {
  readonly column: string;
  /** Mean |attribution|, in log odds. */
  readonly meanAbsolute: number;
  /** Standard error of that mean from the number of rows, sampling included. */
  readonly standardError: number;
  /** Share of the sum over all columns, in [0, 1]; 0 if no column moves a score. */
  readonly share: number;
}

/**
 * Global importance: mean |attribution| by column, largest first, ties in the columns' order.
 *
 * @throws ChurnkitError TOO_FEW_ROWS for an explanation without rows.
 */
export function importance(explanation: Explanation): ColumnImportance[] {
  const { columns, rows, values } = explanation;
  if (rows === 0)
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      "No row was explained, so there is no importance. Explain at least one row.",
    );
  const width = columns.length;
  const found = columns.map(({ name }, c) => {
    let sum = 0;
    for (let at = c; at < values.length; at += width) sum += Math.abs(values[at] as number);
    const mean = sum / rows;
    let squares = 0;
    for (let at = c; at < values.length; at += width) {
      const deviation = Math.abs(values[at] as number) - mean;
      squares += deviation * deviation;
    }
    return { column: name, meanAbsolute: mean, standardError: rows > 1 ? Math.sqrt(squares / (rows - 1) / rows) : 0 };
  });
  const total = found.reduce((sum, { meanAbsolute }) => sum + meanAbsolute, 0);
  return found
    .map((entry) => ({ ...entry, share: total > 0 ? entry.meanAbsolute / total : 0 }))
    .sort((a, b) => b.meanAbsolute - a.meanAbsolute);
}

/**
 * Mean |attribution| by column of the contract; that of each derived column is divided evenly among its sources. A
 * drift comparison ranks shifts by it, that is, by how much the model relies on the column.
 *
 * @throws ChurnkitError TOO_FEW_ROWS for an explanation without rows.
 */
export function importanceByColumn(explanation: Explanation): Map<string, number> {
  const madeOf = new Map(explanation.columns.map((column) => [column.name, column.madeOf]));
  const weights = new Map<string, number>();
  for (const { column, meanAbsolute } of importance(explanation)) {
    if (meanAbsolute === 0) continue;
    const sources = madeOf.get(column) ?? [column];
    for (const source of sources) weights.set(source, (weights.get(source) ?? 0) + meanAbsolute / sources.length);
  }
  return weights;
}
