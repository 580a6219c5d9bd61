export { evaluationMetrics } from "./evaluation-metrics.js";
export { trainingLog } from "./training-log.js";
