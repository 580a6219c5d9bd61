import { uniform } from "../../../src/base/random.js";
import type { TrainingData } from "../../../src/model/kinds/network/engine.js";
import type { NetworkSpec } from "../../../src/model/kinds/network/spec.js";

export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

const batchNorm = { momentum: 0.99, epsilon: 1e-3 };

/** A network from [units, l2, batchNorm, dropout] of each hidden layer. */
export function network(
  inputs: number,
  hidden: readonly (readonly [units: number, l2: number, batchNorm: boolean, dropout: number])[],
  outputs = 1,
): NetworkSpec {
  return {
    inputs,
    hidden: hidden.map(([units, l2, normalized, dropout]) => ({ units, l2, batchNorm: normalized, dropout })),
    outputs,
    batchNorm,
  };
}

/** Networks of awkward sizes, and one of each combination of parts. */
export const networks: Readonly<Record<string, NetworkSpec>> = {
  "no hidden layer": network(5, []),
  "no hidden layer, wide": network(19, [], 3),
  "one plain layer": network(5, [[7, 0, false, 0]]),
  "one layer, dropout alone": network(3, [[11, 0.01, false, 0.4]]),
  "one layer, batch norm alone": network(9, [[8, 0.02, true, 0]]),
  "5-7-3": network(5, [
    [7, 0.01, true, 0.3],
    [3, 0, true, 0.25],
  ]),
  "1-1-1": network(1, [
    [1, 0.1, true, 0.1],
    [1, 0, false, 0],
  ]),
  "13-17-9-4 to 2": network(
    13,
    [
      [17, 0.001, true, 0.3],
      [9, 0.001, false, 0.5],
      [4, 0, true, 0],
    ],
    2,
  ),
  "45-24-16-8": network(45, [
    [24, 0.001, true, 0.3],
    [16, 0.001, true, 0.3],
    [8, 0, false, 0.2],
  ]),
};

/** Normal features, targets that depend on them, weights around 1. */
export function rowsFor(spec: NetworkSpec, rows: number, seed: number): TrainingData {
  const random = uniform(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const x = Float32Array.from({ length: rows * spec.inputs }, normal);
  const y = Float32Array.from({ length: rows * spec.outputs }, (_, i) => {
    const first = x[Math.floor(i / spec.outputs) * spec.inputs] ?? 0;
    return first + 0.5 * normal() > 0 ? 1 : 0;
  });
  return { x, y, sampleWeights: Float32Array.from({ length: rows }, () => 0.5 + random()) };
}

/** Norm of the difference as a share of the norm. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] ?? NaN) - (expected[i] ?? NaN)) ** 2;
    norm += (expected[i] ?? NaN) ** 2;
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}
