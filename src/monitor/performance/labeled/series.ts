import { ChurnkitError } from "../../../base/errors.js";
import type { Costs } from "../../../model/artifact.js";
import { type BootstrapOptions, checkCosts, checkThreshold } from "../../../model/evaluate/index.js";
import { calibrationDrift, type CalibrationDrift, type CalibrationOptions } from "../calibration-drift.js";
import { estimatePerformance, type PerformanceEstimate } from "../estimate.js";
import { realizedPerformance, type RealizedPerformance } from "../realized.js";
import type { IssueCount } from "./issues.js";
import type { JoinedPrediction, LabeledPredictions } from "./join.js";
import { checkPeriod, periodEnd, periodStart, type PeriodLength } from "./periods.js";

/** How a series is made. */
export interface SeriesOptions {
  /** Positive from this probability on, in [0, 1]. */
  readonly threshold: number;
  /** "day" by default. */
  readonly period?: PeriodLength | undefined;
  readonly costs?: Costs | undefined;
  /** Resampling for the intervals of realized metrics: 200 resamples by default. */
  readonly bootstrap?: BootstrapOptions | false | undefined;
  /** How to judge the calibration (concept drift) of each closed period; false leaves it out. */
  readonly calibration?: CalibrationOptions | false | undefined;
  /** Minimum share of a closed period's rows with a label; 0.8 by default. */
  readonly minimumCoverage?: number | undefined;
  /** Also makes series of the largest segments: at most this many, 20 by default. */
  readonly segments?: number | undefined;
}

/** Outcome of every row of a period: `untreated` = labeled + unlabeled + conflicting + immature. */
export interface PeriodCounts {
  readonly predictions: number;
  /** Rows with an offer: left out of all figures. */
  readonly treated: number;
  readonly untreated: number;
  /** Untreated rows of the control group. */
  readonly control: number;
  /** The window has closed and the outcome is known. */
  readonly labeled: number;
  /** Of the labeled. */
  readonly positives: number;
  /** Labeled rows that count as negative because no label came. */
  readonly assumed: number;
  /** The window has closed without a label. */
  readonly unlabeled: number;
  readonly conflicting: number;
  /** The window is still open, or the delay is not over. */
  readonly immature: number;
}

/** Estimated and realized performance of some rows of a period. */
export interface PerformancePair {
  /** Of all rows, labeled or not; null without rows. */
  readonly estimated: PerformanceEstimate | null;
  /** Of the labeled rows, once the windows of the whole period have closed; null before. */
  readonly realized: RealizedPerformance | null;
  /** Why nothing is realized. */
  readonly reason: string | null;
}

/** One period of a series. Times are ISO 8601 in UTC. */
export interface PeriodPerformance extends PerformancePair {
  readonly start: string;
  /** Where the next one begins. */
  readonly end: string;
  /** When the last window of the period has closed and the delay is over. */
  readonly matureFrom: string;
  readonly mature: boolean;
  readonly counts: PeriodCounts;
  readonly calibration: CalibrationDrift | null;
  /** The same for the control group alone; null without rows of it. */
  readonly control: PerformancePair | null;
}

/** Estimated, then realized performance over time. Plain JSON without NaN. */
export interface PerformanceSeries {
  readonly period: PeriodLength;
  readonly threshold: number;
  readonly policy: LabeledPredictions["policy"];
  readonly records: LabeledPredictions["records"];
  readonly issues: readonly IssueCount[];
  readonly counts: PeriodCounts;
  /** Periods with predictions, in order. */
  readonly periods: readonly PeriodPerformance[];
  /** The largest segments first. */
  readonly segments: readonly { readonly segment: string; readonly periods: readonly PeriodPerformance[] }[];
  /** Segments beyond those. */
  readonly segmentsLeftOut: number;
}

/**
 * One series of estimated, then realized performance. A period is realized when the outcome windows of all its rows
 * have closed, and then all its rows count: counting churners at once and stayers only later would make every young
 * period look bad. Customers with an offer are left out, because their outcome is not the predicted one. If the model
 * chooses those customers, the rest is no longer a fair sample of all customers, and the control group's own figures
 * (`control`) are the reliable ones.
 *
 * @throws ChurnkitError OPTION_INVALID for a bad option.
 *
 * @example
 * ```ts
 * import { days, joinLabels, performanceSeries } from "churnkit/monitor";
 *
 * const joined = joinLabels(
 *   [{ id: "a", time: "2024-01-01", probability: 0.8 }, { id: "b", time: "2024-01-01", probability: 0.2 }],
 *   [{ id: "a", time: "2024-01-20", outcome: 1 }],
 *   { window: days(30), now: "2024-02-15", absent: "negative" },
 * );
 * const { periods } = performanceSeries(joined, { threshold: 0.5, period: "day" });
 * console.assert(periods[0]?.realized?.values.accuracy.value === 1);
 * ```
 */
