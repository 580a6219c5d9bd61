import { square } from "../../../base/elementary.js";
import { logit } from "../../../stats/logistic.js";
import type { TargetBlock } from "../recipe.js";
import { keptCodes } from "./frequency.js";

/** Log-odds are divided by their standard deviation, but by no less than this, so that noise is not amplified. */
const leastSpread = 0.25;

/** Rows and positives of each level; the last group is missing. */
export interface Groups {
  readonly counts: Uint32Array;
  readonly positives: Uint32Array;
}

const noGroups = (levels: number): Groups => ({
  counts: new Uint32Array(levels + 1),
  positives: new Uint32Array(levels + 1),
});

/** Adds a row to its level. */
function addTo({ counts, positives }: Groups, group: number, label: number): void {
  counts[group] = (counts[group] as number) + 1;
  positives[group] = (positives[group] as number) + label;
}

const groupOf = (code: number, levels: number): number => (code < 0 ? levels : code);

/** Counts by level over all rows. */
export function countGroups(codes: Int32Array, levels: number, target: Uint8Array): Groups {
  const groups = noGroups(levels);
  for (let i = 0; i < codes.length; i++) addTo(groups, groupOf(codes[i] as number, levels), target[i] as number);
  return groups;
}

const total = (values: Uint32Array): number => values.reduce((a, b) => a + b, 0);

/** What the levels' rates say about the true ones. */
interface Variation {
  /** Variance of the true rates between levels by the method of moments (one-way ANOVA, as DerSimonian and Laird 1986). */
  readonly variance: number;
  /** Standard deviations by which the levels differ more than by chance. */
  readonly sigmas: number;
}

function variationOf({ counts, positives }: Groups, base: number): Variation {
  const rows = total(counts);
  const chance = base * (1 - base);
  let levels = 0;
  let between = 0;
  let squares = 0;
  counts.forEach((n, i) => {
    if (n === 0) return;
    levels++;
    between += n * square((positives[i] as number) / n - base);
    squares += n * n;
  });
  const excess = between - (levels - 1) * chance;
  return { variance: excess / (rows - squares / rows), sigmas: excess / (chance * Math.sqrt(2 * (levels - 1))) };
}

/** Levels differ by more than chance from here on. */
const leastSigmas = 2;

/** Returns whether the levels' target rates differ by more than chance. */
export function ratesDiffer(groups: Groups): boolean {
  const base = total(groups.positives) / total(groups.counts);
  return base > 0 && base < 1 && variationOf(groups, base).sigmas >= leastSigmas;
}

/**
 * Returns how many rows of the base rate are mixed into a level's own rate: p (1 - p) / t, with t the variance of the
 * true rates. If the levels differ no more than by chance, it is a very large number, and so the result a constant.
 */
function smoothing(groups: Groups, base: number): number {
  const { variance } = variationOf(groups, base);
  return Math.min(Math.max((base * (1 - base)) / Math.max(variance, 1e-12), 1), 1e6);
}

/** Returns the smoothed log-odds of a group relative to the base rate. */
function logOdds(count: number, positives: number, base: number, prior: number): number {
  return logit((positives + prior * base) / (count + prior)) - logit(base);
}

/** Scale that turns counts into values: fitted on all training rows, also for values of some. */
interface Scale {
  readonly base: number;
  readonly prior: number;
  readonly spread: number;
}

function scaleOf(groups: Groups): Scale {
  const rows = total(groups.counts);
  const base = total(groups.positives) / rows;
  const prior = smoothing(groups, base);
  let variance = 0;
  groups.counts.forEach((n, i) => {
    variance += (n / rows) * square(logOdds(n, groups.positives[i] as number, base, prior));
  });
  return { base, prior, spread: Math.max(Math.sqrt(variance), leastSpread) };
}

function valueOf(groups: Groups, group: number, { base, prior, spread }: Scale): number {
  return logOdds(groups.counts[group] as number, groups.positives[group] as number, base, prior) / spread;
}

/** Returns the target rate of each level, from all training rows. Undefined if the target has one class. */
export function targetBlock(
  input: string,
  labels: readonly string[],
  groups: Groups,
  of?: string,
): TargetBlock | undefined {
  const scale = scaleOf(groups);
  if (scale.base === 0 || scale.base === 1) return undefined;
  const codes = keptCodes(groups.counts.subarray(0, labels.length));
  return {
    kind: "target",
    input,
    levels: codes.map((code) => labels[code] ?? ""),
    values: codes.map((code) => valueOf(groups, code, scale)),
    otherwise: 0,
    missing: valueOf(groups, labels.length, scale),
    ...(of !== undefined && { of }),
  };
}

/**
 * Writes the values for the training rows, each from the rows before it in `order`, to the first column of a matrix. Of
 * few rows the value is near that of the base rate, so it predicts as much as it says, early in the order and late.
 */
export function writeOrdered(
  block: TargetBlock,
  { codes, labels }: { readonly codes: Int32Array; readonly labels: readonly string[] },
  target: Uint8Array,
  order: Uint32Array,
  matrix: Float32Array,
  width: number,
): void {
  const scale = scaleOf(countGroups(codes, labels.length, target));
  const kept = new Set(block.levels);
  const known = labels.map((label) => kept.has(label));
  const before = noGroups(labels.length);
  for (const row of order) {
    const code = codes[row] as number;
    const group = groupOf(code, labels.length);
    matrix[row * width] = code >= 0 && known[code] !== true ? block.otherwise : valueOf(before, group, scale);
    addTo(before, group, target[row] as number);
  }
}
