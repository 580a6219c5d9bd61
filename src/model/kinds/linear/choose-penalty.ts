import { logOnePlusExp } from "../../../stats/logistic.js";
import { mix32, permutation } from "../../../base/random.js";
import { minimize, type StoppingRule } from "./minimize.js";
import { margins } from "./objective.js";
import { penalized, type Penalty } from "./penalty.js";
import { curvatureAt } from "./preconditioner.js";
import { startOf, type LogisticProblem } from "./problem.js";

/** Candidate strengths. */
const strengths = [0.01, 0.1, 1, 10, 100, 1000] as const;
/** Start of the search: scikit-learn's default, or with fewer rows than this for each column the strongest. */
const usual = 2;
const rowsPerColumn = 5;
const folds = 5;
/** A stronger or weaker penalty must lower the log loss by this share of it. */
const leastGain = 1e-4;
/**
 * Limit on the values that one walk over the matrix reads. If there are one and a half times as many or more, rows
 * are sampled.
 */
const mostValues = 2_000_000;
const rule: StoppingRule = { maxIterations: 100, tolerance: 1e-5 };

/** The chosen penalty, and its rows. */
export interface ChosenPenalty {
  readonly penalty: Penalty;
  /** Rows that it was chosen on. */
  readonly rows: number;
  /** Whether time ran out before the search ended. */
  readonly ended: boolean;
}

/** Indices in `strengths` of the penalty on numbers and on their details. */
type Place = readonly [l2: number, detailL2: number];

/**
 * Chooses the penalty with the smallest log loss over five stratified folds, by climbing from l2 = 1 to better
 * neighbors: a stronger penalty on details (never a weaker one than on numbers), another on numbers, both together.
 * Weights of a fold start where those of the previous step ended, so a step costs little. With many columns for the
 * rows, a weak penalty nearly separates the classes, which takes the most steps and loses, so the search begins at
 * the other end. As a prior of the weights the penalty hardly depends on the number of rows, so for large tables it
 * is chosen on a sample.
 *
 * @param budget when its time is spent, the best so far is used.
 * @throws ChurnkitError TARGET_INVALID if a fold leaves only one class.
 */
export function choosePenalty(
  full: LogisticProblem,
  details: Uint8Array | undefined,
  seed: number,
  budget?: StoppingRule["budget"],
): ChosenPenalty {
  const problem = someRows(full, seed);
  const parts = foldsOf(problem, seed);
  const known = new Map<string, number>();
  let ended = false;
  const lossAt = (place: Place): number => {
    const found = known.get(place.join());
    if (found !== undefined) return found;
    // There is no better neighbor.
    if (budget?.spent) {
      ended = true;
      return Infinity;
    }
    const loss = parts.reduce((sum, part) => sum + part.lossWith(penaltyAt(place), details, budget), 0);
    known.set(place.join(), loss);
    return loss;
  };
  const moves: readonly Place[] = details?.includes(1)
    ? [
        [0, 1],
        [1, 0],
        [1, 1],
      ]
    : [[1, 1]];
  const first = full.rows < rowsPerColumn * full.width ? strengths.length - 1 : usual;
  let best: Place = [first, first];
  for (let before = NaN; before !== lossAt(best);) {
    before = lossAt(best);
    for (const move of moves) best = climb(best, move, lossAt);
    if (moves.length === 1) break;
  }
  // Without time for a single try, use the common default.
  return { penalty: penaltyAt(known.size > 0 ? best : [usual, usual]), rows: problem.rows, ended };
}

const penaltyAt = ([l2, detailL2]: Place): Penalty => ({
  l2: strengths[l2] as number,
  detailL2: strengths[detailL2] as number,
});

/** Follows a move, or its opposite, as long as the loss falls. */
function climb(start: Place, [l2, detailL2]: Place, lossAt: (place: Place) => number): Place {
  let best = start;
  for (const sign of [1, -1]) {
    for (;;) {
      const next: Place = [best[0] + sign * l2, best[1] + sign * detailL2];
      if (
        next.some((place) => !(place in strengths)) ||
        next[0] > next[1] ||
        !(lossAt(next) < (1 - leastGain) * lossAt(best))
      )
        break;
      best = next;
    }
    if (best !== start) break;
  }
  return best;
}

interface Part {
  /** The summed log loss of the fold's rows under weights fitted to the others. */
  lossWith(penalty: Penalty, details: Uint8Array | undefined, budget: StoppingRule["budget"]): number;
}

/** A held-out row keeps its place with weight 0, so nothing is copied. */
function foldsOf(problem: LogisticProblem, seed: number): Part[] {
  const { rows, labels, rowWeights } = problem;
  const foldOf = stratifiedFolds(labels, seed);
  const at = new Float64Array(rows);
  const curvature = curvatureAt(problem, at);
  return Array.from({ length: folds }, (_, fold) => {
    const kept = rowWeights.map((weight, row) => (foldOf[row] === fold ? 0 : weight));
    const part = { ...problem, rowWeights: kept, totalWeight: kept.reduce((sum, weight) => sum + weight, 0) };
    const parameters = startOf(part);
    return {
      lossWith(penalty, details, budget) {
        minimize(penalized(part, penalty, details), parameters, { ...rule, budget }, curvature);
        margins(part, parameters, at);
        let loss = 0;
        for (let row = 0; row < rows; row++) {
          if (foldOf[row] !== fold) continue;
          const margin = at[row] as number;
          loss += (rowWeights[row] as number) * (logOnePlusExp(margin) - (labels[row] as number) * margin);
        }
        return loss;
      },
    };
  });
}

/** Returns the problem, or if it is large a sample of its rows. */
function someRows(problem: LogisticProblem, seed: number): LogisticProblem {
  const { matrix, rows, width, labels, rowWeights } = problem;
  const wanted = Math.max(Math.floor(mostValues / (width + 1)), 1000);
  if (rows < 1.5 * wanted) return problem;
  const drawn = permutation(rows, mix32(seed + 1))
    .subarray(0, wanted)
    .sort();
  const some = new Float32Array(wanted * width);
  drawn.forEach((row, i) => some.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  const weights = Float64Array.from(drawn, (row) => rowWeights[row] as number);
  return {
    ...problem,
    matrix: some,
    rows: wanted,
    labels: Uint8Array.from(drawn, (row) => labels[row] as number),
    rowWeights: weights,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0),
  };
}

/** The fold of each row: each class is dealt in a seeded order. */
function stratifiedFolds(labels: Uint8Array, seed: number): Uint8Array {
  const foldOf = new Uint8Array(labels.length);
  const dealt = [0, 0];
  for (const row of permutation(labels.length, seed)) {
    const label = labels[row] === 1 ? 1 : 0;
    const turn = dealt[label] ?? 0;
    foldOf[row] = turn % folds;
    dealt[label] = turn + 1;
  }
  return foldOf;
}
