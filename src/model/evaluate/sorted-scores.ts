import { ChurnkitError } from "../../base/errors.js";
import { descendingOrder } from "../../stats/ranks/index.js";

/** Labels and scores from the highest score to the lowest: the input of every rank metric and threshold rule. */
export interface SortedScores {
  readonly rows: number;
  readonly positives: number;
  /** The original row of each place; rows with equal scores keep their order. */
  readonly order: Uint32Array;
  /** 0 or 1, by place. */
  readonly labels: Uint8Array;
  /** Probabilities, by place: never increasing. */
  readonly scores: Float64Array;
}

/**
 * Checks labels and probabilities: equally many, at least one, labels 0 or 1, probabilities in [0, 1].
 *
 * @throws ChurnkitError TOO_FEW_ROWS without rows, OPTION_INVALID for unequal lengths, VALUE_INVALID for a bad value,
 * naming its row.
 */
export function checkScores(labels: Uint8Array, probabilities: Float64Array): void {
  if (labels.length !== probabilities.length)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `There are ${labels.length} labels but ${probabilities.length} probabilities. Give one of each for every row.`,
    );
  checkProbabilities(probabilities);
  const row = labels.findIndex((label) => label > 1);
  if (row >= 0)
    throw new ChurnkitError(
      "VALUE_INVALID",
      `The label of row ${row} is ${labels[row]}. Labels are 1 for the positive class and 0 for the other.`,
      { where: { row, value: labels[row] } },
    );
}

/** Checks probabilities alone: at least one, each in [0, 1]. Throws the errors of {@link checkScores}. */
export function checkProbabilities(probabilities: Float64Array): void {
  if (probabilities.length === 0)
    throw new ChurnkitError("TOO_FEW_ROWS", "There are no scored rows. Give at least one.");
  const row = probabilities.findIndex((p) => !(p >= 0 && p <= 1));
  if (row >= 0)
    throw new ChurnkitError(
      "VALUE_INVALID",
      `The probability of row ${row} is ${probabilities[row]}. Probabilities are numbers from 0 to 1.`,
      { where: { row, value: probabilities[row] } },
    );
}

/** Checks and sorts once, O(n log n). Throws the errors of {@link checkScores}. */
export function sortScores(labels: Uint8Array, probabilities: Float64Array): SortedScores {
  checkScores(labels, probabilities);
  const order = descendingOrder(probabilities);
  const sorted = new Uint8Array(order.length);
  const scores = new Float64Array(order.length);
  let positives = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    const label = labels[row] as number;
    sorted[i] = label;
    scores[i] = probabilities[row] as number;
    positives += label;
  }
  return { rows: order.length, positives, order, labels: sorted, scores };
}

/** Returns how many rows a threshold calls positive (score >= threshold). */
export function countAtOrAbove(scores: Float64Array, threshold: number): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns whether this is the last of the rows with one score. */
export function endsTie(scores: Float64Array, place: number): boolean {
  return place + 1 === scores.length || scores[place + 1] !== scores[place];
}
