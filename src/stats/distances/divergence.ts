import { log, square } from "../../base/elementary.js";
import { quantileOfSorted } from "../ranks/quantiles.js";
import { sortedValues } from "../ranks/sort.js";
import { requireCounts } from "../counts.js";

/** Floor for a bin that is empty in one sample, where PSI would be infinite. */
export type ZeroRule =
  /** Its share becomes 1e-4, the others stay. */
  | "epsilon"
  /** Every bin gets half a row more: (count + 0.5) / (rows + 0.5 bins). */
  | "half"
  /** Nothing: the PSI is infinite. */
  | "none";

const EPSILON = 1e-4;

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * Population stability index: the sum of (q - p) ln(q / p) over bins, with p the reference's shares and q the current
 * ones. Bins empty in both are dropped (except by the rule "none").
 *
 * @returns 0 or more; undefined if a sample is empty.
 * @throws ChurnkitError OPTION_INVALID for a count that is negative or not finite, or samples over different bins; so do
 * the other distances of counts.
 */
export function psi(
  reference: readonly number[],
  current: readonly number[],
  zeros: ZeroRule = "epsilon",
): number | undefined {
  requireCounts(reference, current);
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return undefined;
  const bins = reference.filter((count, i) => zeros === "none" || count + (current[i] ?? 0) > 0).length;
  const share = (count: number, rows: number): number => {
    if (zeros === "half") return (count + 0.5) / (rows + 0.5 * bins);
    return count === 0 && zeros === "epsilon" ? EPSILON : count / rows;
  };
  let sum = 0;
  reference.forEach((count, i) => {
    const other = current[i] ?? 0;
    if (count + other === 0) return;
    const p = share(count, n);
    const q = share(other, m);
    if (p !== q) sum += (q - p) * log(q / p);
  });
  return sum;
}

/**
 * Average PSI without any drift: about (bins - 1) (1/n + 1/m), since PSI nm / (n + m) is then chi-square with
 * bins - 1 degrees of freedom. With 10 bins and 100 rows on both sides that is already 0.18.
 */
export const psiNullMean = (bins: number, n: number, m: number): number => Math.max(0, bins - 1) * (1 / n + 1 / m);

/**
 * Edges of at most `bins` bins of about equal reference mass: the distinct quantiles i / bins (linear). A value's bin
 * is the number of edges at or below it, so that the outer bins are open and one outlier can't hide a shift. None for an
 * empty sample.
 */
export function quantileEdges(sortedReference: Float64Array, bins: number): number[] {
  if (sortedReference.length === 0) return [];
  const edges = Array.from({ length: bins - 1 }, (_, i) => quantileOfSorted(sortedReference, (i + 1) / bins));
  return edges.filter((edge, i) => i === 0 || edge !== edges[i - 1]);
}

/** Counts per bin of sorted values, for increasing edges. */
export function countBetween(sorted: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  let bin = 0;
  for (let i = 0; i < sorted.length; i++) {
    while (bin < edges.length && (sorted[i] as number) >= (edges[bin] ?? 0)) bin++;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/**
 * PSI of two samples over bins of equal reference mass. In any order; NaN is missing and left out.
 *
 * @returns undefined if a sample is empty.
 */
export function psiOfSamples(
  reference: Float64Array,
  current: Float64Array,
  { bins = 10, zeros = "epsilon" }: { readonly bins?: number; readonly zeros?: ZeroRule } = {},
): number | undefined {
  const before = sortedValues(reference);
  const edges = quantileEdges(before, bins);
  return psi(countBetween(before, edges), countBetween(sortedValues(current), edges), zeros);
}

/**
 * Jensen-Shannon divergence in nats, in [0, ln 2]. Divide by ln 2 for bits; its square root is a distance (scipy's
 * `jensenshannon`).
 *
 * @returns undefined if a sample is empty.
 */
export function jensenShannon(reference: readonly number[], current: readonly number[]): number | undefined {
  requireCounts(reference, current);
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return undefined;
  let sum = 0;
  reference.forEach((count, i) => {
    const p = count / n;
    const q = (current[i] ?? 0) / m;
    const middle = (p + q) / 2;
    if (p > 0) sum += p * log(p / middle);
    if (q > 0) sum += q * log(q / middle);
  });
  return Math.max(0, sum / 2);
}

/** Average Jensen-Shannon divergence (nats) without any drift: an eighth of PSI's, as both measure the same squares. */
export const jensenShannonNullMean = (bins: number, n: number, m: number): number => psiNullMean(bins, n, m) / 8;

/** Total variation distance in [0, 1]: the share of rows that would have to change category. */
export function totalVariation(reference: readonly number[], current: readonly number[]): number | undefined {
  requireCounts(reference, current);
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return undefined;
  return reference.reduce((sum, count, i) => sum + Math.abs(count / n - (current[i] ?? 0) / m), 0) / 2;
}

/** Hellinger distance in [0, 1]. */
export function hellinger(reference: readonly number[], current: readonly number[]): number | undefined {
  requireCounts(reference, current);
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return undefined;
  const sum = reference.reduce((s, count, i) => s + square(Math.sqrt(count / n) - Math.sqrt((current[i] ?? 0) / m)), 0);
  return Math.sqrt(sum / 2);
}
