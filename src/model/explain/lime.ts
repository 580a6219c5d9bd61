import { exp } from "../../base/elementary.js";
import { permutation, uniform } from "../../base/random.js";
import { logit } from "../../stats/logistic.js";
import type { AttributionTask, Attributor } from "../kinds/attributor.js";
import { factorise, solve } from "../kinds/linear/cholesky.js";
import type { ModelScorer } from "../kinds/model-kind.js";
import { rowHash } from "../kinds/row-hash.js";

/** Of the ridge regression, as in the authors' package. */
const penalty = 1;
/** Of the kernel, in units of the root of the number of columns, as in the authors' package. */
const kernelWidth = 0.75;
/** Rows scored at a time. */
const chunk = 256;

/**
 * LIME for tables (Ribeiro et al. 2016), for comparison: the row is mixed with background rows, each group of columns from
 * either with the same chance, and a ridge regression of the log odds on which groups are the row's, in which mixtures near
 * the row weigh more. Its coefficients are the attributions. They don't sum to the output minus the base.
 */
export function lime(scorer: ModelScorer, task: AttributionTask): Attributor {
  const { background, backgroundRows, inputs, groupOf, groups, samples, seed } = task;
  const backgroundOutputs = new Float64Array(backgroundRows);
  scorer.score(background, backgroundRows, backgroundOutputs);
  const base = backgroundOutputs.reduce((sum, p) => sum + logit(p) / backgroundRows, 0);
  const used = [...new Set(groupOf)].sort((a, b) => a - b);
  const place = Int32Array.from({ length: groups }, (_, group) => used.indexOf(group));
  const order = permutation(backgroundRows, seed);
  const width = used.length + 1;
  const mixtures = new Float32Array(chunk * inputs);
  const probabilities = new Float64Array(chunk);
  /** Which groups are the row's, with an intercept in front. */
  const design = new Float64Array(samples * width);
  const outputs = new Float64Array(samples);
  const weights = new Float64Array(samples);

  function draw(x: Float32Array, at: number): void {
    const random = uniform(rowHash(x, at, inputs, seed));
    const start = Math.floor(random() * backgroundRows);
    for (let s = 0; s < samples; s++) {
      let away = 0;
      design[s * width] = 1;
      for (let i = 1; i < width; i++) {
        // The first sample is the row itself, as in the authors' package.
        const own = Number(s === 0 || random() < 0.5);
        design[s * width + i] = own;
        away += 1 - own;
      }
      // The root of the kernel, as the authors' package has it: hence the 2.
      weights[s] = exp(-away / (2 * kernelWidth * kernelWidth * Math.max(1, used.length)));
    }
    for (let first = 0; first < samples; first += chunk) {
      const rows = Math.min(chunk, samples - first);
      for (let row = 0; row < rows; row++) {
        const s = first + row;
        const from = (order[(start + s) % backgroundRows] as number) * inputs;
        for (let j = 0; j < inputs; j++) {
          const own = design[s * width + 1 + (place[groupOf[j] as number] as number)] === 1;
          mixtures[row * inputs + j] = (own ? x[at + j] : background[from + j]) as number;
        }
      }
      scorer.score(mixtures, rows, probabilities);
      for (let row = 0; row < rows; row++) outputs[first + row] = logit(probabilities[row] as number);
    }
  }

  return {
    method: "lime",
    base,
    samples,
    attribute(x, at, values, errors) {
      draw(x, at);
      const { coefficients, variances } = weightedRidge(design, width, outputs, weights);
      values.fill(0);
      errors.fill(0);
      used.forEach((group, i) => {
        values[group] = coefficients[i + 1] as number;
        errors[group] = Math.sqrt(variances[i + 1] as number);
      });
      return outputs[0] as number;
    },
  };
}

/** Weighted ridge regression, without a penalty on the first coefficient; the variances are those of the noise. */
function weightedRidge(design: Float64Array, width: number, outputs: Float64Array, weights: Float64Array) {
  const samples = outputs.length;
  const gram = new Float64Array(width * width);
  const coefficients = new Float64Array(width);
  for (let s = 0; s < samples; s++) {
    const weight = weights[s] as number;
    for (let i = 0, at = s * width; i < width; i++) {
      const weighted = weight * (design[at + i] as number);
      if (weighted === 0) continue;
      coefficients[i] = (coefficients[i] as number) + weighted * (outputs[s] as number);
      for (let j = 0; j <= i; j++)
        gram[i * width + j] = (gram[i * width + j] as number) + weighted * (design[at + j] as number);
    }
  }
  for (let i = 1; i < width; i++) gram[i * width + i] = (gram[i * width + i] as number) + penalty;
  factorise(gram, width);
  solve(gram, width, coefficients);
  let squares = 0;
  let total = 0;
  for (let s = 0; s < samples; s++) {
    let residual = outputs[s] as number;
    for (let i = 0; i < width; i++) residual -= (design[s * width + i] as number) * (coefficients[i] as number);
    squares += (weights[s] as number) * residual * residual;
    total += weights[s] as number;
  }
  const noise = squares / Math.max(1, total - width);
  const variances = Float64Array.from({ length: width }, (_, i) => {
    const unit = new Float64Array(width);
    unit[i] = 1;
    solve(gram, width, unit);
    return noise * unit[i];
  });
  return { coefficients, variances };
}
