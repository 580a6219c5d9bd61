import { ChurnkitError } from "../../base/errors.js";
import { permutation } from "../../base/random.js";
import type { HeldOut, LabeledMatrix } from "./learner.js";

/**
 * Checks the weights of training and validation rows. Every learner begins with this.
 *
 * @throws ChurnkitError OPTION_INVALID for another number of weights than rows, or one that is not finite and above 0.
 */
export function checkRowWeights(...data: readonly (Pick<LabeledMatrix, "labels" | "rowWeights"> | undefined)[]): void {
  for (const { labels, rowWeights: weights } of data.filter((part) => part !== undefined)) {
    if (!weights) continue;
    const rows = labels.length;
    if (weights.length !== rows)
      throw new ChurnkitError(
        "OPTION_INVALID",
        `There are ${weights.length} weights for ${rows} rows. Give one for each row.`,
        { where: { path: "weights" } },
      );
    const row = weights.findIndex((weight) => !(weight > 0 && weight < Infinity));
    if (row >= 0)
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The weight of row ${row} is ${weights[row]}; it must be finite and above 0. Leave out rows that should not count.`,
        { where: { path: "weights", row } },
      );
  }
}

/** The weights of training and validation rows in one list; undefined where all are 1. */
export function joinedWeights(training: LabeledMatrix, validation: LabeledMatrix): Float32Array | undefined {
  if (!training.rowWeights && !validation.rowWeights) return undefined;
  const weights = new Float32Array(training.labels.length + validation.labels.length).fill(1);
  if (training.rowWeights) weights.set(training.rowWeights);
  if (validation.rowWeights) weights.set(validation.rowWeights, training.labels.length);
  return weights;
}

/** Whole weights are taken as they are, as long as they make no more than this many times the rows. */
const mostTimes = 10;

/**
 * Repeats held-out rows by their weights, so that what counts rows (calibration, threshold, metrics) counts weights: a
 * row of weight 3 three times. Other weights are brought to a mean of 1 and rounded so that their sums, in a random
 * order, are exact to a half (systematic sampling).
 */
export function repeatedByWeight(heldOut: HeldOut, weights: Float32Array): HeldOut {
  const own = Array.from(heldOut.rows, (row) => weights[row] as number);
  const total = own.reduce((sum, weight) => sum + weight, 0);
  const whole = own.every(Number.isInteger) && total <= mostTimes * own.length;
  const scale = whole ? 1 : own.length / total;
  const counts = new Uint32Array(own.length);
  let sum = 0;
  for (const place of permutation(own.length, 0)) {
    const before = Math.floor(scale * sum + 0.5);
    sum += own[place] as number;
    counts[place] = Math.floor(scale * sum + 0.5) - before;
  }
  const places = own.flatMap((_, place) => Array<number>(counts[place] as number).fill(place));
  const { rows, probabilities, ofClasses } = heldOut;
  const count = (ofClasses?.length ?? 0) / rows.length;
  return {
    rows: Uint32Array.from(places, (place) => rows[place] as number),
    probabilities: Float64Array.from(places, (place) => probabilities[place] as number),
    ...(ofClasses && {
      ofClasses: Float64Array.from(
        { length: count * places.length },
        (_, i) => ofClasses[(places[Math.floor(i / count)] as number) * count + (i % count)] as number,
      ),
    }),
  };
}
