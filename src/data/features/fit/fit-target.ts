import { square } from "../../../base/elementary.js";
import { permutation } from "../../../base/random.js";
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

/** Counts by level over all rows, or over the rows outside one fold. */
export function countGroups(
  codes: Int32Array,
  levels: number,
  target: Uint8Array,
  outside?: { readonly folds: Uint32Array; readonly fold: number },
): Groups {
  const counts = new Uint32Array(levels + 1);
  const positives = new Uint32Array(levels + 1);
  for (let i = 0; i < codes.length; i++) {
    if (outside !== undefined && outside.folds[i] === outside.fold) continue;
    const code = codes[i] as number;
    const group = code < 0 ? levels : code;
    counts[group] = (counts[group] as number) + 1;
    positives[group] = (positives[group] as number) + (target[i] as number);
  }
  return { counts, positives };
}

const total = (values: Uint32Array): number => values.reduce((a, b) => a + b, 0);

/**
 * Returns how many rows of the base rate are mixed into a level's own rate: p (1 - p) / t, with t the variance of the
 * true rates between levels by the method of moments (one-way ANOVA, as DerSimonian and Laird 1986). If the levels
 * differ no more than by chance, it is a very large number, and so the result a constant.
 */
function smoothing({ counts, positives }: Groups, base: number): number {
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
  const variance = (between - (levels - 1) * chance) / (rows - squares / rows);
  return Math.min(Math.max(chance / Math.max(variance, 1e-12), 1), 1e6);
}

/** Returns the smoothed log-odds of a group relative to the base rate. */
function logOdds(count: number, positives: number, base: number, prior: number): number {
  return logit((positives + prior * base) / (count + prior)) - logit(base);
}

/** Scale that turns counts into values: fitted on all training rows, also for values out of fold. */
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
export function targetBlock(input: string, labels: readonly string[], groups: Groups): TargetBlock | undefined {
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
  };
}

/**
 * Returns the values for the training rows: each from the rows of the other folds, so that no row's own label is in
 * its features. Writes column `offset` of the matrix.
 */
export function writeCrossFitted(
  block: TargetBlock,
  input: { readonly codes: Int32Array; readonly labels: readonly string[] },
  target: Uint8Array,
  folds: Uint32Array,
  matrix: Float32Array,
  offset: number,
  width: number,
): void {
  const { codes, labels } = input;
  const scale = scaleOf(countGroups(codes, labels.length, target));
  const kept = new Set(block.levels);
  const known = labels.map((label) => kept.has(label));
  const last = folds.reduce((a, b) => Math.max(a, b), 0);
  for (let fold = 0; fold <= last; fold++) {
    const others = countGroups(codes, labels.length, target, { folds, fold });
    for (let row = 0; row < codes.length; row++) {
      if (folds[row] !== fold) continue;
      const code = codes[row] as number;
      const group = code < 0 ? labels.length : code;
      matrix[row * width + offset] =
        code >= 0 && known[code] !== true ? block.otherwise : valueOf(others, group, scale);
    }
  }
}

/** Deals the rows of each class to folds in a seeded random order, so that all folds have the same target rate. */
export function stratifiedFolds(target: Uint8Array, folds: number, seed: number): Uint32Array {
  const out = new Uint32Array(target.length);
  const dealt = [0, 0];
  for (const row of permutation(target.length, seed)) {
    const label = target[row] as number;
    const next = dealt[label] ?? 0;
    out[row] = next % folds;
    dealt[label] = next + 1;
  }
  return out;
}
