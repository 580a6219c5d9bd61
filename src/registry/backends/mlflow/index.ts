/**
 * The registry in an MLflow server.
 *
 * @module churnkit/registry/mlflow
 */
/** The registry in MLflow: `mlflowRegistry({ name, trackingUri })`. */
export type { MlflowConnection } from "./connection.js";
export { mlflowRegistry, type MlflowRegistryOptions } from "./registry.js";
