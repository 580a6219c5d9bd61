import { ChurnkitError } from "../base/errors.js";
import type { Explainer } from "../model/explain/index.js";
import { type Moment, timeOf } from "./performance/labeled/records.js";
import { hourlyPlan, sequentialPlan, type SequentialPlan } from "../drift/sequential/index.js";
import type { MonitorBaseline } from "./baseline/baseline.js";
import { Counting, type PredictionMeta } from "./counting/counting.js";
import { type MonitorLabel, type MonitorTreatment, takeLabel, takeTreatment } from "./counting/intake.js";
import type { MonitorPolicies } from "./judging/findings.js";
import { beginHistory, closePeriods, type HistoryContext, type MonitorHistory } from "./judging/history.js";
import { unjoinedLabels, type UnjoinedLabels } from "./counting/joins.js";
import { horizonOf, noOutcomes, outcomesAt, type LabelRules } from "./counting/labels.js";
import { alarmChanges, judgeAll, recentView, spanOf } from "./judging/look-around.js";
import { reportOfParts, type MonitorReport } from "./judging/report.js";
import { baselineHash, checkMergeable, type MonitorState } from "./judging/state.js";
import {
  type SkippedCounts,
  type MonitorSettings,
  type MonitorPeriod,
  monitorPeriods,
  settingsOf,
} from "./counting/settings.js";
import { mergedTally, type Tally } from "./counting/tally.js";

/** Options of a monitor. */
export interface MonitorOptions {
  /** "hour" by default; a single look of `runMonitor` uses days if there are more hours than fit into memory. */
  readonly period?: MonitorPeriod | undefined;
  /** Milliseconds after its end at which a period closes, that is, how late a record may come. 0 by default. */
  readonly grace?: number | undefined;
  /**
   * Windows and allowance of false alarms. By default those of an hourly monitor; by day: windows of 1, 7 and 28
   * days.
   */
  readonly plan?: Partial<SequentialPlan> | undefined;
  readonly policies?: MonitorPolicies | undefined;
  /** When labels count. Without it no prediction is kept, and quality is only estimated. */
  readonly labels?: LabelRules | undefined;
  /** Explains sampled rows: the result of `monitorExplainer`. */
  readonly explainer?: Explainer | undefined;
  /** The watched version: predictions of another are counted separately and left out. */
  readonly version?: string | undefined;
  /** Seed of the samples; the same for all monitors that merge. 0 by default. */
  readonly seed?: number | undefined;
  /**
   * Sizes of the samples: by default 200 explained rows for each period and 10,000 predictions that wait for labels.
   */
  readonly samples?: Partial<MonitorSettings["samples"]> | undefined;
  /**
   * Start of the watch: earlier periods are skipped, and later ones without rows count as closed too. Without it the
   * watch begins with the first period that has rows. A state with closed periods continues from there.
   */
  readonly since?: Moment | undefined;
  /** Continues from a saved state. */
  readonly state?: MonitorState | undefined;
}

/** Watches one model. Its memory does not grow with the rows. */
export interface Monitor {
  readonly baseline: MonitorBaseline;
  readonly settings: MonitorSettings;
  /** Records not counted so far, by reason. */
  readonly skipped: SkippedCounts;
  /**
   * Adds a record as it was sent to the model, with its probability: null if it was refused. Do not change the record
   * afterward: a few hundred wait to be counted together.
   */
  add(record: unknown, probability: number | null, meta: PredictionMeta): void;
  /** Adds outcomes of predictions. A bad record is counted, never thrown. */
  addLabels(labels: Iterable<MonitorLabel>): void;
  /** Takes in who got a retention offer, and who was drawn to get none. A bad record is counted as a bad label. */
  addTreatments(treatments: Iterable<MonitorTreatment>): void;
  /**
   * Does deferred work: explains at most this many sampled rows, or without a number all of them after the last
   * records have been counted. Returns how many still wait.
   */
  settle(rows?: number): number;
  /** Everything as plain JSON. */
  snapshot(): MonitorState;
  /**
   * Adds the counts of another monitor with the same baseline and settings. Only one of two may have closed periods.
   *
   * @throws ChurnkitError CONTRACT_MISMATCH for another baseline, other settings, or two monitors that have both
   * closed periods; INPUT_TOO_LARGE for more open periods than a monitor can hold.
   */
  merge(other: MonitorState): void;
  /** Closes the periods that have ended by `now`, looks at the windows that are due, and reports. It changes the state. */
  advance(now: Moment): MonitorReport;
  /** Takes one look at everything that is open, each monitor at its policy's own significance. It closes nothing. */
  judge(now: Moment): MonitorReport;
}

