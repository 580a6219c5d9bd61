export { flatParameters, trackedMetrics } from "./flat-parameters.js";
export { trainingLog } from "./training-log.js";
