import type { Confusion } from "../../model/evaluate/index.js";

/**
 * Rows of one group by outcome and decision. If both are known it is a confusion matrix; the other counts are rows
 * with only one known, or neither.
 */
export interface GroupCounts extends Confusion {
  /** Label known, not scored. */
  readonly positives: number;
  readonly negatives: number;
  /** Scored, label not known. */
  readonly calledPositive: number;
  readonly calledNegative: number;
  /** Neither label nor score. */
  readonly neither: number;
}

/** A group and its comparison group, in one column. */
export interface FacetCounts {
  readonly column: string;
  /** The group in question: a level, or a range such as "[60, )". */
  readonly group: string;
  /** The comparison group: "others", or the reference group. */
  readonly against: string;
  readonly disadvantaged: GroupCounts;
  readonly advantaged: GroupCounts;
}

/** Counts for the bias metrics, without rows, so that they merge by adding. Plain JSON. */
export interface BiasCounts {
  readonly format: 1;
  readonly rows: number;
  /** Definition of a positive outcome below: the contract's positive class, or the other one. */
  readonly favorable: "positive" | "negative";
  /** Null if rows were not scored. */
  readonly threshold: number | null;
  readonly facets: readonly FacetCounts[];
  /** Rows without a value, by column of a facet; they are in no group. */
  readonly missing: readonly { readonly column: string; readonly rows: number }[];
}

/** The names of the counts, in one order. */
export const countNames = [
  "truePositives",
  "falsePositives",
  "falseNegatives",
  "trueNegatives",
  "positives",
  "negatives",
  "calledPositive",
  "calledNegative",
  "neither",
] as const satisfies readonly (keyof GroupCounts)[];

/** From counts in the order of {@link countNames}. */
export const groupCounts = (counts: ArrayLike<number>): GroupCounts =>
  Object.fromEntries(countNames.map((name, i) => [name, counts[i] ?? 0])) as Record<keyof GroupCounts, number>;

/** Adds two groups. */
export const addGroups = (a: GroupCounts, b: GroupCounts): GroupCounts =>
  groupCounts(countNames.map((name) => a[name] + b[name]));

/** Successes among trials. */
export interface Share {
  readonly successes: number;
  readonly trials: number;
}

/** Rows of a group. */
export const rowsOf = (group: GroupCounts): number => countNames.reduce((sum, name) => sum + group[name], 0);

/** Positive labels among the rows with a label. */
export const labelShare = (g: GroupCounts): Share => {
  const successes = g.truePositives + g.falseNegatives + g.positives;
  return { successes, trials: successes + g.falsePositives + g.trueNegatives + g.negatives };
};

/** Rows called positive among those scored. */
export const callShare = (g: GroupCounts): Share => {
  const successes = g.truePositives + g.falsePositives + g.calledPositive;
  return { successes, trials: successes + g.falseNegatives + g.trueNegatives + g.calledNegative };
};
