import { ChurnkitError } from "../../base/errors.js";
import type { Costs } from "../artifact.js";
import { measurable, measure } from "./measure.js";
import { metrics, type MetricName } from "./metrics.js";
import { checkCosts, checkThreshold } from "./options.js";
import { sortScores } from "./sorted-scores.js";

/**
 * Computes one metric of labeled rows, without interval; for all of them at once see {@link evaluateScores}.
 *
 * @param metric a name of {@link metrics}.
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of the positive class, in [0, 1], one for each label.
 * @param options `threshold`: positive from this probability on, 0.5 by default; only some metrics need it. `costs`: the
 * profit needs them.
 * @throws ChurnkitError METRIC_UNDEFINED if it has no value (AUC and average precision over one class, the profit without
 * costs), and the errors of {@link evaluateScores} for bad input.
 */
export function metricOf(
  metric: MetricName,
  labels: Uint8Array,
  probabilities: Float64Array,
  { threshold = 0.5, costs }: { readonly threshold?: number | undefined; readonly costs?: Costs | undefined } = {},
): number {
  checkThreshold(threshold);
  if (costs !== undefined) checkCosts(costs);
  const value = measure(measurable(sortScores(labels, probabilities), threshold, costs))[metric];
  if (value !== null) return value;
  const { label, needs } = metrics[metric];
  throw new ChurnkitError(
    "METRIC_UNDEFINED",
    needs === "costs"
      ? `The ${label} has no value without the costs of mistakes. Give costs.`
      : `The ${label} has no value for ${labels.length} rows of one class. Give rows of both classes.`,
  );
}
