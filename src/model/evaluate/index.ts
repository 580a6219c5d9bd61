export type { BootstrapOptions } from "./bootstrap.js";
export { chanceNote, oneClassNote } from "./chance.js";
export { anyMetrics, type AnyMetricName, usualMetric } from "./class-metrics.js";
export { compareScores } from "./compare-scores.js";
export type { Confusion } from "./confusion.js";
export { type Curve, profitOf, thin } from "./curves.js";
export {
  allClassMetric,
  type AllClassMetric,
  allClassMetricNames,
  classEvaluation,
  type ClassEvaluation,
  classMetricNames,
  type ClassMetrics,
  evaluateClasses,
} from "./evaluate-classes.js";
export { evaluateScores, type Evaluation, summarize } from "./evaluate-scores.js";
export { evaluate } from "./evaluate.js";
export { flatMetrics, trackedLabels } from "./flat-metrics.js";
export type { LiftBin } from "./lift.js";
export { type MetricName, metricNames, metrics, type MetricSummary, type MetricValue } from "./metrics.js";
export { checkCosts, checkThreshold } from "./options.js";
export type { ReliabilityBin } from "./reliability.js";
export { checkProbabilities, checkScores } from "./sorted-scores.js";
