import { mix32 } from "../../base/random.js";
import { rankAuc } from "../../stats/ranks/index.js";
import { knownLabels } from "../table/labels.js";
import type { CodedData, ColumnData, NumericData, Table } from "../table/table.js";
import { columnFinding } from "../contract/finding.js";
import type { Finding } from "../contract/rules.js";

/** Options of {@link findLeaks}. */
export interface LeakOptions {
  /** A feature with an AUC above this is reported; in (0.5, 1), default 0.99. */
  readonly threshold?: number;
  /** Limit on the rows examined, chosen by a hash of their position; default 20,000. */
  readonly maxRows?: number;
}

/** Fewer rows of either class can't show a leak. */
const minPerClass = 10;

/** Positions of at most `limit` rows that have a label, chosen by hash so that no order in the file matters. */
function sampleRows(classes: Int8Array, limit: number): Uint32Array {
  const labeled: number[] = [];
  classes.forEach((known, row) => {
    if (known >= 0) labeled.push(row);
  });
  const share = limit / labeled.length;
  return Uint32Array.from(share >= 1 ? labeled : labeled.filter((row) => mix32(row + 1) < share * 2 ** 32));
}

/** The better AUC of a number in either direction, with the missing values below or above all others. */
function numericAuc(data: NumericData, rows: Uint32Array, labels: Uint8Array): number | null {
  let best: number | null = null;
  const values = new Float64Array(rows.length);
  for (let i = 0; i < values.length; i++) values[i] = data.values[rows[i] as number] as number;
  const missing = values.some((value) => Number.isNaN(value));
  for (const filler of missing ? [-Infinity, Infinity] : [0]) {
    const auc = rankAuc(
      labels,
      values.map((value) => (Number.isNaN(value) ? filler : value)),
    );
    if (auc !== null) best = Math.max(best ?? 0, auc, 1 - auc);
  }
  return best;
}

/**
 * AUC of a label's rate of positives. The rates of each half of the rows come from the other half; otherwise a column
 * with a different label in every row would seem to predict everything.
 */
function codedAuc(data: CodedData, rows: Uint32Array, labels: Uint8Array): number | null {
  const { length } = data.levels;
  const positives = [new Float64Array(length + 1), new Float64Array(length + 1)];
  const totals = [new Float64Array(length + 1), new Float64Array(length + 1)];
  const halfOf = (row: number): 0 | 1 => (mix32(row ^ 0x5bd1e995) & 1 ? 1 : 0);
  let sum = 0;
  rows.forEach((row, i) => {
    const half = halfOf(row);
    const slot = (data.codes[row] as number) + 1;
    const label = labels[i] as number;
    sum += label;
    (positives[half] as Float64Array)[slot] = ((positives[half] as Float64Array)[slot] as number) + label;
    (totals[half] as Float64Array)[slot] = ((totals[half] as Float64Array)[slot] as number) + 1;
  });
  const prior = sum / rows.length;
  const rates = Float64Array.from(rows, (row) => {
    const other = 1 - halfOf(row);
    const slot = (data.codes[row] as number) + 1;
    return (
      (((positives[other] as Float64Array)[slot] as number) + prior) /
      (((totals[other] as Float64Array)[slot] as number) + 1)
    );
  });
  return rankAuc(labels, rates);
}

const featureAuc = (data: ColumnData, rows: Uint32Array, labels: Uint8Array): number | null =>
  data.storage === "numeric" ? numericAuc(data, rows, labels) : codedAuc(data, rows, labels);

/**
 * Finds features that nearly predict the target alone: the target under another name, or a fact known only after the
 * customer left. Numbers and dates by the AUC of their value, categories by the AUC of each label's cross-fitted rate
 * of positives, a value's absence included.
 *
 * @returns findings of the rule `leak`; `count` is the number of rows examined. None if the table has no target, or
 * fewer than 10 rows of either class.
 * @example
 * ```ts
 * import { defineDataset, findLeaks, tableFromRecords } from "churnkit/data";
 * import { z } from "zod";
 *
 * const data = defineDataset({
 *   name: "leaky",
 *   schema: z.object({ refund: z.number(), left: z.enum(["No", "Yes"]) }),
 *   target: "left",
 *   positive: "Yes",
 * });
 * const rows = Array.from({ length: 100 }, (_, i) => ({ refund: i, left: i < 50 ? "No" : "Yes" }));
 * console.log(findLeaks(tableFromRecords(data.contract, rows))[0]?.message);
 * ```
 */
export function findLeaks(table: Table, options: LeakOptions = {}): Finding[] {
  const { threshold = 0.99, maxRows = 20_000 } = options;
  const { target, columns } = table.contract;
  const classes = knownLabels(table, target);
  if (target === undefined || classes === undefined) return [];
  const rows = sampleRows(classes, maxRows);
  const labels = Uint8Array.from(rows, (row) => classes[row] as number);
  const positives = labels.reduce((a, b) => a + b, 0);
  if (positives < minPerClass || labels.length - positives < minPerClass) return [];
  const findings: Finding[] = [];
  for (const { name, role, kind } of columns) {
    const data = table.columns.get(name);
    if (role !== "feature" || kind === "text" || data === undefined) continue;
    const auc = featureAuc(data, rows, labels);
    if (auc === null || auc <= threshold) continue;
    const message = `it alone nearly predicts "${target.column}" (AUC ${auc.toFixed(4)}); ignore it unless it is known before the customer leaves`;
    findings.push(columnFinding("leak", name, rows.length, message));
  }
  return findings;
}
