import { checkScores, type MetricValue } from "../../model/evaluate/index.js";
import { worst, percent, pText } from "../../drift/compare/index.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";
import { benjaminiHochberg } from "../../stats/hypothesis/index.js";
import { criticalValue, normalTwoSidedTail } from "../../stats/special.js";
import {
  binnedOutcomes,
  calibrationSummary,
  parseCalibrationSummary,
  type CalibrationSummary,
} from "./calibration-summary.js";
import { calibrationPolicy, type CalibrationPolicy } from "./calibration-policy.js";
import {
  levelTest,
  poolBins,
  residual,
  shapeTest,
  spiegelhalterTest,
  type CalibrationStatistic,
  type PooledBin,
} from "./calibration-tests.js";
import { Z95 } from "./performance-metrics.js";

/** The tests of concept drift, with their statistics. */
export const calibrationTests = {
  level: "z of the mean residual, observed minus expected share of positives",
  shape: "chi-square of the residuals by bin of the probability",
  score: "Spiegelhalter's z, the Brier score against its expectation",
} as const;

/** One test of whether outcomes still follow the probabilities. */
export interface CalibrationTest {
  readonly what: keyof typeof calibrationTests;
  readonly statistic: number;
  readonly pValue: number;
  readonly log10p: number;
  /** Corrected over the tests (Benjamini and Hochberg). */
  readonly adjustedP: number;
  /** In the unit of its floor in the policy. */
  readonly effect: number;
  readonly severity: Severity;
}

/** Observed and expected share of positives between two probabilities. */
export interface JudgedBin {
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  readonly expected: number | null;
  readonly observed: number | null;
  /** Observed minus expected in the baseline; null without a baseline or its rows. */
  readonly baselineResidual: number | null;
}

/** Whether the outcome still follows from the features as before. Plain JSON without NaN. */
export interface CalibrationDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly rows: number;
  readonly positives: number;
  readonly expectedRate: number | null;
  readonly observedRate: number | null;
  /** Change of the residual with its 95 % interval: from 0, or from the baseline. */
  readonly change: MetricValue;
  /** A change of the level of this size would be found four times out of five. */
  readonly detectableChange: number | null;
  readonly against: "calibrated probabilities" | "baseline";
  readonly tests: readonly CalibrationTest[];
  readonly bins: readonly JudgedBin[];
  readonly message: string;
}

/** How to judge. */
export interface CalibrationOptions {
  /** Outcomes and probabilities at training time. Without them, probabilities are assumed to be calibrated. */
  readonly baseline?: CalibrationSummary | undefined;
  readonly policy?: Partial<CalibrationPolicy> | undefined;
}

/** The normal quantile of 0.8. */
const POWER = 0.8416;

/**
 * Concept drift: realized outcomes compared with the model's own expectation of them, row by row and in bins of the
 * probability. Data drift alone does not affect this, because probabilities move along with the features.
 *
 * To compare two labeled samples instead, by the rate at equal probabilities, see `conceptDrift`.
 *
 * Without a baseline three tests decide (`calibrationTests`); with one, the change of the residuals since then is
 * tested, by the level and the shape, so that a model that never was calibrated raises no alarm for it.
 *
 * @param labels 1 for the positive class, 0 for the other, of closed outcome windows only.
 * @param probabilities Of the positive class, in [0, 1], as they were predicted.
 * @throws ChurnkitError OPTION_INVALID for unequal lengths or a bad policy, VALUE_INVALID for a bad row, INPUT_MALFORMED for
 * a bad baseline. No rows give the verdict "insufficient".
 *
 * @example
 * ```ts
 * import { calibrationDrift } from "churnkit/monitor";
 *
 * const probabilities = Float64Array.from({ length: 2000 }, (_, i) => ((i % 10) + 0.5) / 10);
 * const labels = Uint8Array.from(probabilities, (p, i) => ((i * 7919) % 2000) / 2000 < p ? 1 : 0);
 * console.assert(calibrationDrift(labels, probabilities).verdict === "stable");
 * console.assert(calibrationDrift(labels.map((y) => 1 - y), probabilities).severity === "critical");
 * ```
 */
