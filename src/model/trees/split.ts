import type { BinnedMatrix } from "./bins.js";

/** A way to part a node's rows: those whose code of `feature` is `bin` or below go left. */
export interface Split {
  readonly feature: number;
  readonly bin: number;
  /** By how much it lowers the loss, times two. */
  readonly gain: number;
}

export interface SplitRules {
  /** Penalty on a leaf's value, in units of the second derivative. */
  readonly l2: number;
  /** The least sum of second derivatives in a leaf. */
  readonly leastWeight: number;
}

/** Splits that gain less are rounding. */
const leastGain = 1e-7;

/**
 * The split that lowers the second-order loss most (Chen and Guestrin 2016, formula 7): GL^2 / (HL + l2) +
 * GR^2 / (HR + l2) - G^2 / (H + l2). Of equally good ones the first feature's, lowest bin.
 *
 * @param histogram sums by bin of the node's rows, valid for `features`.
 * @returns undefined where no split is allowed or gains anything.
 */
export function bestSplit(
  { cuts }: BinnedMatrix,
  offsets: Uint32Array,
  features: ArrayLike<number>,
  histogram: Float64Array,
  first: number,
  second: number,
  { l2, leastWeight }: SplitRules,
): Split | undefined {
  const whole = (first * first) / (second + l2);
  let bestFeature = -1;
  let bestBin = 0;
  let best = whole + leastGain;
  for (let k = 0; k < features.length; k++) {
    const feature = features[k] as number;
    const last = cuts[feature]?.length ?? 0;
    let slot = 2 * (offsets[feature] as number);
    let leftFirst = 0;
    let leftSecond = 0;
    for (let bin = 0; bin < last; bin++, slot += 2) {
      const here = histogram[slot + 1] as number;
      // An empty bin parts the rows as the one before it did.
      if (here === 0) continue;
      leftFirst += histogram[slot] as number;
      leftSecond += here;
      if (leftSecond < leastWeight) continue;
      const rightSecond = second - leftSecond;
      if (rightSecond < leastWeight) break;
      const rightFirst = first - leftFirst;
      const score = (leftFirst * leftFirst) / (leftSecond + l2) + (rightFirst * rightFirst) / (rightSecond + l2);
      if (score > best) {
        best = score;
        bestFeature = feature;
        bestBin = bin;
      }
    }
  }
  return bestFeature < 0 ? undefined : { feature: bestFeature, bin: bestBin, gain: best - whole };
}
