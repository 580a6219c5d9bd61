import { ChurnkitError } from "../base/errors.js";
import { documentError, JsonValue } from "../base/json/index.js";
import type { MetricSink } from "../io/metrics/index.js";
import { type ObjectStore, typedStore } from "../io/store/index.js";
import { type Clock, liesAhead, systemClock } from "../base/async/index.js";
import { heartbeat } from "./retraining/index.js";
import { createMonitor } from "./monitor.js";
import { monitorPoints, type MonitorReport, parseMonitorState, type MonitorState } from "./judging/index.js";
import { runMonitor, type MonitorRunOptions } from "./run-monitor.js";
import { monitorPeriods } from "./counting/index.js";
import { millisecondsOf } from "./performance/index.js";

/** Options of a scheduled monitor. */
export interface MonitorLambdaOptions extends Omit<
  MonitorRunOptions,
  "store" | "from" | "to" | "now" | "look" | "state" | "merge" | "shard" | "grace"
> {
  /**
   * Milliseconds after its end at which a period closes. 10 minutes by default: captured data are written some
   * minutes after the predictions, and data that arrive after their period has closed are never counted.
   */
  readonly grace?: number | undefined;
  /** Store of the captured data, and of the monitor's own files. */
  readonly store: ObjectStore;
  /** Place of the monitor's state and reports, such as `monitoring/churn`. */
  readonly keep: string;
  readonly sink?: MetricSink | undefined;
  /** Added to every point, such as `{ model: "churn" }`. */
  readonly pointLabels?: Readonly<Record<string, string>> | undefined;
  /**
   * Called with each report, for example to send a message if something was raised. The call comes before the state
   * is saved. If it throws, the whole call fails and the next one reports again, so nothing raised is lost, and
   * occasionally something is reported twice.
   */
  readonly onReport?: ((report: MonitorReport) => Promise<void> | void) | undefined;
  /** What says how late it is. Default: the system's clock; a rehearsal gives its own. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** Sent after each round of work, so that a failing monitor is noticed. */
  readonly heartbeat?: { readonly monitor: string; readonly everySeconds: number } | undefined;
}

/** Answer of a call: small, because Lambda logs it. */
export interface MonitorLambdaResult {
  /** False if another call had already done this period. */
  readonly done: boolean;
  readonly verdict: MonitorReport["verdict"];
  readonly severity: MonitorReport["severity"];
  readonly message: string;
  /** Place of the report in the store. */
  readonly report: string;
  readonly raised: readonly string[];
  /** Of the periods that were closed. */
  readonly predictions: number;
  /** Unreadable lines and similar problems. */
  readonly issues: number;
}

/**
 * A scheduled monitor as a plain function of its event: use it as a Lambda handler for EventBridge's schedule, or as
 * a cron job's body. The first call begins the watch with the period that ended before it, or at `since`. Each call
 * closes all periods that have ended by the event's time and are still open, even empty ones, so the next call makes
 * up for one that failed or never came; a repeated call does nothing. If more periods have rows than fit into memory,
 * it works in several rounds, each with its own report. State and reports are kept in the store, under
 * compare-and-swap if the store has it.
 *
 * The event is EventBridge's (its `time` counts) or `{ time }`; without either the current time counts.
 *
 * @throws ChurnkitError (from the handler) OPTION_INVALID for an event with an invalid or future time, STORE_FAILED,
 * STATE_CORRUPT.
 *
 * @example
 * ```ts
 * import { days, monitorBaselineOf } from "churnkit/monitor";
 * import { memoryStore } from "churnkit/io";
 * import { loadBundle } from "churnkit/model";
 * import { monitorLambda } from "churnkit/serving";
 *
 * const { artifact } = await loadBundle("model");
 * export const handler = monitorLambda({
 *   store: memoryStore(), // s3Store of churnkit/io/s3
 *   prefix: "captured/churn/",
 *   labelsPrefix: "labels/churn/",
 *   keep: "monitoring/churn",
 *   baseline: monitorBaselineOf(artifact),
 *   labels: { window: days(30) },
 * });
 * const { severity } = await handler({ time: "2026-02-01T13:00:00Z" });
 * console.assert(severity === "none");
 * ```
 */
