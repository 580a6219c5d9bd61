import { log } from "../../base/elementary.js";
import { sortedValues } from "../ranks/sort.js";
import { cramerVonMisesTail } from "./cramer-von-mises-limit.js";
import type { Tail } from "../special.js";

/** A two-sample Cramer-von Mises test. */
export interface CvmTest extends Tail {
  /** T of Anderson (1962), from the mid-ranks of the pooled sample. */
  readonly statistic: number;
  readonly n: number;
  readonly m: number;
  /** Exact given the ties, or the limit of large samples with its mean and variance corrected. */
  readonly method: "exact" | "limit";
}

/** Limit on the numbers in the exact law's table (8 MB). */
const EXACT_TABLE = 1_048_576;

/**
 * Two-sample Cramer-von Mises test (Anderson 1962, "On the distribution of the two-sample Cramer-von Mises criterion"):
 * exact given the ties for up to 20 values a side where its table is small, else the limit law of the statistic brought to the limit's mean and
 * variance (as scipy's `cramervonmises_2samp`), whose tail is right down to 1e-300.
 *
 * @param a in any order; NaN is missing and left out. So is `b`.
 * @param exactSize exact where neither sample is larger than this.
 * @returns undefined where a sample is empty.
 */
export function cramerVonMises(a: Float64Array, b: Float64Array, exactSize = 20): CvmTest | undefined {
  const x = sortedValues(a);
  const y = sortedValues(b);
  const n = x.length;
  const m = y.length;
  if (n === 0 || m === 0) return undefined;
  let distance = 0;
  for (const group of tieGroups(x, y)) distance += stepOf(group, group.fromX, n, m);
  const all = n + m;
  const statistic = distance / 4 / n / m / all - (4 * n * m - 1) / (6 * all);
  const exact = Math.max(n, m) <= exactSize ? exactTail([...tieGroups(x, y)], n, m, distance) : undefined;
  return { statistic, n, m, ...(exact ?? limitTail(statistic, n, m)), method: exact ? "exact" : "limit" };
}

/** Equal values of the pooled samples: how many came before from each, and how many of each are in the group. */
interface TieGroup {
  readonly beforeX: number;
  readonly before: number;
  readonly fromX: number;
  readonly size: number;
}

/** In increasing order, one at a time: large samples have as many groups as values. */
function* tieGroups(x: Float64Array, y: Float64Array): Generator<TieGroup> {
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    const [fromI, fromJ] = [i, j];
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    yield { beforeX: fromI, before: fromI + fromJ, fromX: i - fromI, size: i - fromI + j - fromJ };
  }
}

/** Four times n sum (rank - i)^2 + m sum (rank - j)^2 of a group with `fromX` of its values from x: a whole number. */
function stepOf({ before, size, beforeX }: TieGroup, fromX: number, n: number, m: number): number {
  const rank = 2 * before + size + 1;
  const squares = (count: number, start: number): number => {
    // Sum over l = 1..count of (rank - 2 start - 2 l)^2.
    const c = rank - 2 * start;
    return count * c * c - 2 * c * count * (count + 1) + (2 * count * (count + 1) * (2 * count + 1)) / 3;
  };
  return n * squares(fromX, beforeX) + m * squares(size - fromX, before - beforeX);
}

function limitTail(statistic: number, n: number, m: number): Tail {
  const all = n + m;
  const mean = (1 + 1 / all) / 6;
  const variance = ((all + 1) * (4 * n * m * all - 3 * (n * n + m * m) - 2 * n * m)) / (45 * all * all * 4 * n * m);
  // One value against one other has but one outcome.
  if (!(variance > 0)) return { p: 1, log10p: 0 };
  return cramerVonMisesTail(1 / 6 + (statistic - mean) / Math.sqrt(45 * variance));
}

/**
 * P(T >= t) over all equally likely arrangements of the pooled values: probabilities by how many of x have come and
 * the sum so far, group by group. A sum that has reached the observed one can't fall below it again and is set aside,
 * so that small probabilities keep their digits.
 *
 * @returns undefined where the table would be too large.
 */
function exactTail(groups: readonly TieGroup[], n: number, m: number, observed: number): Tail | undefined {
  const unit = commonFactor(groups, n, m);
  const goal = Math.round(observed / unit);
  if ((n + 1) * goal > EXACT_TABLE) return undefined;
  let states = Array.from({ length: n + 1 }, () => new Float64Array(0));
  states[0] = Float64Array.of(1);
  let reached = goal === 0 ? 1 : 0;
  for (const group of goal === 0 ? [] : groups) {
    const next = Array.from({ length: n + 1 }, () => new Float64Array(goal));
    states.forEach((sums, beforeX) => {
      if (sums.length === 0) return;
      const here = { ...group, beforeX };
      const left = n + m - group.before;
      const least = Math.max(0, group.size - (m - (group.before - beforeX)));
      for (let fromX = least; fromX <= Math.min(group.size, n - beforeX); fromX++) {
        const chance = choose(n - beforeX, fromX, left, group.size);
        const step = Math.round(stepOf(here, fromX, n, m) / unit);
        const into = next[beforeX + fromX] ?? new Float64Array(0);
        for (let sum = 0; sum < sums.length; sum++) {
          const share = sums[sum] as number;
          if (share === 0) continue;
          if (sum + step >= goal) reached += share * chance;
          else into[sum + step] = (into[sum + step] as number) + share * chance;
        }
      }
    });
    states = next.map((sums) => (sums.some((share) => share > 0) ? sums : new Float64Array(0)));
  }
  const p = Math.min(1, reached);
  return { p, log10p: log(p) / Math.LN10 };
}

/** Hypergeometric: the chance that `hits` of `drawn` out of `left` values are among the `good` ones. */
function choose(good: number, hits: number, left: number, drawn: number): number {
  let chance = 1;
  let [g, b, all] = [good, left - good, left];
  for (let i = 0; i < drawn; i++) {
    if (i < hits) chance *= (g-- / all--) * ((i + 1 + (drawn - hits)) / (i + 1));
    else chance *= b-- / all--;
  }
  return chance;
}

/**
 * Returns the largest number that divides every step: 4 if all groups have odd sizes, and the common factor of n and
 * m.
 */
function commonFactor(groups: readonly TieGroup[], n: number, m: number): number {
  let [a, b] = [n, m];
  while (b > 0) [a, b] = [b, a % b];
  return a * (groups.every(({ size }) => size % 2 === 1) ? 4 : 1);
}
