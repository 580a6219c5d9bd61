import { uniform } from "../../../src/base/random.js";
import type { NetworkModel, TreesModel } from "../../../src/model/artifact.js";
import type { AttributionTask, Attributor } from "../../../src/model/kinds/attributor.js";
import { type HiddenLayer, tensorLayout } from "../../../src/model/kinds/network/spec.js";

/** A function of one row of features. */
export type Output = (row: Float32Array) => number;

/** A task over random features, some columns sparse as one-hot ones are. */
export function randomTask(
  inputs: number,
  groups: number,
  options: Partial<AttributionTask> = {},
  seed = 1,
): AttributionTask {
  const backgroundRows = options.backgroundRows ?? 7;
  return {
    background: randomRows(backgroundRows, inputs, seed + 100),
    backgroundRows,
    inputs,
    groupOf: Int32Array.from({ length: inputs }, (_, j) => j % groups),
    groups,
    samples: 64,
    seed: 1,
    ...options,
  };
}

export function randomRows(rows: number, inputs: number, seed: number): Float32Array {
  const random = uniform(seed);
  return Float32Array.from({ length: rows * inputs }, (_, i) => {
    const share = random();
    return i % 3 === 0 ? Number(share < 0.4) : 4 * share - 2;
  });
}

/** A network with random weights and batch statistics. */
export function randomNetwork(inputs: number, units: readonly number[], seed: number, batchNorm = true): NetworkModel {
  const hidden: HiddenLayer[] = units.map((size, i) => ({
    units: size,
    l2: 0,
    batchNorm: batchNorm && i < units.length - 1,
    dropout: 0,
  }));
  const spec = { inputs, outputs: 1, hidden, batchNorm: { momentum: 0.99, epsilon: 0.001 } };
  const random = uniform(seed);
  const weights = tensorLayout(spec).map(({ name, shape }) => {
    const positive = name.endsWith("variance") || name.endsWith("gamma");
    const width = shape.length === 2 ? Math.sqrt(2 / (shape[0] ?? 1)) : 0.5;
    return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      positive ? 0.5 + random() : width * (4 * random() - 2),
    );
  });
  return { kind: "network", spec, weights };
}

/** Trees of random splits, in preorder. */
export function randomTrees(inputs: number, trees: number, depth: number, seed: number): TreesModel {
  const random = uniform(seed);
  const features: number[] = [];
  const values: number[] = [];
  const right: number[] = [];
  const roots: number[] = [];
  const grow = (left: number): void => {
    const node = features.length;
    const split = left > 0 && random() < 0.85;
    features.push(split ? Math.floor(random() * inputs) : -1);
    values.push(split ? 3 * random() - 1.5 : random() - 0.5);
    right.push(0);
    if (!split) return;
    grow(left - 1);
    right[node] = features.length;
    grow(left - 1);
  };
  for (let tree = 0; tree < trees; tree++) {
    roots.push(features.length);
    grow(depth);
  }
  return {
    kind: "trees",
    inputs,
    link: "logistic",
    bias: 0.3,
    roots: Uint32Array.from(roots),
    features: Int32Array.from(features),
    values: Float32Array.from(values),
    right: Uint32Array.from(right),
  };
}

/** The network's log odds layer by layer, batch normalization as it is defined: nothing of the code under test. */
export function networkOutput({ spec, weights }: NetworkModel): (row: ArrayLike<number>) => number {
  return (row) => {
    let a = Array.from(row);
    let next = 0;
    const take = (): Float32Array => weights[next++] ?? new Float32Array(0);
    const dense = (units: number): number[] => {
      const kernel = take();
      const bias = take();
      return Array.from({ length: units }, (_, u) =>
        a.reduce((sum, value, i) => sum + value * (kernel[i * units + u] ?? 0), bias[u] ?? 0),
      );
    };
    for (const { units, batchNorm } of spec.hidden) {
      a = dense(units).map((value) => Math.max(0, value));
      if (!batchNorm) continue;
      const [gamma, beta, mean, variance] = [take(), take(), take(), take()];
      a = a.map((value, u) => {
        const scale = (gamma[u] ?? 0) / Math.sqrt((variance[u] ?? 0) + spec.batchNorm.epsilon);
        return (value - (mean[u] ?? 0)) * scale + (beta[u] ?? 0);
      });
    }
    return dense(1)[0] ?? NaN;
  };
}

/**
 * Shapley values by their definition: over all 2^groups sets, with the mean over background rows of the output of the
 * row whose groups outside the set are the background's.
 */
export function shapleyByDefinition(output: Output, x: Float32Array, task: AttributionTask): number[] {
  const { groups, groupOf, inputs, background, backgroundRows } = task;
  const worth = Array.from({ length: 2 ** groups }, (_, set) => {
    let sum = 0;
    for (let b = 0; b < backgroundRows; b++) {
      sum += output(
        Float32Array.from({ length: inputs }, (_, j) =>
          ((set >> (groupOf[j] ?? 0)) & 1) === 1 ? (x[j] ?? 0) : (background[b * inputs + j] ?? 0),
        ),
      );
    }
    return sum / backgroundRows;
  });
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const sizeOf = (set: number): number => (set === 0 ? 0 : (set & 1) + sizeOf(set >> 1));
  return Array.from({ length: groups }, (_, g) => {
    let value = 0;
    worth.forEach((without, set) => {
      if (((set >> g) & 1) === 1) return;
      const size = sizeOf(set);
      value +=
        ((factorial(size) * factorial(groups - size - 1)) / factorial(groups)) *
        ((worth[set | (1 << g)] ?? 0) - without);
    });
    return value;
  });
}

/**
 * Integrated gradients averaged over the whole background, by the midpoint rule and central differences: the change of
 * the output as one group alone takes a small step along the path.
 */
export function integratedByDefinition(
  output: (row: ArrayLike<number>) => number,
  x: Float32Array,
  task: AttributionTask,
  steps: number,
): number[] {
  const { groups, groupOf, inputs, background, backgroundRows } = task;
  const values = new Array<number>(groups).fill(0);
  const h = 1e-6;
  for (let b = 0; b < backgroundRows; b++) {
    for (let step = 0; step < steps; step++) {
      const alpha = (step + 0.5) / steps;
      const at = (g: number, more: number): number => {
        return output(
          Array.from({ length: inputs }, (_, j) => {
            const low = background[b * inputs + j] ?? 0;
            return low + (alpha + (groupOf[j] === g ? more : 0)) * ((x[j] ?? 0) - low);
          }),
        );
      };
      for (let g = 0; g < groups; g++)
        values[g] = (values[g] ?? 0) + (at(g, h) - at(g, -h)) / (2 * h) / steps / backgroundRows;
    }
  }
  return values;
}

/** Runs an attributor on one row. */
export function attribute(
  attributor: Attributor,
  x: Float32Array,
  groups: number,
): { output: number; values: Float64Array; errors: Float64Array } {
  const values = new Float64Array(groups);
  const errors = new Float64Array(groups);
  return { output: attributor.attribute(x, 0, values, errors), values, errors };
}

export const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
