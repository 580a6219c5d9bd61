import { ChurnkitError } from "../base/errors.js";
import type { ObjectStore } from "../io/store/index.js";
import { millisecondsOf, type Moment } from "./performance/labeled/records.js";
import type { MonitorBaseline } from "./baseline/baseline.js";
import { captureLog, type CaptureIssueCount } from "./capture/capture.js";
import { checkOutput, type CaptureOutput } from "./capture/output.js";
import { readCaptureLines, type CaptureLimits } from "./capture/read.js";
import { labelLog, readLabelLines } from "./capture/read-labels.js";
import { createMonitor, type Monitor, type MonitorOptions } from "./monitor.js";
import type { MonitorReport } from "./judging/report.js";
import { sampleKey } from "./counting/sample.js";
import { openPeriodLimit } from "./counting/open-periods.js";
import { parseMonitorState, type MonitorState } from "./judging/state.js";
import { type MonitorPeriod, monitorPeriods } from "./counting/settings.js";

/** Location of captured data, and their baseline. */
export interface MonitorRunOptions extends MonitorOptions {
  readonly store: Pick<ObjectStore, "list" | "getStream">;
  /**
   * Places of the captured data: every object below these whose name ends in .jsonl, .json, .ndjson, also followed by
   * a number or .gz; and an object of exactly this name, whatever it is.
   */
  readonly prefix: string | readonly string[];
  readonly baseline: MonitorBaseline;
  /** Predictions made from here on, and before `to`. Default: all. */
  readonly from?: Moment | undefined;
  readonly to?: Moment | undefined;
  /**
   * Locations of labels: like `prefix`, and .csv too. Labels from before `from` are skipped if keys include the hour.
   */
  readonly labelsPrefix?: string | readonly string[] | undefined;
  /**
   * When the run looks: decides which labels are mature. `to` by default (in a sequence the end of its grace), or the end of the
   * last period; once, not after the present.
   */
  readonly now?: Moment | undefined;
  /** One of several machines: reads the objects whose name's hash falls to index `index` of `count`, from 0. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** States of other shards, merged into this one. */
  readonly merge?: readonly unknown[] | undefined;
  /**
   * `once` (default): one look at the whole time, each monitor at its policy's own significance. `sequential`:
   * periods are closed one after the other, from `from` on or continuing from `state`, for a job that runs
   * repeatedly. If those up to `to` don't fit into memory together, only the first are closed: the state's
   * `history.closedUntil` shows how far it came.
   */
  readonly look?: "once" | "sequential" | undefined;
  /** The columns of CSV payloads, unless they are the contract's features in order. */
  readonly columns?: readonly string[] | undefined;
  /** Form of the outputs in SageMaker's captures where they do not name it, as `readCaptureLines` takes it. */
  readonly outputForm?: CaptureOutput | undefined;
  readonly limits?: Partial<CaptureLimits> | undefined;
}

/** Result of a run. Plain JSON. */
export interface MonitorRun {
  readonly report: MonitorReport;
  /**
   * Everything counted, for merging with other shards or for continuing: before the report of a single look, after
   * that of a sequence.
   */
  readonly state: MonitorState;
  readonly read: {
    readonly objects: number;
    readonly predictions: number;
    /** Predictions from before `from`, or from `to` on. */
    readonly outside: number;
    /** The versions of the model that made them, at most 20. */
    readonly versions: readonly string[];
    readonly labels: number;
    readonly badLabels: number;
    /** The first few lines without a label, as "source:line". */
    readonly badLabelExamples: readonly string[];
    readonly badLabelCauses: readonly string[];
    readonly issues: readonly CaptureIssueCount[];
  };
}

// A number after the name marks a file that captureToFile moved aside.
const mostVersions = 20;
const capturedName = /\.(jsonl|json|ndjson)(\.\d+)?(\.gz)?$/i;
const labelName = /\.(jsonl|json|ndjson|csv)(\.gz)?$/i;

