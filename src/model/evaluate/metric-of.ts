import { ChurnkitError } from "../../base/errors.js";
import { measurable, measure } from "./measure.js";
import { metrics, type MetricName } from "./metrics.js";
import { checkThreshold } from "./options.js";
import { sortScores } from "./sorted-scores.js";

/**
 * Computes one metric of labeled rows, without interval; for all of them at once see {@link evaluateScores}.
 *
 * @param metric a name of {@link metrics}.
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of the positive class, in [0, 1], one for each label.
 * @param options `threshold`: positive from this probability on, 0.5 by default; only some metrics need it.
 * @throws ChurnkitError METRIC_UNDEFINED if it has no value (AUC and average precision over one class), and the
 * errors of {@link evaluateScores} for bad input.
 */
export function metricOf(
  metric: MetricName,
  labels: Uint8Array,
  probabilities: Float64Array,
  { threshold = 0.5 }: { readonly threshold?: number | undefined } = {},
): number {
  checkThreshold(threshold);
  const value = measure(measurable(sortScores(labels, probabilities), threshold))[metric];
  if (value === null)
    throw new ChurnkitError(
      "METRIC_UNDEFINED",
      `The ${metrics[metric].label} has no value for ${labels.length} rows of one class. Give rows of both classes.`,
    );
  return value;
}
