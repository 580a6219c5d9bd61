import { log } from "../../../../base/elementary.js";
import { permutation } from "../../../../base/random.js";
import { logOnePlusExp } from "../../../../stats/logistic.js";
import { fitSparse, marginOf, type SparseRows } from "./fit-sparse.js";

const folds = 5;
/** Each class needs this many rows. */
export const leastOfClass = 2 * folds;
/** Candidates for the cost of a wrong row against large weights. */
const costs = [1, 4, 16] as const;
/** Log loss within this of chance is rounding. */
const leastGain = 1e-9;
/** The cost is chosen on no more rows than this. */
const mostChoosing = 4_000;

/** Labeled rows, and where each is dealt to; each class evenly, so that a row's fold says nothing about its label. */
interface DealtRows {
  readonly matrix: SparseRows;
  readonly labels: Uint8Array;
  readonly foldOf: Uint8Array;
  readonly seed: number;
}

function dealtRows(matrix: SparseRows, labels: Uint8Array, strata: Uint8Array, seed: number): DealtRows {
  const foldOf = new Uint8Array(labels.length);
  const dealt: number[] = [];
  for (const row of permutation(labels.length, seed)) {
    const stratum = strata[row] as number;
    const turn = dealt[stratum] ?? 0;
    foldOf[row] = turn % folds;
    dealt[stratum] = turn + 1;
  }
  return { matrix, labels, foldOf, seed };
}

/** Returns the margin of each of `rows` by the weights that the other folds' rows give. */
function outOfFold({ matrix, labels, foldOf, seed }: DealtRows, rows: Uint32Array, cost: number): Float64Array {
  const margins = new Float64Array(rows.length);
  for (let fold = 0; fold < folds; fold++) {
    const others = rows.filter((row) => foldOf[row] !== fold);
    const weights = fitSparse(matrix, labels, others, cost, seed);
    rows.forEach((row, i) => {
      if (foldOf[row] === fold) margins[i] = marginOf(matrix, weights, row);
    });
  }
  return margins;
}

/** The mean log loss. */
function lossOf(margins: Float64Array, { labels }: DealtRows, rows: Uint32Array): number {
  let loss = 0;
  rows.forEach((row, i) => {
    const margin = margins[i] as number;
    loss += logOnePlusExp(margin) - (labels[row] as number) * margin;
  });
  return loss / rows.length;
}

/** The margins without what the words say: each fold's mean, which differs from the others' by its rows' labels alone. */
function meansOfFolds(margins: Float64Array, { foldOf }: DealtRows): Float64Array {
  const sums = new Float64Array(folds);
  const counts = new Float64Array(folds);
  margins.forEach((margin, row) => {
    const fold = foldOf[row] as number;
    sums[fold] = (sums[fold] as number) + margin;
    counts[fold] = (counts[fold] as number) + 1;
  });
  return margins.map((_, row) => (sums[foldOf[row] as number] as number) / (counts[foldOf[row] as number] as number));
}

/** The weights of all rows, and each row's margin by the weights of the other folds. */
export interface CrossFitted {
  readonly weights: Float64Array;
  readonly margins: Float64Array;
  /** Whether the margins say more about the labels than the share of positives alone. */
  readonly informative: boolean;
}

/**
 * Fits a penalized logistic regression; the penalty is the one with the least log loss out of fold.
 *
 * @param strata what folds have equal shares of: the labels, or the classes where one of several is told from the others.
 */
export function crossFit(matrix: SparseRows, labels: Uint8Array, strata: Uint8Array, seed: number): CrossFitted {
  const dealt = dealtRows(matrix, labels, strata, seed);
  const all = Uint32Array.from(labels.keys());
  const choosing = permutation(labels.length, seed).subarray(0, mostChoosing).sort();
  let best: { cost: number; loss: number } = { cost: costs[0], loss: Infinity };
  for (const cost of costs) {
    const loss = lossOf(outOfFold(dealt, choosing, cost), dealt, choosing);
    if (!(loss < best.loss)) break;
    best = { cost, loss };
  }
  const margins = outOfFold(dealt, all, best.cost);
  const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const entropy = -share * log(share) - (1 - share) * log(1 - share);
  const chance = Math.min(entropy, lossOf(meansOfFolds(margins, dealt), dealt, all));
  return {
    weights: fitSparse(matrix, labels, all, best.cost, seed),
    margins,
    informative: lossOf(margins, dealt, all) < chance - leastGain,
  };
}
