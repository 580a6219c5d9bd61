/**
 * Handlers of Lambda functions: a function's file imports one, gives it its settings and exports it.
 *
 * @module churnkit/deploy/functions
 */
export { evaluationFunction } from "./evaluation.js";
export { ingestionFunction } from "./ingestion.js";
export { monitorFunction } from "./monitor.js";
export { predictionLogFunction } from "./prediction-log.js";
export { releaseFunction } from "./release.js";
export { retrainingFunction } from "./retraining.js";
export { validationFunction } from "./validation.js";
