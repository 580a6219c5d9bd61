import { kFold, type Fold } from "../data/split-folds.js";
import { fitLogistic } from "./linear/fit-logistic.js";
import type { LinearModel } from "./artefact.js";
import type { HeldOut, LabelledMatrix, Learner } from "./learner.js";
import { linearScorer } from "./scorer-linear.js";

/** Parameters of {@link logistic}. */
export interface LogisticOptions {
  /** Penalty on the weights, as `l2 / 2 * |w|^2` against the summed loss: 1 is scikit-learn's default (C = 1 / l2). */
  readonly l2?: number;
  /** Folds for the held-out probabilities. Default 5. */
  readonly folds?: number;
}

const logisticDefaults = { l2: 1, folds: 5 } as const;

/**
 * Logistic regression as a learner: the baseline beside every model, and often good enough.
 *
 * @example
 * ```ts
 * import { logistic } from "churnkit/model";
 *
 * console.log(logistic({ l2: 10 }).parameters);
 * ```
 */
export function logistic(options: LogisticOptions = {}): Learner {
  const parameters = { ...logisticDefaults, ...options };
  const fit = (data: LabelledMatrix): LinearModel =>
    fitLogistic(data.matrix, data.labels.length, data.width, data.labels, { l2: parameters.l2 });
  return {
    name: "logistic",
    parameters,
    folds: parameters.folds,
    fit(training, validation, { seed }) {
      const model = fit(training);
      const heldOut = validation
        ? scoreAll(model, validation)
        : outOfFold(fit, training, kFold(training.labels, parameters.folds, seed));
      return Promise.resolve({ model, heldOut, history: [] });
    },
  };
}

function scoreAll(model: LinearModel, { matrix, labels }: LabelledMatrix): HeldOut {
  return { rows: Uint32Array.from(labels.keys()), probabilities: probabilities(model, matrix, labels.length) };
}

function probabilities(model: LinearModel, matrix: Float32Array, rows: number): Float64Array {
  const out = new Float64Array(rows);
  linearScorer(model).score(matrix, rows, out);
  return out;
}

function outOfFold(fit: (data: LabelledMatrix) => LinearModel, data: LabelledMatrix, folds: readonly Fold[]): HeldOut {
  const all = new Float64Array(data.labels.length);
  for (const { train, test } of folds) {
    const scores = probabilities(fit(pick(data, train)), pick(data, test).matrix, test.length);
    for (let i = 0; i < test.length; i++) all[test[i] as number] = scores[i] as number;
  }
  return { rows: Uint32Array.from(data.labels.keys()), probabilities: all };
}

function pick({ matrix, width, labels }: LabelledMatrix, rows: Uint32Array): LabelledMatrix {
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => picked.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  return { matrix: picked, width, labels: Uint8Array.from(rows, (row) => labels[row] ?? 0) };
}
