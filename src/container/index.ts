/**
 * The entry of a container image for SageMaker: training, processing and serving by its folders and files.
 *
 * @module churnkit/container
 */
export { runContainer, type ContainerOptions } from "./run-container.js";
