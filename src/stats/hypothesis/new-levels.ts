import { exp, log, log1p } from "../../base/elementary.js";
import { ChurnkitError } from "../../base/errors.js";
import { fromLog, logGamma, normalTwoSidedTail, type Tail } from "../special.js";

/** A test of whether unseen levels are more frequent than by chance. */
export interface NewLevelTest extends Tail {
  /** Difference of the unseen rows from the number expected by chance, in standard deviations. */
  readonly z: number;
  /** Share of the current rows beyond the expected one, at least 0. */
  readonly excess: number;
}

/** Counts of two samples over the levels of one column. */
export interface MetLevels {
  /** Rows of each sample. */
  readonly n: number;
  readonly m: number;
  /** Rows of each level of the reference, and of the same levels in the current sample. */
  readonly reference: readonly number[];
  readonly current: readonly number[];
  /** Current rows with any other level. */
  readonly unseen: number;
}

/** With up to this many unseen rows the law is summed exactly. */
const EXACT = 500;

/**
 * Tests the rows with levels that a reference doesn't have. In a column of many levels some new ones are expected: if
 * nothing changed, all rows are equally likely to be the reference's, so that a level met k times in both samples
 * together is only in the current sample with the chance (m choose k) / (n + m choose k). The p-value is that of as
 * many rows or more in such levels, the unseen ones counted as of one row each, which favors chance. One-sided.
 * Beyond 500 rows by the normal law down to 1e-3, then by Chernoff's bound, which is never too small.
 *
 * @returns undefined if a sample is empty.
 * @throws ChurnkitError OPTION_INVALID for counts that don't fit each other.
 */
export function newLevelTest(levels: MetLevels): NewLevelTest | undefined {
  const { n, m, reference, unseen } = levels;
  check(levels);
  if (n === 0 || m === 0) return undefined;
  const groups = groupsOf(levels);
  const mean = groups.reduce((sum, { size, count, chance }) => sum + size * count * chance, 0);
  const variance = groups.reduce(
    (sum, { size, count, chance }) => sum + size * size * count * chance * (1 - chance),
    0,
  );
  const z = variance === 0 ? 0 : (unseen - mean) / Math.sqrt(variance);
  const once = reference.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0);
  const excess = Math.max(0, unseen / m - once / n);
  if (unseen === 0) return { z, p: 1, log10p: 0, excess };
  return { z, ...(unseen <= EXACT ? exactTail(groups, unseen) : boundedTail(groups, unseen, z)), excess };
}

/** A number of levels with equal rows in both samples, each with its chance to be only in the current sample. */
interface LevelGroup {
  readonly size: number;
  readonly count: number;
  readonly chance: number;
}

function groupsOf({ n, m, reference, current, unseen }: MetLevels): LevelGroup[] {
  const bySize = new Map<number, number>(unseen > 0 ? [[1, unseen]] : []);
  reference.forEach((count, i) => {
    const size = count + (current[i] ?? 0);
    if (count > 0) bySize.set(size, (bySize.get(size) ?? 0) + 1);
  });
  const found: LevelGroup[] = [];
  for (const [size, count] of [...bySize].sort(([a], [b]) => a - b)) {
    if (size > m) break;
    let chance = 1;
    for (let i = 0; i < size && chance > 1e-30; i++) chance *= (m - i) / (n + m - i);
    if (chance > 1e-30) found.push({ size, count, chance });
  }
  return found;
}

/** P(sum >= goal), summing only the terms that reach it, so that small probabilities keep their digits. */
function exactTail(groups: readonly LevelGroup[], goal: number): Tail {
  let below = new Float64Array(goal);
  below[0] = 1;
  let reached = 0;
  for (const { size, count, chance } of groups) {
    const law = binomialLaw(count, chance);
    const next = new Float64Array(goal);
    for (let sum = 0; sum < goal; sum++) {
      const share = below[sum] as number;
      if (share === 0) continue;
      const needed = Math.ceil((goal - sum) / size);
      if (needed <= count) reached += share * (law.tails[needed] as number);
      for (let hits = 0; hits < needed && hits <= count; hits++) {
        next[sum + size * hits] = (next[sum + size * hits] as number) + share * (law.chances[hits] as number);
      }
    }
    below = next;
  }
  const p = Math.min(1, reached);
  // An impossible outcome has no logarithm.
  return p > 0 ? { p, log10p: log(p) / Math.LN10 } : { p: 0, log10p: -Number.MAX_VALUE };
}

/** The chances of 0 to n hits, and of as many or more. */
function binomialLaw(n: number, chance: number): { chances: Float64Array; tails: Float64Array } {
  const chances = new Float64Array(n + 1);
  const tails = new Float64Array(n + 1);
  let sum = 0;
  for (let hits = n; hits >= 0; hits--) {
    const lnChoose = logGamma(n + 1) - logGamma(hits + 1) - logGamma(n - hits + 1);
    const ln = lnChoose + hits * log(chance) + (hits === n ? 0 : (n - hits) * log1p(-chance));
    chances[hits] = exp(ln);
    tails[hits] = sum += chances[hits] as number;
  }
  return { chances, tails };
}

function boundedTail(groups: readonly LevelGroup[], goal: number, z: number): Tail {
  const half = normalTwoSidedTail(z).p / 2;
  const p = z > 0 ? half : 1 - half;
  if (p >= 1e-3) return { p, log10p: log(p) / Math.LN10 };
  // ln E exp(theta (sum - goal)), whose minimum over theta bounds ln P; it is convex in theta.
  const bound = (theta: number): number =>
    groups.reduce((sum, { size, count, chance }) => sum + count * log1p(chance * (exp(theta * size) - 1)), 0) -
    theta * goal;
  const largest = Math.max(...groups.map(({ size }) => size));
  let [low, high] = [0, 300 / largest];
  for (let i = 0; i < 80; i++) {
    const third = (high - low) / 3;
    if (bound(low + third) < bound(high - third)) high -= third;
    else low += third;
  }
  return fromLog(Math.min(log(1e-3), bound(low)));
}

function check({ n, m, reference, current, unseen }: MetLevels): void {
  const counts = [n, m, unseen, ...reference, ...current];
  const seen = current.reduce((sum, count) => sum + count, 0);
  const fit =
    reference.length === current.length && unseen + seen <= m && reference.reduce((sum, count) => sum + count, 0) <= n;
  if (fit && counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    "These levels' counts do not fit the samples. Give whole counts that add up to at most n and m.",
    {
      where: { value: { n, m, unseen } },
    },
  );
}
