/**
 * Typed steps, and the main job made of them.
 *
 * @module churnkit/pipeline
 */
export { pipeline } from "./pipeline.js";
