import { sigmoid } from "../../../stats/logistic.js";
import type { ModelScorer } from "../model-kind.js";

/** A dense layer that has absorbed the batch normalization before it (`foldBatchNorm`). */
export interface FoldedLayer {
  /** [inputs, units] row-major. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Scores a network of one output without the kernel, to the kernel's bits: each product and each sum is rounded to
 * float32, in the order of gemv.ts and output.ts.
 *
 * @param layers the hidden layers, then the output.
 */
export function plainNetworkScorer(inputs: number, layers: readonly FoldedLayer[]): ModelScorer {
  const output = layers.at(-1) as FoldedLayer;
  const hidden = layers.slice(0, -1).map((layer) => ({
    layer,
    // A product with zero changes no sum, unless the weight is not finite.
    skipsZeros: layer.kernel.every(Number.isFinite),
    out: new Float32Array(layer.bias.length),
  }));
  return {
    inputs,
    score(x, rows, out) {
      for (let row = 0; row < rows; row++) {
        let values = x.subarray(row * inputs, (row + 1) * inputs);
        for (const { layer, skipsZeros, out: next } of hidden) {
          dense(values, layer, skipsZeros, next);
          values = next;
        }
        out[row] = sigmoid(logitOf(values, output));
      }
    },
  };
}

/** relu(values * kernel + bias). */
function dense(values: Float32Array, { kernel, bias }: FoldedLayer, skipsZeros: boolean, out: Float32Array): void {
  const units = bias.length;
  out.set(bias);
  for (let i = 0, at = 0; i < values.length; i++, at += units) {
    const value = values[i] as number;
    if (skipsZeros && value === 0) continue;
    for (let j = 0; j < units; j++) {
      out[j] = Math.fround((out[j] as number) + Math.fround(value * (kernel[at + j] as number)));
    }
  }
  for (let j = 0; j < units; j++) if ((out[j] as number) < 0) out[j] = 0;
}

/** A dot product in eight lanes, as SIMD sums it. */
function logitOf(values: Float32Array, { kernel, bias }: FoldedLayer): number {
  const lanes = new Float32Array(8);
  for (let i = 0; i < values.length; i++) {
    const product = Math.fround((values[i] as number) * (kernel[i] as number));
    lanes[i & 7] = Math.fround((lanes[i & 7] as number) + product);
  }
  const lane = (i: number): number => Math.fround((lanes[i] as number) + (lanes[i + 4] as number));
  const even = Math.fround(lane(0) + lane(2));
  const odd = Math.fround(lane(1) + lane(3));
  return Math.fround(Math.fround(even + odd) + (bias[0] as number));
}
