import type { LinearModel } from "../artefact.js";

/**
 * Logits of a linear model, bias + weights . features, in float64.
 *
 * @param matrix rows x width, row-major, where width is the number of weights.
 * @param out Takes one logit for each row where given.
 * @returns `out`, or a new array of `rows` logits.
 */
export function linearLogits(
  model: LinearModel,
  matrix: Float32Array,
  rows: number,
  out: Float64Array = new Float64Array(rows),
): Float64Array {
  const weights = Float64Array.from(model.weights);
  const width = weights.length;
  for (let row = 0; row < rows; row++) {
    const base = row * width;
    let sum = model.bias;
    for (let j = 0; j < width; j++) sum += (matrix[base + j] as number) * (weights[j] as number);
    out[row] = sum;
  }
  return out;
}
