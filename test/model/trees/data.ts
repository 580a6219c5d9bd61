import { uniform } from "../../../src/base/random.js";
import type { TreesModel } from "../../../src/model/artifact.js";
import type { LabeledMatrix, Learned, Learner } from "../../../src/model/kinds/learner.js";

/** A matrix from rows of numbers. */
export function matrixOf(rows: readonly (readonly number[])[], labels: readonly number[]): LabeledMatrix {
  return { matrix: Float32Array.from(rows.flat()), width: rows[0]?.length ?? 0, labels: Uint8Array.from(labels) };
}

/** Seeded rows: two numbers, a small whole number and a flag; a bent signal with an interaction, and noise. */
export function bent(rows: number, seed = 1): LabeledMatrix {
  const random = uniform(seed);
  const all = Array.from({ length: rows }, () => {
    const [a, b, c, d] = [random(), random(), Math.floor(random() * 5), random() < 0.5 ? 1 : 0] as const;
    const often = (a > 0.3 && a < 0.7) === (d === 1) ? 0.85 : 0.1 + 0.05 * c;
    return { row: [a, b, c, d], label: random() < often ? 1 : 0 };
  });
  return matrixOf(
    all.map(({ row }) => row),
    all.map(({ label }) => label),
  );
}

/** Columns of a matrix changed, one function each. */
export function transformed(
  { matrix, width, labels }: LabeledMatrix,
  by: readonly ((x: number) => number)[],
): LabeledMatrix {
  return { matrix: matrix.map((x, i) => by[i % width]?.(x) ?? x), width, labels };
}

export const learn = (learner: Learner, data: LabeledMatrix, validation?: LabeledMatrix, seed = 0): Promise<Learned> =>
  learner.fit(data, validation, { seed });

export function treesOf({ model }: Learned): TreesModel {
  if (model.kind !== "trees") throw new Error(`a model of kind ${model.kind}`);
  return model;
}

/** The probability of a row, as the definition says it. */
export function walk(model: TreesModel, row: ArrayLike<number>): number {
  let sum = model.bias;
  for (const root of model.roots) {
    let node = root;
    for (;;) {
      const feature = model.features[node] ?? NaN;
      if (feature === -1) break;
      node = (row[feature] ?? NaN) <= (model.values[node] ?? NaN) ? node + 1 : (model.right[node] ?? NaN);
    }
    sum += model.values[node] ?? NaN;
  }
  return model.link === "logistic" ? 1 / (1 + Math.exp(-sum)) : Math.min(Math.max(sum, 0), 1);
}
