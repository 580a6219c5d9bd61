export { flatParameters, trackedMetrics } from "./flat-parameters.js";
export { logModel, trainingLog } from "./training-log.js";
