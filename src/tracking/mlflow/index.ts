/**
 * Tracked runs in an MLflow server.
 *
 * @module churnkit/tracking/mlflow
 */
/** The tracker in MLflow: `mlflowTracker({ trackingUri })`. */
export { mlflowTracker } from "./mlflow-tracker.js";
