/**
 * The registry in an MLflow server.
 *
 * @module churnkit/registry/mlflow
 */
/** The registry in MLflow: `mlflowRegistry({ name, trackingUri })`. */
export { mlflowRegistry } from "./mlflow-registry.js";
