import { ChurnkitError } from "../../base/errors.js";
import type { MetricValue } from "../../model/evaluate/index.js";
import { worst, pText } from "../../drift/compare/index.js";
import type { Floors } from "../../drift/policy.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";
import { benjaminiHochberg } from "../../stats/hypothesis/index.js";
import { criticalValue, normalTwoSidedTail } from "../../stats/special.js";
import { checkFloors, checkNumber } from "./calibration-policy.js";
import type { EstimatedValue } from "./estimate.js";
import { performanceMetrics, Z95, type PerformanceMetric } from "./performance-metrics.js";

/** A judged metric: profit is not one, because it grows with the rows. */
export type QualityMetric = Exclude<PerformanceMetric, "profit">;

/** Every number behind a verdict on the model's quality. */
export interface QualityPolicy {
  /** Significance level after the correction over the metrics (Benjamini and Hochberg). */
  readonly alpha: number;
  /** How much worse than the baseline a metric must be. Only metrics named here are judged. */
  readonly floors: Readonly<Partial<Record<QualityMetric, Floors>>>;
  /**
   * "insufficient" instead of "stable" if a loss of this many times the metric's critical floor could well go unseen.
   */
  readonly coarsest: number;
}

/** The default policy: accuracy, F1, AUC and Brier score are judged. */
export const defaultQualityPolicy: QualityPolicy = {
  alpha: 0.01,
  floors: {
    accuracy: { warning: 0.02, critical: 0.05 },
    f1: { warning: 0.03, critical: 0.08 },
    auc: { warning: 0.02, critical: 0.05 },
    brier: { warning: 0.01, critical: 0.03 },
  },
  coarsest: 2,
};

/** One metric against its baseline. */
export interface QualityChange {
  readonly metric: QualityMetric;
  readonly baseline: number | null;
  readonly current: number | null;
  /** Current minus baseline, with its 95 % interval. */
  readonly change: MetricValue;
  /** By how much it is worse; negative if it is better. */
  readonly loss: number | null;
  readonly pValue: number | null;
  readonly log10p: number | null;
  readonly adjustedP: number | null;
  /** A loss of this size would be found four times out of five. */
  readonly detectableLoss: number | null;
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly message: string;
}

/** Whether the model is still as good as before. Plain JSON without NaN. */
export interface QualityDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly metrics: readonly QualityChange[];
  readonly message: string;
}

/** Metrics of one side: from an evaluation, a bundle's metrics, a realized or an estimated performance. */
export type QualityValues = Readonly<Partial<Record<QualityMetric, MetricValue | EstimatedValue>>>;

/** Number of rows behind the metrics of each side. */
export interface RowsBehind {
  readonly baseline: number;
  readonly current: number;
}

const POWER = 0.8416;

/**
 * Judges realized or estimated performance against the model's metrics at training time. The error of each difference
 * comes from both intervals (a 95 % interval is 2 * 1.96 standard errors wide; for an estimate, its `populationError`
 * and certified error). A metric without an interval on a side cannot be judged: "insufficient". A model that has
 * become better is "stable".
 *
 * @param baseline Such as `artifact.metrics.values`.
 * @param current Such as a period's `realized.values` or `estimated.values`.
 * @param options `rows` of both sides: the error of the current values is then at least the baseline's at this many
 * rows. Without it a few rows that happen to agree, such as no churner among thirty, have no spread and seem certain.
 * @throws ChurnkitError OPTION_INVALID for a bad policy.
 *
 * @example
 * ```ts
 * import { modelQuality } from "churnkit/monitor";
 *
 * const { severity } = modelQuality(
 *   { accuracy: { value: 0.85, low: 0.84, high: 0.86 } },
 *   { accuracy: { value: 0.78, low: 0.76, high: 0.8 } },
 * );
 * console.assert(severity === "critical");
 * ```
 */
export function modelQuality(
  baseline: QualityValues,
  current: QualityValues,
  {
    policy: overrides,
    rows,
  }: { readonly policy?: Partial<QualityPolicy> | undefined; readonly rows?: RowsBehind | undefined } = {},
): QualityDrift {
  const policy = qualityPolicy(overrides);
  const compared = (Object.entries(policy.floors) as [QualityMetric, Floors][]).map(([metric, floors]) =>
    compare(metric, floors, baseline[metric], current[metric], rows),
  );
  const adjusted = benjaminiHochberg(compared.map(({ p }) => p ?? 1));
  const metrics = compared.map((each, i) => judged(each, adjusted[i] ?? 1, policy));
  const severity = worst(metrics.map((each) => each.severity));
  const stable = metrics.filter(({ verdict }) => verdict === "stable");
  const lost = metrics.filter(({ verdict }) => verdict === "drift");
  const verdict: DriftVerdict = lost.length > 0 ? "drift" : stable.length > 0 ? "stable" : "insufficient";
  const message =
    verdict === "drift"
      ? lost.map((each) => each.message).join(" ")
      : verdict === "stable"
        ? `No loss in ${stable.length} of ${metrics.length} metrics${stable.length < metrics.length ? "; the others could not be judged" : ""}.`
        : "No metric could be judged.";
  return { verdict, severity, metrics, message };
}

