import { mergeProfiles, type Profile } from "../../data/profile/index.js";
import { mergeBias } from "../bias/count-table.js";
import type { BiasCounts } from "../bias/counts.js";
import { mergeConfidence, type ConfidenceCounts } from "../performance/confidence-counts.js";
import { mergeSamples, type Sampled } from "./sample.js";

/** How often a rule of the contract was broken in a column. */
export interface IssueTally {
  readonly column: string;
  /** A name of the quality rules. */
  readonly rule: string;
  readonly count: number;
}

/** A sampled row's attributions. */
export interface AttributedRow extends Sampled {
  /** |attribution| by column of the baseline, log odds in six digits. */
  readonly values: readonly number[];
}

/**
 * All counts of one period's rows. Plain JSON of a bounded size; counts add up and samples keep the same ids in any
 * order, so shards merge to the same bits as the whole.
 */
export interface Tally {
  /** Rows that meet the contract. */
  readonly rows: number;
  /** Rows that break it. */
  readonly rejected: number;
  /** Kept rows without a probability from 0 to 1. */
  readonly unscored: number;
  /** By column, then rule. */
  readonly issues: readonly IssueTally[];
  /** The first few names, alphabetically, of keys that the contract doesn't know. */
  readonly extraColumns: readonly string[];
  /** Counts against the baseline's profile, including the probabilities. */
  readonly profile: Profile;
  readonly confidence: ConfidenceCounts;
  /** Null if the baseline has no facets. */
  readonly bias: BiasCounts | null;
  readonly attributed: readonly AttributedRow[];
}

/** Limit on the names of unknown keys in a tally. */
export const mostExtraColumns = 20;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Returns the first few texts in sort order, each cut to 80 characters: of a union, the same ones in any order of
 * merging.
 */
export const firstNames = (names: Iterable<string>): string[] =>
  [...new Set([...names].map((name) => name.slice(0, 80)))].sort(byText).slice(0, mostExtraColumns);

/** Issues in one order, each column and rule once. */
export function sortedIssues(issues: Iterable<IssueTally>): IssueTally[] {
  const sums = new Map<string, IssueTally>();
  for (const issue of issues) {
    const key = JSON.stringify([issue.column, issue.rule]);
    const before = sums.get(key);
    sums.set(key, before === undefined ? issue : { ...issue, count: issue.count + before.count });
  }
  return [...sums.values()].sort((a, b) => byText(a.column, b.column) || byText(a.rule, b.rule));
}

/**
 * Adds two tallies of one baseline.
 *
 * @param capacity rows in a sample of attributions.
 * @throws ChurnkitError CONTRACT_MISMATCH for tallies of different baselines.
 */
export function mergeTallies(a: Tally, b: Tally, capacity: number): Tally {
  return {
    rows: a.rows + b.rows,
    rejected: a.rejected + b.rejected,
    unscored: a.unscored + b.unscored,
    issues: sortedIssues([...a.issues, ...b.issues]),
    extraColumns: firstNames([...a.extraColumns, ...b.extraColumns]),
    profile: mergeProfiles(a.profile, b.profile),
    confidence: mergeConfidence(a.confidence, b.confidence),
    bias: a.bias === null || b.bias === null ? (a.bias ?? b.bias) : mergeBias(a.bias, b.bias),
    attributed: mergeSamples(a.attributed, b.attributed, capacity, sameRow),
  };
}

/** Merges all periods into one; null without any. */
export const mergedTally = (periods: readonly { readonly tally: Tally }[], capacity: number): Tally | null =>
  periods.reduce<Tally | null>((sum, { tally }) => (sum === null ? tally : mergeTallies(sum, tally, capacity)), null);

/** Two rows under one id: keep the same one, whichever came first. */
export function sameRow(a: AttributedRow, b: AttributedRow): AttributedRow {
  const differing = a.values.findIndex((value, i) => value !== b.values[i]);
  return differing < 0 || (a.values[differing] ?? 0) < (b.values[differing] ?? 0) ? a : b;
}
