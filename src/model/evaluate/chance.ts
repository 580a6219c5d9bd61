import { counted } from "../../base/counted.js";
import type { MetricSummary } from "./metrics.js";

/**
 * Describes a model that ranks no better than chance: the 95 % interval of its AUC reaches down to 0.5.
 *
 * @returns a sentence without its full stop; undefined if the model is better, or no interval is known.
 */
export function chanceNote({ values: { auc } }: Pick<MetricSummary, "values">): string | undefined {
  const { low, high } = auc;
  if (low === undefined || high === undefined || low > 0.5) return undefined;
  return `no better than chance: the 95 % interval of the AUC, ${low.toFixed(4)} to ${high.toFixed(4)}, ${high < 0.5 ? "is below" : "includes"} 0.5`;
}

/**
 * Says why some metrics have no value.
 *
 * @returns a sentence without its full stop; undefined if both classes have rows.
 */
export function oneClassNote({ rows, positives }: Pick<MetricSummary, "rows" | "positives">): string | undefined {
  if (positives === 0)
    return `none of ${counted(rows, "row")} is positive, so there is no AUC, average precision, recall or F1`;
  return positives === rows
    ? `each of ${counted(rows, "row")} is positive, so there is no AUC or average precision`
    : undefined;
}
