/**
 * Typed steps, and the main job made of them.
 *
 * @module churnkit/pipeline
 */
export { pipeline, type Pipeline, type Step } from "./pipeline.js";
