import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { ChurnkitError } from "../../base/errors.js";
import type { TrainingData } from "./engine.js";
import type { NetworkSpec } from "./spec.js";
import type { Tf } from "./tfjs-module.js";

/** The features, targets and weights of one batch. */
export interface Batch {
  readonly x: Tensor2D;
  readonly y: Tensor1D;
  readonly weights: Tensor1D | undefined;
}

/** Copies the named rows of the data into tensors. */
export function gatherBatch(tf: Tf, inputs: number, data: TrainingData, rows: Uint32Array): Batch {
  const x = new Float32Array(rows.length * inputs);
  rows.forEach((row, i) => x.set(data.x.subarray(row * inputs, (row + 1) * inputs), i * inputs));
  const pick = (values: Float32Array): Tensor1D => tf.tensor1d(Float32Array.from(rows, (row) => values[row] ?? Number.NaN));
  return {
    x: tf.tensor2d(x, [rows.length, inputs]),
    y: pick(data.y),
    weights: data.sampleWeights === undefined ? undefined : pick(data.sampleWeights),
  };
}

/**
 * Refuses data whose arrays disagree and rows that are not there, which would train on NaN without a word.
 *
 * @throws ChurnkitError OPTION_INVALID
 */
export function checkTrainingData(spec: NetworkSpec, data: TrainingData, rows: Uint32Array): void {
  const { length } = data.y;
  const fail = (message: string): never => {
    throw new ChurnkitError("OPTION_INVALID", message);
  };
  if (spec.outputs !== 1) fail(`A network of ${spec.outputs} outputs cannot be trained yet, only one of 1 output.`);
  if (data.x.length !== length * spec.inputs) {
    fail(`The features hold ${data.x.length} numbers; ${length} rows of ${spec.inputs} inputs need ${length * spec.inputs}.`);
  }
  if (data.sampleWeights !== undefined && data.sampleWeights.length !== length) {
    fail(`There are ${data.sampleWeights.length} sample weights for ${length} rows.`);
  }
  if (rows.length === 0) fail("There are no rows to train on.");
  const beyond = rows.find((row) => row >= length);
  if (beyond !== undefined) fail(`The order of training names row ${beyond}; the data has ${length} rows.`);
}
