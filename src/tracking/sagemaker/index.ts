/**
 * Tracked runs in SageMaker Experiments.
 *
 * @module churnkit/tracking/sagemaker
 */
/** The tracker in SageMaker Experiments: `await sagemakerTracker({ store })`. */
export { sagemakerTracker } from "./sagemaker-tracker.js";
