import { mix32, permutation, uniform } from "../../base/random.js";
import type { AttributionTask, Attributor } from "../kinds/attributor.js";
import { combine } from "./control-variates.js";
import { batchRows, type Differentiable } from "../kinds/differentiable.js";
import { rowHash } from "../kinds/row-hash.js";

/**
 * Expected gradients (Erion et al. 2021, equation 5): the mean over background rows b and places alpha in [0, 1) of
 * (x_j - b_j) * dF/dx_j at b + alpha (x - b), which is integrated gradients (Sundararajan et al. 2017) averaged over
 * the background. Each sample takes the next background row and a place in its own stratum. The sample of a row
 * depends only on its features and the seed, so neighbors don't matter.
 */
export function expectedGradients(model: Differentiable, task: AttributionTask): Attributor {
  const { background, backgroundRows, inputs, groupOf, groups, samples, seed } = task;
  const { width } = model;
  const order = permutation(backgroundRows, seed);
  const backgroundH = new Float64Array(backgroundRows * width);
  for (let b = 0; b < backgroundRows; b++) model.project(background, b * inputs, backgroundH, b * width);
  const backgroundOutputs = new Float64Array(backgroundRows);
  for (let first = 0; first < backgroundRows; first += batchRows) {
    const count = Math.min(batchRows, backgroundRows - first);
    model.forward(backgroundH, first * width, width, count, backgroundOutputs.subarray(first, first + count));
  }
  const base = backgroundOutputs.reduce((sum, output) => sum + output / backgroundRows, 0);

  const rowH = new Float64Array(width);
  const rowOutput = new Float64Array(1);
  const h = new Float64Array(batchRows * width);
  const outputs = new Float64Array(batchRows);
  const ones = new Float64Array(batchRows).fill(1);
  const gradient = new Float64Array(batchRows * inputs);
  const drawn = new Int32Array(samples);
  const contributions = new Float64Array(samples * groups);
  const expected = new Float64Array(samples);

  /** Writes the point at a share `alpha` of the way from a background row. */
  function place(b: number, alpha: number, to: number): void {
    for (let u = 0, from = b * width, at = to * width; u < width; u++) {
      const low = backgroundH[from++] as number;
      h[at++] = low + alpha * ((rowH[u] as number) - low);
    }
  }

  return {
    method: "expectedGradients",
    base,
    samples,
    attribute(x, at, values, errors) {
      model.project(x, at, rowH, 0);
      model.forward(rowH, 0, width, 1, rowOutput);
      const output = rowOutput[0] as number;
      const rowSeed = rowHash(x, at, inputs, seed);
      const random = uniform(rowSeed);
      const strata = permutation(samples, mix32(rowSeed + 1));
      const start = Math.floor(random() * backgroundRows);
      contributions.fill(0);
      for (let first = 0; first < samples; first += batchRows) {
        const count = Math.min(batchRows, samples - first);
        for (let i = 0, s = first; i < count; i++, s++) {
          const b = order[(start + s) % backgroundRows] as number;
          drawn[s] = b;
          expected[s] = output - (backgroundOutputs[b] as number);
          place(b, ((strata[s] as number) + random()) / samples, i);
        }
        model.forward(h, 0, width, count, outputs);
        gradient.fill(0, 0, count * inputs);
        model.addGradient(ones, count, gradient);
        for (let i = 0, s = first, g = 0; i < count; i++, s++) {
          const from = (drawn[s] as number) * inputs;
          for (let j = 0; j < inputs; j++, g++) {
            const moved = (x[at + j] as number) - (background[from + j] as number);
            if (moved === 0) continue;
            const cell = s * groups + (groupOf[j] as number);
            contributions[cell] = (contributions[cell] as number) + (gradient[g] as number) * moved;
          }
        }
      }
      combine({ samples, groups, contributions, expected }, output - base, values, errors);
      return output;
    },
  };
}
