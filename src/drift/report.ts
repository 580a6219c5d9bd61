import type { ColumnKind } from "../data/contract/contract.js";

/** Whether a column, or the whole, has drifted; "insufficient" where too few rows can tell. */
export type DriftVerdict = "drift" | "stable" | "insufficient";
/** How bad drift is, from none up. */
export const severities = ["none", "warning", "critical"] as const;
/** A name of {@link severities}. */
export type Severity = (typeof severities)[number];

/** The tests that a verdict may rest on, and what their statistic is. */
export const driftTests = {
  ks: "two-sample Kolmogorov-Smirnov, D",
  chiSquare: "chi-square of homogeneity",
  psi: "population stability index over ten bins, p from the chi-square of those bins",
  twoProportions: "two-proportion z with continuity correction",
  newLevels: "z of the share of new levels against Good and Turing's estimate",
} as const;
/** A name of {@link driftTests}. */
export type DriftTest = keyof typeof driftTests;

/** One way in which a column may have moved, and the test of it. */
export interface Shift {
  readonly what: "distribution" | "psi" | "missing" | "newLevels";
  readonly test: DriftTest;
  readonly statistic: number;
  readonly pValue: number;
  /** log10 of the p-value, right also where the p-value underflows to 0. */
  readonly log10p: number;
  /** The p-value corrected over all tests of all columns (Benjamini and Hochberg). */
  readonly adjustedP: number;
  /** Size of the shift, in the unit of its floor in the policy. */
  readonly effect: number;
  readonly severity: Severity;
}

/** The verdict on one column. Numbers that have no value for its data are null. */
export interface ColumnDrift {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /**
   * PSI over the reference's deciles or levels, neighbouring deciles and rare levels pooled where rows are few. A bin
   * empty in one sample takes the share 1e-4.
   */
  readonly psi: number | null;
  /** What the PSI would come to on average without any drift, at these numbers of rows. */
  readonly psiExpected: number | null;
  /** Jensen-Shannon distance over the same bins, base 2, in [0, 1]. */
  readonly jensenShannon: number | null;
  /** The test below: that of the shift which decided, else that of the distribution. */
  readonly test: DriftTest | null;
  readonly statistic: number | null;
  readonly pValue: number | null;
  readonly log10p: number | null;
  readonly adjustedP: number | null;
  readonly effect: number | null;
  /** Certified: the exact D lies within [D, D + this]. 0 from data in memory, about one over the cut points otherwise. */
  readonly effectError: number;
  readonly missing: { readonly reference: number; readonly current: number };
  /** The first levels that the reference doesn't hold, by name. */
  readonly newLevels: readonly string[];
  /** Share of the current values with such a level. */
  readonly newLevelShare: number;
  /** Values that are not missing. */
  readonly values: { readonly reference: number; readonly current: number };
  /** A distribution shift of this size would be found four times out of five at these numbers of rows; 1 at most. */
  readonly detectableShift: number | null;
  readonly shifts: readonly Shift[];
  /** The finding in a sentence or two. */
  readonly message: string;
  /** Shares by bin or level, for plots. */
  readonly distribution: readonly DistributionBin[];
}

/** A bin of a numeric column or a level of a category, with its share of the values of each sample. */
export interface DistributionBin {
  readonly label: string;
  /** The bin's ends, where the bins are intervals; the first and the last also hold what lies beyond. */
  readonly low?: number;
  readonly high?: number;
  readonly reference: number;
  readonly current: number;
}

/** What a comparison of two tables or profiles found. Plain JSON without NaN. */
export interface DriftReport {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly rows: { readonly reference: number; readonly current: number };
  /** Rows that broke the contract and were set aside, and whether their share has risen. */
  readonly rejected: { readonly reference: number; readonly current: number; readonly severity: Severity };
  /** In the reference's order. */
  readonly columns: readonly ColumnDrift[];
  /** The finding in a sentence. */
  readonly message: string;
}