export function performanceSeries(joined: LabeledPredictions, options: SeriesOptions): PerformanceSeries {
  const { threshold, period = "day", costs, minimumCoverage = 0.8, segments = 20 } = options;
  checkThreshold(threshold);
  checkPeriod(period);
  if (costs !== undefined) checkCosts(costs);
  const refuse = (what: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", what);
  if (!(minimumCoverage >= 0 && minimumCoverage <= 1))
    throw refuse(`minimumCoverage is ${minimumCoverage}. Give a share from 0 to 1.`);
  if (!(Number.isInteger(segments) && segments >= 0 && segments <= 1000))
    throw refuse(`segments is ${segments}. Give a whole number from 0 to 1000.`);
  const { policy, records, issues, rows } = joined;
  const make = (some: readonly JoinedPrediction[]): PeriodPerformance[] =>
    grouped(some, (row) => periodStart(row.time, period)).map(([start, members]) =>
      ofPeriod(start, period, members, joined, options),
    );
  const named = rows.filter(({ segment }) => segment !== null);
  const bySegment = grouped(named, ({ segment }) => segment ?? "").sort(
    ([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1),
  );
  return {
    period,
    threshold,
    policy,
    records,
    issues,
    counts: countRows(rows),
    periods: make(rows),
    segments: bySegment.slice(0, segments).map(([segment, members]) => ({ segment, periods: make(members) })),
    segmentsLeftOut: Math.max(0, bySegment.length - segments),
  };
}

function grouped<Key>(
  rows: readonly JoinedPrediction[],
  keyOf: (row: JoinedPrediction) => Key,
): [Key, JoinedPrediction[]][] {
  const groups = new Map<Key, JoinedPrediction[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups];
}

function countRows(rows: readonly JoinedPrediction[]): PeriodCounts {
  const count = (test: (row: JoinedPrediction) => boolean): number =>
    rows.reduce((sum, row) => sum + (test(row) ? 1 : 0), 0);
  const treated = count(({ role }) => role === "treated");
  return {
    predictions: rows.length,
    treated,
    untreated: rows.length - treated,
    control: count(({ role }) => role === "control"),
    labeled: count(isLabeled),
    positives: count((row) => isLabeled(row) && row.outcome === 1),
    assumed: count((row) => isLabeled(row) && row.assumed),
    unlabeled: count((row) => row.role !== "treated" && row.closed && row.outcome === null && !row.conflicting),
    conflicting: count((row) => row.role !== "treated" && row.closed && row.conflicting),
    immature: count((row) => row.role !== "treated" && !row.closed),
  };
}

const isLabeled = ({ role, closed, outcome }: JoinedPrediction): boolean =>
  role !== "treated" && closed && outcome !== null;
const isoTime = (time: number): string => new Date(time).toISOString();

function ofPeriod(
  start: number,
  period: PeriodLength,
  rows: readonly JoinedPrediction[],
  { policy }: LabeledPredictions,
  options: SeriesOptions,
): PeriodPerformance {
  const end = periodEnd(start, period);
  const matureFrom = end + policy.window + policy.delay;
  const mature = matureFrom <= policy.now;
  const untreated = rows.filter(({ role }) => role !== "treated");
  const control = untreated.filter(({ role }) => role === "control");
  const all = pairOf(untreated, mature, options);
  return {
    start: isoTime(start),
    end: isoTime(end),
    matureFrom: isoTime(matureFrom),
    mature,
    counts: countRows(rows),
    estimated: all.estimated,
    realized: all.realized,
    reason: all.reason,
    calibration:
      all.realized === null || options.calibration === false ? null : calibrationOf(untreated, options.calibration),
    control: control.length === 0 ? null : pairOf(control, mature, options),
  };
}

function arraysOf(rows: readonly JoinedPrediction[]): { labels: Uint8Array; probabilities: Float64Array } {
  const labeled = rows.filter(isLabeled);
  return {
    labels: Uint8Array.from(labeled, ({ outcome }) => outcome ?? 0),
    probabilities: Float64Array.from(labeled, ({ probability }) => probability),
  };
}

function calibrationOf(rows: readonly JoinedPrediction[], options: CalibrationOptions | undefined): CalibrationDrift {
  const { labels, probabilities } = arraysOf(rows);
  return calibrationDrift(labels, probabilities, options);
}

function pairOf(rows: readonly JoinedPrediction[], mature: boolean, options: SeriesOptions): PerformancePair {
  const { threshold, costs, bootstrap, minimumCoverage = 0.8 } = options;
  const probabilities = Float64Array.from(rows, ({ probability }) => probability);
  const estimated = rows.length === 0 ? null : estimatePerformance(probabilities, { threshold, costs });
  const known = arraysOf(rows);
  const coverage = rows.length === 0 ? 0 : known.labels.length / rows.length;
  const reason =
    rows.length === 0
      ? "Every row was treated."
      : !mature
        ? "The outcome windows of this period have not all closed."
        : known.labels.length === 0 || coverage < minimumCoverage
          ? `Only ${known.labels.length} of ${rows.length} rows have a label.`
          : null;
  const realized =
    reason === null ? realizedPerformance(known.labels, known.probabilities, { threshold, costs, bootstrap }) : null;
  return { estimated, realized, reason };
}