export function monitorLambda(options: MonitorLambdaOptions): (event: unknown) => Promise<MonitorLambdaResult> {
  const { keep, sink, pointLabels = {}, onReport, heartbeat: beat, period = "hour", grace = usualGrace } = options;
  const { clock = systemClock } = options;
  const store = typedStore(options.store);
  const stateKey = `${keep}/state.json`;
  const length = monitorPeriods[period];

  /** One run of the monitor from the state kept, told and kept. Without `kept` in what it gives, somebody else did it meanwhile. */
  const close = async ({ state, version }: Kept, from: number, to: number): Promise<Closed> => {
    const span = { since: from, from, to } as const;
    const run = await runMonitor({ ...options, ...span, store, period, grace, state, look: "sequential" });
    const { report, read, state: after } = run;
    const end = after.history?.closedUntil ?? to;
    const key = reportKey(keep, end);
    await store.put(key, encode({ ...report, read }));
    const at = new Date(clock.now());
    await sink?.write([
      ...monitorPoints(report, { at, labels: pointLabels }),
      { name: "monitor_heartbeat_timestamp_seconds", value: at.getTime() / 1000, labels: pointLabels, at },
    ]);
    await sink?.flush?.();
    await onReport?.(report);
    // The state last: if it was not saved, everything before it is repeated, which does no harm.
    const kept = await keepState(store, stateKey, after, version);
    const issues = read.issues.reduce((sum, { count }) => sum + count, 0);
    return { kept, end, report, key, predictions: read.predictions - read.outside, issues };
  };

  return async (event) => {
    const to = Math.floor((eventTime(event, clock.now()) - grace) / length) * length;
    const begin = (): MonitorState =>
      createMonitor(options.baseline, { ...options, period, since: options.since ?? to - length }).snapshot();
    let kept = (await readState(store, stateKey)) ?? (await beginState(store, stateKey, begin()));
    let from = kept.state.history?.closedUntil ?? to - length;
    if (from >= to) return already(store, reportKey(keep, from));
    const raised: MonitorReport["raised"][number][] = [];
    let [predictions, issues] = [0, 0];
    for (;;) {
      const closed = await close(kept, from, to);
      if (closed.kept === undefined) return already(store, closed.key);
      raised.push(...closed.report.raised);
      predictions += closed.predictions;
      issues += closed.issues;
      if (beat !== undefined) await heartbeat(store, { ...beat, detail: closed.report.message });
      if (closed.end === to) return resultOf({ ...closed.report, raised }, closed.key, true, { predictions, issues });
      [kept, from] = [closed.kept, closed.end];
    }
  };
}

/** A state in the store; `version` is for compare-and-swap. */
interface Kept {
  readonly state: MonitorState;
  readonly version: string;
}

interface Closed extends Pick<MonitorLambdaResult, "predictions" | "issues"> {
  readonly kept: Kept | undefined;
  /** The first millisecond that is not closed. */
  readonly end: number;
  readonly report: MonitorReport;
  readonly key: string;
}

async function readState(store: ObjectStore, key: string): Promise<Kept | undefined> {
  const found = await store.get(key);
  return found && { state: parseMonitorState(jsonOf(found.bytes, key)), version: found.version };
}

/** The start of the watch is saved before anything else, so that the next call makes up for a failed first one too. */
async function beginState(store: ObjectStore, key: string, state: MonitorState): Promise<Kept> {
  const kept = (await keepState(store, key, state, null)) ?? (await readState(store, key));
  if (kept !== undefined) return kept;
  throw new ChurnkitError("STORE_FAILED", `${key} disappeared during the call. Call again.`, { where: { file: key } });
}

const usualGrace = 600_000;

const corrupt = documentError("STATE_CORRUPT", "The object", "Restore it from a copy, or remove it to start over.");

const reportKey = (keep: string, to: number): string =>
  `${keep}/reports/${new Date(to).toISOString().slice(0, 16).replace(/[-T:]/g, "/")}.json`;

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

const jsonOf = (bytes: Uint8Array, key: string): unknown => JsonValue.parse(bytes, key, corrupt).value;

/** Undefined if another process has saved a state in the meantime. */
async function keepState(
  store: ObjectStore,
  key: string,
  state: MonitorState,
  version: string | null,
): Promise<Kept | undefined> {
  try {
    const info = await store.put(key, encode(state), store.capabilities.compareAndSwap ? { ifVersion: version } : {});
    return { state, version: info.version };
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "STORE_CONFLICT") return undefined;
    throw error;
  }
}

async function already(store: ObjectStore, key: string): Promise<MonitorLambdaResult> {
  const nothing = { predictions: 0, issues: 0 };
  const found = await store.get(key);
  if (found !== undefined) return resultOf(jsonOf(found.bytes, key) as MonitorReport, key, false, nothing);
  const message = "This period was closed before.";
  return resultOf({ verdict: "insufficient", severity: "none", message, raised: [] }, key, false, nothing);
}

function resultOf(
  { verdict, severity, message, raised }: Pick<MonitorReport, "verdict" | "severity" | "message" | "raised">,
  report: string,
  done: boolean,
  counts: Pick<MonitorLambdaResult, "predictions" | "issues">,
): MonitorLambdaResult {
  return {
    done,
    verdict,
    severity,
    message: message.slice(0, 2_000),
    report,
    raised: raised.slice(0, 50).map(({ monitor, subject, severity: how }) => `${monitor} ${subject} (${how})`),
    ...counts,
  };
}

function eventTime(event: unknown, now: number): number {
  const time = typeof event === "object" && event !== null ? (event as { time?: unknown }).time : undefined;
  if (time === undefined || time === null) return now;
  const at = millisecondsOf(time);
  if (at !== undefined && liesAhead(at, now)) {
    // Periods closed too early would accept no records when their time comes.
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The event's time ${new Date(at).toISOString()} is in the future: the clock here says ${new Date(now).toISOString()}. Give a past time.`,
      { where: { path: "time", value: time } },
    );
  }
  if (at !== undefined) return at;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The event's time is ${JSON.stringify(time)}. Give an ISO 8601 text, as EventBridge does.`,
    { where: { path: "time", value: time } },
  );
}
