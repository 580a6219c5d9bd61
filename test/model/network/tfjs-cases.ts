import { mix32, uniform } from "../../../src/base/random.js";
import type { SessionOptions, TrainingData } from "../../../src/model/kinds/network/engine.js";
import type { NetworkSpec } from "../../../src/model/kinds/network/spec.js";

export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
export const batchNorm = { momentum: 0.99, epsilon: 0.001 };

/** The churn network's shape, small enough for the pure JavaScript backend. */
export const churnShape: NetworkSpec = {
  inputs: 13,
  hidden: [
    { units: 24, l2: 0.001, batchNorm: true, dropout: 0.3 },
    { units: 12, l2: 0.001, batchNorm: true, dropout: 0.3 },
    { units: 7, l2: 0, batchNorm: false, dropout: 0.2 },
  ],
  outputs: 1,
  batchNorm,
};

export const options = (seed: number): SessionOptions => ({ seed, adam, maxBatch: 64 });

/** Learnable rows: features around 0, the target drawn from a logistic model of them. */
export function rowsFor(inputs: number, rows: number, seed: number, weighted = false): TrainingData {
  const random = uniform(mix32(seed));
  const x = Float32Array.from({ length: rows * inputs }, () => (random() + random() + random() - 1.5) * 2);
  const y = Float32Array.from({ length: rows }, (_, row) => {
    const score = 2 * (x[row * inputs] ?? 0) - (x[row * inputs + 1] ?? 0);
    return random() < 1 / (1 + Math.exp(-score)) ? 1 : 0;
  });
  return weighted ? { x, y, sampleWeights: Float32Array.from({ length: rows }, () => 0.5 + 2 * random()) } : { x, y };
}

export const firstRows = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, row) => row);

/** Norm of the difference over the norm of the second. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  b.forEach((value, i) => {
    difference += ((a[i] ?? Number.NaN) - value) ** 2;
    norm += value ** 2;
  });
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}
