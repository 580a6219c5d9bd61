import { descendingOrder } from "./order.js";

/**
 * Area under the ROC curve by ranks: the share of (positive, negative) pairs in which the positive has the larger score,
 * ties counting half (Mann-Whitney U over the number of pairs). O(n log n).
 *
 * @param labels 1 for the positive class, 0 for the other, one for each score.
 * @param scores Finite numbers of any range; larger means more likely positive.
 * @returns a number in [0, 1], or null where one of the classes does not occur.
 */
export function rankAuc(labels: Uint8Array, scores: Float64Array): number | null {
  const order = descendingOrder(scores);
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (let i = 0; i < order.length;) {
    const score = scores[order[i] as number];
    const before = positives;
    let tiedNegatives = 0;
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      if (labels[order[i] as number] === 1) positives++;
      else tiedNegatives++;
    }
    area += tiedNegatives * (before + (positives - before) / 2);
    negatives += tiedNegatives;
  }
  return positives === 0 || negatives === 0 ? null : area / (positives * negatives);
}