const dailyPlan: SequentialPlan = { ...hourlyPlan, periodsPerYear: 365.25, windows: [1, 7, 28] };

/**
 * Makes a monitor of data quality, model quality, bias and feature attribution in constant memory: records are
 * counted by hour or day against the baseline, and figures that need single rows (attributions, late labels) use
 * samples. It runs anywhere, alone or as shards whose states merge, bit for bit as if one had seen everything.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range, CONTRACT_MISMATCH for a state of another baseline.
 *
 * @example
 * ```ts
 * import { defineFeatures, split, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { createMonitor, days, monitorBaseline } from "churnkit/monitor";
 * import { logistic, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 800, seed: 1 }).records);
 * const { train: rows, test: table } = split(customers, { seed: 1 });
 * const { artifact, scorer } = await train(defineFeatures(syntheticContract), rows, { learner: logistic() });
 * const monitor = createMonitor(await monitorBaseline({ artifact, table }), { labels: { window: days(30) } });
 *
 * const start = Date.UTC(2026, 1, 1);
 * syntheticCustomers({ rows: 500, seed: 2, scenario: "shifted" }).records.forEach((record, i) => {
 *   const { probability } = scorer.scoreRecord(record);
 *   monitor.add(record, probability, { at: start + i * 60_000, id: `p${i}` });
 * });
 * const { severity, monitors } = monitor.advance(start + 9 * 3_600_000);
 * console.assert(severity === "critical" && monitors.dataQuality.verdict === "drift");
 * ```
 */
