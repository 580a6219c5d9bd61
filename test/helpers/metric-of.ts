import { evaluateScores, type EvaluateScoresOptions } from "../../src/model/evaluate/evaluate-scores.js";
import type { MetricName } from "../../src/model/evaluate/metrics.js";

/** One metric of labeled rows at a threshold of 0.5; NaN if it has no value. */
export const metricOf = (
  metric: MetricName,
  labels: Uint8Array,
  probabilities: Float64Array,
  options: Partial<EvaluateScoresOptions> = {},
): number =>
  evaluateScores(labels, probabilities, { threshold: 0.5, bootstrap: false, ...options }).values[metric].value ?? NaN;
