import type { OutcomeCounts } from "../counting/labels.js";
import type { DriftReport, DriftVerdict, Severity } from "../../drift/report.js";
import type { AttributionDrift } from "../attribution/compare.js";
import type { AttributionPolicy } from "../attribution/attribution-policy.js";
import type { BiasDrift } from "../bias/drift.js";
import type { BiasPolicy } from "../bias/bias-policy.js";
import type { CalibrationDrift } from "../performance/calibration-drift.js";
import type { CalibrationPolicy } from "../performance/calibration-policy.js";
import type { PerformanceEstimate } from "../performance/estimate.js";
import type { QualityDrift, QualityPolicy } from "../performance/quality.js";
import type { RealizedPerformance } from "../performance/realized.js";
import type { PolicyChoice } from "../../drift/policy.js";
import type { UnjoinedLabels } from "../counting/joins.js";
import type { IssueTally } from "../counting/tally.js";

/** The four monitors, with their subjects. */
export const monitors = {
  dataQuality: "the model's inputs and outputs: broken and missing values, new levels, distributions",
  modelQuality: "whether predictions are as good as before: realized and expected performance, calibration",
  bias: "whether groups of customers are treated alike, and as before",
  attribution: "whether the columns that move the scores are still the same",
} as const;
/** A name of {@link monitors}. */
export type MonitorName = keyof typeof monitors;
/** The names, in one order. */
export const monitorNames = Object.keys(monitors) as readonly MonitorName[];

/** Finding of one monitor. */
export interface Finding {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /** The finding in a sentence or two. */
  readonly message: string;
  /** Set if the verdict is "insufficient" for lack of rows or labels: how many there are, and how many are needed. */
  readonly lacks?:
    | { readonly of: "records" | "labels" | "explained records"; readonly have: number; readonly need: number }
    | undefined;
}

type Lack = NonNullable<Finding["lacks"]>;

/** Of the data. */
export interface DataQualityFinding extends Finding {
  /** Validity x completeness x conformity, each a share; null without rows. */
  readonly score: number | null;
  readonly issues: readonly IssueTally[];
  readonly extraColumns: readonly string[];
  /** Null without rows. */
  readonly drift: DriftReport | null;
}

/** Of the model. */
export interface ModelQualityFinding extends Finding {
  readonly outcomes: OutcomeCounts;
  /** Labels that join no prediction, and why; null without any. */
  readonly unjoined: UnjoinedLabels | null;
  /** Whose outcomes were judged: the control group's, if it has 100 rows or more. */
  readonly basis: "all" | "control" | null;
  /** From mature labels; null without any. */
  readonly realized: RealizedPerformance | null;
  /** The realized metrics compared with the held-out ones. */
  readonly quality: QualityDrift | null;
  /** Concept drift: outcomes compared with the probabilities. */
  readonly calibration: CalibrationDrift | null;
  /** Estimated without labels, over all rows; null without rows. */
  readonly estimated: PerformanceEstimate | null;
  /** The estimated metrics compared with the estimates at training time. A warning at most. */
  readonly expected: QualityDrift | null;
}

/** Of groups. */
export interface BiasFinding extends Finding {
  /** Metrics of the calls alone, over all rows. */
  readonly calls: BiasDrift | null;
  /** Metrics that need outcomes, over the mature labels. */
  readonly outcomes: BiasDrift | null;
}

/** Of attributions. */
export interface AttributionFinding extends Finding {
  readonly drift: AttributionDrift | null;
}

/** Findings of all four monitors. */
export interface Findings {
  readonly dataQuality: DataQualityFinding;
  readonly modelQuality: ModelQualityFinding;
  readonly bias: BiasFinding;
  readonly attribution: AttributionFinding;
}

/** The policies behind the verdicts. */
export interface MonitorPolicies {
  readonly data?: PolicyChoice | undefined;
  readonly quality?: Partial<QualityPolicy> | undefined;
  readonly calibration?: Partial<CalibrationPolicy> | undefined;
  readonly bias?: Partial<BiasPolicy> | undefined;
  readonly attribution?: Partial<AttributionPolicy> | undefined;
  /** Columns whose drift is not reported, such as a date that moves by nature. */
  readonly ignore?: readonly string[] | undefined;
}

/** Returns the shortage for a finding, if there is one. */
export const lackOf = (of: Lack["of"], have: number, need: number): Pick<Finding, "lacks"> =>
  have >= need ? {} : { lacks: { of, have, need } };

/** How many there are, and how many are needed. */
export const lackWords = ({ of, have, need }: Lack): string => `${have} of the ${need} ${of} needed`;

/** A finding with nothing to judge. */
export const nothing = (message: string): Finding => ({ verdict: "insufficient", severity: "none", message });