export function createMonitor(baseline: MonitorBaseline, options: MonitorOptions = {}): Monitor {
  const { policies = {}, labels, explainer, version, grace = 0 } = options;
  const settings = settingsOf(options);
  const plan = sequentialPlan({ ...(settings.period === "day" ? dailyPlan : hourlyPlan), ...options.plan });
  if (labels !== undefined) outcomesAt([], [], labels, { from: 0, to: 0, now: 0 });
  if (!(grace >= 0 && grace <= 1e12))
    throw new ChurnkitError("OPTION_INVALID", `grace is ${grace}. Give milliseconds of 0 or more.`);
  const length = monitorPeriods[settings.period];
  const hash = baselineHash(baseline);
  const counting = new Counting(baseline, settings, { explainer, keepPredictions: labels !== undefined });
  let history: MonitorHistory | null = null;
  let last: MonitorReport | undefined;

  function context(state: Pick<MonitorState, "predictions" | "labels">, now: number): HistoryContext {
    return {
      baseline,
      policies,
      length,
      attributionRows: settings.samples.attribution,
      outcomes: ({ from, to }) => {
        if (labels === undefined) return noOutcomes;
        const horizon = horizonOf(labels);
        return outcomesAt(state.predictions, state.labels, labels, {
          from: from - horizon,
          to: to - horizon,
          now: Math.min(to, now),
        });
      },
    };
  }

  const unjoinedOf = (state: Pick<MonitorState, "predictions" | "labels">): UnjoinedLabels | null =>
    unjoinedLabels(state.predictions, state.labels, settings.samples.predictions);

  const monitor: Monitor = {
    baseline,
    settings,
    get skipped() {
      return counting.skipped;
    },
    add(record, probability, meta) {
      if (version !== undefined && meta.version !== undefined && meta.version !== version)
        counting.skip("otherVersion");
      else counting.add(record, probability, meta, history?.closedUntil ?? -Infinity);
    },
    addLabels(given) {
      for (const label of given) takeLabel(counting, label);
    },
    addTreatments(given) {
      for (const treatment of given) takeTreatment(counting, treatment);
    },
    settle(rows) {
      // Counting a few records costs nearly as much as counting a few hundred.
      if (rows === undefined) counting.flush();
      return counting.explain(rows ?? Infinity);
    },
    snapshot: () => ({ format: 1, baseline: hash, settings, ...counting.state(), history }),
    merge(other) {
      checkMergeable(other, { hash, settings, closed: history !== null });
      const closedUntil = (history ?? other.history)?.closedUntil ?? -Infinity;
      // Counts made here for periods that the other has closed come too late.
      if (other.history !== null) counting.closeBefore(closedUntil);
      counting.merge(other, closedUntil);
      history ??= other.history;
      last = undefined;
    },
    advance(now) {
      const at = timeOf(now);
      const before = history;
      const until = Math.floor((at - grace) / length) * length;
      const first = counting.firstPeriod();
      if (history === null && first !== undefined && first < until) history = beginHistory(plan, first);
      if (last !== undefined && (history?.closedUntil ?? until) >= until) {
        // Nothing has closed since, so the windows and the verdicts are unchanged.
        return (last = { ...last, at: new Date(at).toISOString(), skipped: counting.skipped, raised: [], cleared: [] });
      }
      if (history === null)
        return reportOfParts({
          ...headOf(at, baseline, null, counting),
          looked: "sequential",
          ...spanOf([], length),
          findings: judgeAll(baseline, null, noOutcomes, policies),
          ...noAlarms,
        });
      const state = counting.state();
      const here = context(state, at);
      history = closePeriods(history, until, new Map(state.periods.map(({ start, tally }) => [start, tally])), here);
      const views = recentView(history, here, {
        at,
        predictions: state.predictions,
        labels: state.labels,
        rules: labels,
        unjoined: unjoinedOf(state),
      });
      const horizon = labels === undefined ? 0 : horizonOf(labels);
      counting.forget(history.closedUntil, history.closedUntil - horizon - Math.max(...plan.windows) * length);
      last = reportOfParts({
        ...headOf(at, baseline, views.tally, counting),
        looked: "sequential",
        ...views.span,
        findings: views.findings,
        ...alarmChanges(before, history, length),
      });
      return last;
    },
    judge(now) {
      const at = timeOf(now);
      const state = counting.state();
      const tally = mergedTally(state.periods, settings.samples.attribution);
      const outcomes =
        labels === undefined
          ? noOutcomes
          : {
              ...outcomesAt(state.predictions, state.labels, labels, { from: -Infinity, to: Infinity, now: at }),
              unjoined: unjoinedOf(state),
            };
      return reportOfParts({
        ...headOf(at, baseline, tally, counting),
        looked: "once",
        ...spanOf(
          state.periods.map(({ start }) => start),
          length,
        ),
        findings: judgeAll(baseline, tally, outcomes, policies),
        ...noAlarms,
      });
    },
  };
  if (options.state !== undefined) monitor.merge(options.state);
  if (options.since !== undefined && history === null) {
    history = beginHistory(plan, Math.floor(timeOf(options.since, "since") / length) * length);
    counting.closeBefore(history.closedUntil);
  }
  return monitor;
}

const noAlarms = { alarms: [], raised: [], cleared: [] } as const;

const headOf = (
  at: number,
  baseline: MonitorBaseline,
  tally: Tally | null,
  { skipped }: Pick<MonitorState, "skipped">,
) => ({
  at: new Date(at).toISOString(),
  model: baseline.model.name,
  rows: { kept: tally?.rows ?? 0, rejected: tally?.rejected ?? 0, unscored: tally?.unscored ?? 0 },
  skipped,
});
