import type { ColumnKind } from "../data/contract/index.js";
import type { UnknownLabels } from "../data/table/index.js";

/** Whether a column, or the whole, has drifted; "insufficient" with too few rows. */
export type DriftVerdict = "drift" | "stable" | "insufficient";
/** Severity of drift, in increasing order. */
export const severities = ["none", "warning", "critical"] as const;
/** How bad drift is. */
export type Severity = (typeof severities)[number];

/** The tests behind a verdict, and their statistics. */
export const driftTests = {
  ks: "two-sample Kolmogorov-Smirnov, D",
  chiSquare: "chi-square of homogeneity",
  psi: "population stability index over ten bins, p from the chi-square of those bins",
  jensenShannon: "Jensen-Shannon distance over the same bins, p from their chi-square",
  twoProportions: "two-proportion z with continuity correction",
  newLevels: "z of the rows with new levels, p from the chance that levels occur in only one sample",
} as const;
/** A name of {@link driftTests}. */
export type DriftTest = keyof typeof driftTests;

/** One way in which a column may have moved, with its test. */
export interface Shift {
  readonly what: "distribution" | "psi" | "jensenShannon" | "missing" | "newLevels";
  readonly test: DriftTest;
  readonly statistic: number;
  readonly pValue: number;
  /** log10 of the p-value, correct even if the p-value underflows to 0. */
  readonly log10p: number;
  /**
   * log10 of a p-value that is valid far out in the tail even with few rows, at least `log10p`: for chi-square the
   * larger of Pearson's and the likelihood ratio's, for proportions of z's and Fisher's. A monitor that looks often
   * must use this one.
   */
  readonly log10pBound: number;
  /** The p-value corrected over all tests of all columns (Benjamini and Hochberg). */
  readonly adjustedP: number;
  /** Size of the shift, in the unit of its floor in the policy. */
  readonly effect: number;
  readonly severity: Severity;
}

/**
 * Role of a compared column. A column that the model doesn't read is reported, as a warning, only when other values
 * appear.
 */
export type DriftRole = "feature" | "target" | "prediction" | "ignored";

/** The verdict on one column. Numbers without a value for its data are null. */
export interface ColumnDrift {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly role: DriftRole;
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /**
   * PSI over the reference's deciles or levels; neighboring deciles and rare levels are pooled if rows are few. A bin
   * that is empty in one sample has the share 1e-4.
   */
  readonly psi: number | null;
  /** Average PSI without any drift, at these numbers of rows. */
  readonly psiExpected: number | null;
  /** Jensen-Shannon distance over the same bins, base 2, in [0, 1]. */
  readonly jensenShannon: number | null;
  /** Hellinger distance over the same bins, in [0, 1]. */
  readonly hellinger: number | null;
  /**
   * Wasserstein distance of a numeric column, in its own unit: exact with fewer than 100,000 values in memory or if
   * every value has a cut point; otherwise the rows between two cut points count as spread evenly.
   */
  readonly wasserstein: number | null;
  /** The same in standard deviations of the reference. */
  readonly wassersteinNormed: number | null;
  /** The test below: that of the deciding shift, else that of the distribution. */
  readonly test: DriftTest | null;
  readonly statistic: number | null;
  readonly pValue: number | null;
  readonly log10p: number | null;
  readonly adjustedP: number | null;
  readonly effect: number | null;
  /**
   * Certified: the exact D is in [D, D + this]. 0 from data in memory, about one over the number of cut points
   * otherwise.
   */
  readonly effectError: number;
  readonly missing: { readonly reference: number; readonly current: number };
  /** The first levels that the reference doesn't have, by name. */
  readonly newLevels: readonly string[];
  /** Share of the current values with such a level. */
  readonly newLevelShare: number;
  /** Values that are not missing. */
  readonly values: { readonly reference: number; readonly current: number };
  /** Shift of the distribution that would be found four times out of five at these numbers of rows; 1 at most. */
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
  /** The bin's ends, if the bins are intervals; the first and the last also include everything beyond. */
  readonly low?: number;
  readonly high?: number;
  readonly reference: number;
  readonly current: number;
}

/** The verdict on the columns of one role. */
export interface PartDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly compared: number;
  /** Names of the columns that drifted, in the report's order. */
  readonly drifted: readonly string[];
  /** The largest PSI among them all, null without one. */
  readonly psi: number | null;
}

/** Whether rows of one predicted probability still churn as often: a change of the relation, not of the inputs. */
export interface ConceptDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /** Sum of the chi-squares of the strata, each of rows of about the same predicted probability. */
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  readonly log10p: number;
  /** The larger of Pearson's and the likelihood ratio's, for monitors that look often. */
  readonly log10pBound: number;
  /** Mean absolute change of the positive rate over the strata, weighted by the current rows. */
  readonly effect: number;
  /** Change of the positive rate at equal predictions: above 0 if more rows are positive than before. */
  readonly change: number;
  /** Change of the rate at every probability that would be found four times out of five; 1 at most. */
  readonly detectableChange: number;
  readonly message: string;
}

/** A slice of the rows: one level of a category, or one range of a number. */
export interface SegmentDrift {
  /** The column by which the rows were sliced, and the slice's label. */
  readonly column: string;
  readonly level: string;
  readonly rows: { readonly reference: number; readonly current: number };
  /** Share of all rows of each sample. */
  readonly share: { readonly reference: number; readonly current: number };
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /** The column that moved most within the slice, null if none did. */
  readonly worst: string | null;
  /** The columns that drifted within the slice, the worst first. */
  readonly drifted: readonly SegmentColumn[];
  readonly message: string;
}

/** A column that drifted within a slice. `adjustedP` is corrected over all tests of all slices. */
export type SegmentColumn = Pick<
  ColumnDrift,
  "name" | "severity" | "test" | "statistic" | "log10p" | "adjustedP" | "effect" | "psi" | "message"
>;

/** A column's drift, weighted by how much the model relies on it. */
export interface RankedDrift {
  readonly name: string;
  /** The column's weight over the sum of all weights, in [0, 1]. */
  readonly importance: number;
  /** Share of rows that moved: the largest of D or total variation, missing and new levels that is significant, else 0. */
  readonly shift: number;
  /** importance x shift. */
  readonly score: number;
  readonly severity: Severity;
}

/** Result of a comparison of two tables or profiles. Plain JSON without NaN. */
export interface DriftReport {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly rows: { readonly reference: number; readonly current: number };
  /** Rows that broke the contract and were set aside, and whether their share has risen. */
  readonly rejected: { readonly reference: number; readonly current: number; readonly severity: Severity };
  /**
   * Labels that are not a class of the target: their rows do not count in the drift of the label or in concept drift.
   * Absent where profiles were compared, because they keep only the classes.
   */
  readonly unknownLabels?: { readonly reference: UnknownLabels; readonly current: UnknownLabels } | undefined;
  /** Drift of the model's inputs. */
  readonly features: PartDrift;
  /** Drift of the label, null if it was not compared. */
  readonly target: PartDrift | null;
  /** Drift of the model's probabilities, null if they were not compared. */
  readonly prediction: PartDrift | null;
  /** Drift of the relation between probability and label, null without both in both samples. */
  readonly concept: ConceptDrift | null;
  /** In the reference's order. */
  readonly columns: readonly ColumnDrift[];
  /** The requested slices, the worst first; empty without any. */
  readonly segments: readonly SegmentDrift[];
  /** Columns by importance x shift, the most harmful first; empty without importances. */
  readonly ranking: readonly RankedDrift[];
  /** The finding in a sentence. */
  readonly message: string;
}
