import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { TrainingData } from "../engine.js";
import type { NetworkSpec } from "../spec.js";
import type { Tf } from "./module.js";

/** The features (rows x inputs), targets (rows x outputs) and weights of one batch. */
export interface Batch {
  readonly x: Tensor2D;
  readonly y: Tensor2D;
  readonly weights: Tensor1D | undefined;
}

/** Copies the named rows of the data into tensors. */
export function gatherBatch(tf: Tf, { inputs, outputs }: NetworkSpec, data: TrainingData, rows: Uint32Array): Batch {
  const pick = (from: Float32Array, width: number): Float32Array => {
    const values = new Float32Array(rows.length * width);
    rows.forEach((row, i) => values.set(from.subarray(row * width, (row + 1) * width), i * width));
    return values;
  };
  return {
    x: tf.tensor2d(pick(data.x, inputs), [rows.length, inputs]),
    y: tf.tensor2d(pick(data.y, outputs), [rows.length, outputs]),
    weights: data.sampleWeights === undefined ? undefined : tf.tensor1d(pick(data.sampleWeights, 1)),
  };
}
