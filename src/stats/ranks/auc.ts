/**
 * Area under the ROC curve by ranks: the share of (positive, negative) pairs in which the positive has the larger score,
 * ties counting half (Mann-Whitney U over the number of pairs). O(n log n).
 *
 * @param labels 1 for the positive class, 0 for the other, one for each score.
 * @param scores Finite numbers of any range; larger means more likely positive.
 * @returns a number in [0, 1], or null if one of the classes does not occur.
 */
export function rankAuc(labels: Uint8Array, scores: Float64Array): number | null {
  const count = labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0);
  const positives = new Float64Array(count);
  const negatives = new Float64Array(scores.length - count);
  for (let i = 0, p = 0, n = 0; i < scores.length; i++) {
    if (labels[i] === 1) positives[p++] = scores[i] as number;
    else negatives[n++] = scores[i] as number;
  }
  positives.sort();
  negatives.sort();
  // Sums of halves, exact whatever their order.
  let area = 0;
  let below = 0;
  let upTo = 0;
  for (const score of negatives) {
    while (below < positives.length && (positives[below] as number) < score) below++;
    while (upTo < positives.length && (positives[upTo] as number) <= score) upTo++;
    area += positives.length - (below + upTo) / 2;
  }
  return positives.length === 0 || negatives.length === 0 ? null : area / (positives.length * negatives.length);
}