/**
 * Runs the monitors over captured data of a time span: the scheduled job behind the Lambda handler, the Processing
 * job and `churnkit monitor`. Objects are streamed one after the other, so memory does not depend on their number or
 * size. Several machines may each take a shard; their states merge, bit for bit, to what one would have counted.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range, STORE_FAILED, CONTRACT_MISMATCH for states of
 * another baseline. Problems in the data are counted, never thrown.
 */
export async function runMonitor(options: MonitorRunOptions): Promise<MonitorRun> {
  const { look = "once", merge = [] } = options;
  const states = merge.map(parseMonitorState);
  const period = options.period ?? options.state?.settings.period ?? states[0]?.settings.period;
  if (look === "sequential") return runSequence({ ...options, period: period ?? "hour" }, states);
  // A single look does not need hours: if they don't fit into memory, it uses days.
  const byHour = period === undefined ? await runBy({ ...options, period: "hour" }, states, "whole") : undefined;
  return byHour ?? runBy({ ...options, period: period ?? "day" }, states, "asFarAsFits");
}

/** Goes on from where the state ends, up to `to` or to as many periods as fit into memory: the state says how far it came. */
async function runSequence(
  given: MonitorRunOptions & { readonly period: MonitorPeriod },
  states: readonly MonitorState[],
): Promise<MonitorRun> {
  const options = { ...given, from: given.from ?? given.state?.history?.closedUntil };
  const { baseline, period, grace = 0 } = options;
  const from = timeOption("from", options.from, -Infinity);
  const to = timeOption("to", options.to, Infinity);
  if (to - from === Infinity) return runBy(options, states, "asFarAsFits");
  const whole = await runBy(options, states, "whole");
  if (whole !== undefined) return whole;
  const { settings } = createMonitor(baseline, { samples: options.samples });
  const end = Math.min(to, from + openPeriodLimit(baseline, settings) * monitorPeriods[period]);
  return runBy({ ...options, to: end, now: end + grace }, states, "asFarAsFits");
}

async function runBy(
  options: MonitorRunOptions,
  states: readonly MonitorState[],
  how: "asFarAsFits",
): Promise<MonitorRun>;
/** @returns undefined if records had to be dropped. */
async function runBy(
  options: MonitorRunOptions,
  states: readonly MonitorState[],
  how: "whole",
): Promise<MonitorRun | undefined>;
async function runBy(
  options: MonitorRunOptions,
  states: readonly MonitorState[],
  how: "whole" | "asFarAsFits",
): Promise<MonitorRun | undefined> {
  const { baseline, store, prefix, labelsPrefix, look = "once" } = options;
  const from = timeOption("from", options.from, -Infinity);
  const to = timeOption("to", options.to, Infinity);
  checkOutput(options.outputForm);
  if (from >= to)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `from is ${new Date(from).toISOString()}, not before to, which is ${new Date(to).toISOString()}.`,
      { where: { path: "from" } },
    );
  const monitor = createMonitor(baseline, {
    ...options,
    since: look === "sequential" ? (options.since ?? options.from) : undefined,
  });
  const givenUp = monitor.skipped.tooManyPeriods;
  const log = captureLog();
  const labels = labelLog();
  const versions = new Set<string>();
  let predictions = 0;
  let outside = 0;
  const keys = shardOf(await keysUnder(store, prefix, capturedName), options.shard).filter((key) =>
    mayHold(key, from, to),
  );
  for (const key of keys) {
    const found = await store.getStream(key);
    if (found === undefined) continue;
    for await (const one of readCaptureLines(found.stream, {
      contract: baseline.contract,
      columns: options.columns,
      outputForm: options.outputForm,
      log,
      source: key,
      limits: options.limits,
    })) {
      predictions++;
      const { record, probability, id, at, version, treated, control } = one;
      if (version !== null && versions.size < mostVersions) versions.add(version);
      const time = Date.parse(at);
      if (time < from || time >= to) outside++;
      else
        monitor.add(record, probability, {
          at: time,
          id: id ?? undefined,
          version: version ?? undefined,
          treated,
          control,
        });
      if (how === "whole" && monitor.skipped.tooManyPeriods > givenUp) return undefined;
    }
  }
  const labelKeys = labelsPrefix === undefined ? [] : await keysUnder(store, labelsPrefix, labelName);
  await readLabels(
    monitor,
    labelKeys.filter((key) => mayHold(key, from, Infinity)),
    options,
    labels,
  );
  for (const state of states) monitor.merge(state);
  const counted = look === "once" ? monitor.snapshot() : undefined;
  // The last period may not have ended: a look at a future time would treat outcomes as known, and a retraining
  // policy refuses it.
  const end = look === "once" ? Math.min(lastEnd(monitor), Date.now()) : lastEnd(monitor);
  // A period that ends at `to` closes after the grace.
  const whole = look === "once" ? to : to + (options.grace ?? 0);
  const now = timeOption("now", options.now, to === Infinity ? end : whole);
  const report = look === "once" ? monitor.judge(now) : monitor.advance(now);
  return {
    report,
    state: counted ?? monitor.snapshot(),
    read: {
      objects: keys.length,
      predictions,
      outside,
      versions: [...versions].sort(),
      labels: labels.labels,
      badLabels: labels.bad,
      badLabelExamples: labels.examples,
      badLabelCauses: labels.causes,
      issues: log.list(),
    },
  };
}