export function calibrationDrift(
  labels: Uint8Array,
  probabilities: Float64Array,
  options: CalibrationOptions = {},
): CalibrationDrift {
  const policy = calibrationPolicy(options.policy);
  const baseline = options.baseline === undefined ? undefined : parseCalibrationSummary(options.baseline);
  const against = baseline === undefined ? "calibrated probabilities" : "baseline";
  if (labels.length === 0 && probabilities.length === 0) return noRows(against);
  checkScores(labels, probabilities);
  const edges = (baseline ?? calibrationSummary(labels, probabilities)).edges;
  const now = binnedOutcomes(labels, probabilities, edges);
  const pooled = poolBins(now, baseline?.bins ?? null, policy.minimumVariance);
  const level = levelTest(pooled);
  const tests = judgeTests(
    {
      level,
      shape: shapeTest(pooled),
      score: baseline === undefined ? spiegelhalterTest(labels, probabilities) : null,
    },
    policy,
  );
  const severity = worst(tests.map((test) => test.severity));
  const detectable =
    level === null || level.standardError === 0 ? null : (criticalZ(policy.alpha) + POWER) * level.standardError;
  const blind = detectable === null || detectable > policy.coarsestChange;
  const verdict: DriftVerdict = severity !== "none" ? "drift" : blind ? "insufficient" : "stable";
  const positives = now.reduce((sum, bin) => sum + bin.positives, 0);
  const expected = now.reduce((sum, bin) => sum + bin.expected, 0);
  const result = {
    verdict,
    severity,
    rows: labels.length,
    positives,
    expectedRate: expected / labels.length,
    observedRate: positives / labels.length,
    change: changeOf(pooled, level?.standardError ?? null),
    detectableChange: detectable === null ? null : Math.min(1, detectable),
    against,
    tests,
    bins: now.map((bin, i): JudgedBin => {
      const before = baseline?.bins[i];
      return {
        low: i === 0 ? 0 : (edges[i - 1] ?? 0),
        high: edges[i] ?? 1,
        rows: bin.rows,
        expected: bin.rows === 0 ? null : bin.expected / bin.rows,
        observed: bin.rows === 0 ? null : bin.positives / bin.rows,
        baselineResidual: before === undefined || before.rows === 0 ? null : residual(before),
      };
    }),
  } as const;
  return { ...result, message: wordsOf(result) };
}

const criticalZ = (alpha: number): number => criticalValue(normalTwoSidedTail, alpha);

function judgeTests(
  found: Record<CalibrationTest["what"], CalibrationStatistic | null>,
  policy: CalibrationPolicy,
): CalibrationTest[] {
  const entries = (["level", "shape", "score"] as const).flatMap((what) => {
    const test = found[what];
    return test === null ? [] : [{ what, test }];
  });
  const adjusted = benjaminiHochberg(entries.map(({ test }) => test.p));
  return entries.map(({ what, test }, i): CalibrationTest => {
    const adjustedP = adjusted[i] ?? 1;
    const { warning, critical } = policy[what];
    const significant = adjustedP <= policy.alpha;
    const severity = !significant || test.effect < warning ? "none" : test.effect < critical ? "warning" : "critical";
    const { statistic, p, log10p, effect } = test;
    return { what, statistic, pValue: p, log10p, adjustedP, effect, severity };
  });
}

function changeOf(pooled: readonly PooledBin[], standardError: number | null): MetricValue {
  const rows = pooled.reduce((sum, { now }) => sum + now.rows, 0);
  if (rows === 0 || standardError === null) return { value: null };
  const value = pooled.reduce((sum, { now, change }) => sum + (now.rows / rows) * change, 0);
  const reach = Z95 * standardError;
  return { value, low: Math.max(-1, value - reach), high: Math.min(1, value + reach) };
}

function noRows(against: CalibrationDrift["against"]): CalibrationDrift {
  return {
    verdict: "insufficient",
    severity: "none",
    rows: 0,
    positives: 0,
    expectedRate: null,
    observedRate: null,
    change: { value: null },
    detectableChange: null,
    against,
    tests: [],
    bins: [],
    message: "There are no outcomes to judge.",
  };
}

function wordsOf(drift: Omit<CalibrationDrift, "message">): string {
  const { verdict, rows, expectedRate, observedRate, detectableChange, tests } = drift;
  const seen = `${percent(observedRate ?? 0)} of ${rows} rows came true, ${percent(expectedRate ?? 0)} were expected`;
  if (verdict === "insufficient") {
    const least =
      detectableChange === null ? "" : ` Only a change of ${percent(detectableChange)} or more would be found.`;
    return `${seen}: too few outcomes to judge.${least}`;
  }
  if (verdict === "stable") return `${seen}; a change of ${percent(detectableChange ?? 0)} would show.`;
  const found = tests
    .filter(({ severity }) => severity !== "none")
    .map(({ what, log10p }) => `${what}, p ${pText(log10p)}`);
  return `Outcomes no longer follow the probabilities (${found.join("; ")}): ${seen}.`;
}