function qualityPolicy(overrides: Partial<QualityPolicy> = {}): QualityPolicy {
  const policy = { ...defaultQualityPolicy, ...overrides };
  checkNumber("alpha", policy.alpha, 1e-12, 0.5);
  checkNumber("coarsest", policy.coarsest, 0.1, 1000);
  for (const [name, floors] of Object.entries(policy.floors)) {
    if (!Object.hasOwn(performanceMetrics, name) || name === "profit")
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The policy names "${name}", which is not a metric that can be judged.`,
      );
    checkFloors(name, floors, 100);
  }
  return policy;
}

interface Compared {
  readonly metric: QualityMetric;
  readonly floors: Floors;
  readonly before: number | null;
  readonly now: number | null;
  readonly loss: number | null;
  readonly error: number | null;
  readonly p: number | null;
  readonly log10p: number | null;
}

/** The standard error of a value from its interval; null without one. */
function errorOf(value: MetricValue | EstimatedValue | undefined): number | null {
  if (value === undefined || value.value === null) return null;
  if ("populationError" in value)
    return value.populationError === null ? null : value.populationError + value.certifiedError / Z95;
  const { low, high } = value;
  return low === undefined || high === undefined || !(high >= low) ? null : (high - low) / (2 * Z95);
}

function compare(
  metric: QualityMetric,
  floors: Floors,
  baseline: MetricValue | EstimatedValue | undefined,
  current: MetricValue | EstimatedValue | undefined,
  rows: RowsBehind | undefined,
): Compared {
  const before = baseline?.value ?? null;
  const now = current?.value ?? null;
  const sign = performanceMetrics[metric].better === "higher" ? 1 : -1;
  const loss = before === null || now === null ? null : sign * (before - now);
  const [a, b] = [errorOf(baseline), errorOf(current)];
  const unchanged = a === null || rows === undefined ? 0 : a * Math.sqrt(rows.baseline / rows.current);
  const error = a === null || b === null ? null : Math.sqrt(a * a + Math.max(b * b, unchanged * unchanged));
  if (loss === null || error === null) return { metric, floors, before, now, loss, error, p: null, log10p: null };
  // No doubt at all on either side: any difference is certain.
  const z = loss === 0 ? 0 : error === 0 ? Math.sign(loss) * 1e6 : loss / error;
  const { p, log10p } = normalTwoSidedTail(z);
  return { metric, floors, before, now, loss, error, p, log10p };
}

function judged(
  { metric, floors, before, now, loss, error, p, log10p }: Compared,
  adjusted: number,
  policy: QualityPolicy,
): QualityChange {
  const detectable = error === null ? null : (criticalValue(normalTwoSidedTail, policy.alpha) + POWER) * error;
  const found = p !== null && loss !== null && adjusted <= policy.alpha && loss >= floors.warning && loss > 0;
  const severity: Severity = !found ? "none" : loss < floors.critical ? "warning" : "critical";
  const blind = detectable === null || detectable > policy.coarsest * floors.critical;
  const verdict: DriftVerdict = found ? "drift" : blind ? "insufficient" : "stable";
  const change = before === null || now === null ? null : now - before;
  const reach = error === null ? null : Z95 * error;
  const { label } = performanceMetrics[metric];
  const went = `${label} went from ${shown(before)} to ${shown(now)}`;
  const message =
    before === null || now === null
      ? `${label} has no value ${before === null ? "in the baseline" : "now"}.`
      : p === null || log10p === null
        ? `${went}; without intervals on both sides this cannot be judged.`
        : verdict === "insufficient"
          ? `${went}; only a loss of ${shown(detectable)} or more would be found.`
          : `${went} (p ${pText(log10p)}).`;
  return {
    metric,
    baseline: before,
    current: now,
    change:
      change === null || reach === null
        ? { value: change }
        : { value: change, low: change - reach, high: change + reach },
    loss,
    pValue: p,
    log10p,
    adjustedP: p === null ? null : adjusted,
    detectableLoss: detectable,
    verdict,
    severity,
    message,
  };
}

const shown = (value: number | null): string => (value === null ? "nothing" : String(Number(value.toPrecision(3))));