async function readLabels(
  monitor: Monitor,
  keys: readonly string[],
  { store, baseline }: MonitorRunOptions,
  log: ReturnType<typeof labelLog>,
): Promise<void> {
  const { positive } = baseline.model;
  const others = baseline.contract.target?.classes.filter((label) => label !== positive);
  const negative = others ?? baseline.model.negative;
  for (const key of keys) {
    const found = await store.getStream(key);
    if (found === undefined) continue;
    for await (const label of readLabelLines(found.stream, { positive, negative, log, source: key }))
      monitor.addLabels([label]);
  }
}

async function keysUnder(
  store: Pick<ObjectStore, "list">,
  prefix: string | readonly string[],
  named: RegExp,
): Promise<string[]> {
  const keys = new Set<string>();
  for (const each of typeof prefix === "string" ? [prefix] : prefix) {
    for (const { key } of await store.list(each)) if (key === each || named.test(key)) keys.add(key);
  }
  return [...keys];
}

function shardOf(keys: readonly string[], shard: MonitorRunOptions["shard"]): readonly string[] {
  if (shard === undefined) return keys;
  const { index, count } = shard;
  if (!(Number.isInteger(count) && count >= 1 && Number.isInteger(index) && index >= 0 && index < count)) {
    throw new ChurnkitError("OPTION_INVALID", `Shard ${index} of ${count} does not exist. Count from 0.`);
  }
  // By name and not by position, because objects may arrive while the machines list them.
  return keys.filter((key) => sampleKey(key, 0) % count === index);
}

const hourOfKey = /(?:^|\/)(\d{4})\/(\d{2})\/(\d{2})\/(\d{2})\//;
const hour = 3_600_000;

/**
 * Returns whether an object may have predictions of the time, by the hour in its key. A capture may be filed an hour
 * late.
 */
function mayHold(key: string, from: number, to: number): boolean {
  const [, year, month, day, at] = hourOfKey.exec(key) ?? [];
  if (year === undefined) return true;
  const start = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(at));
  return start + hour > from && start - hour < to;
}

function timeOption(name: string, moment: Moment | undefined, otherwise: number): number {
  if (moment === undefined) return otherwise;
  const time = millisecondsOf(moment);
  if (time !== undefined) return time;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${name} is ${String(moment)}. Give milliseconds, an ISO 8601 text or a Date.`,
  );
}

/** The end of the last period with rows. */
function lastEnd(monitor: Monitor): number {
  const { periods, settings, history } = monitor.snapshot();
  const last = periods[periods.length - 1];
  return last === undefined ? (history?.closedUntil ?? 0) : last.start + (settings.period === "day" ? 24 : 1) * hour;
}
