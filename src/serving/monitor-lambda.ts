import { ChurnkitError } from "../base/errors.js";
import type { MetricSink } from "../io/metric-sink.js";
import type { ObjectStore } from "../io/object-store.js";
import { heartbeat } from "../drift/retraining/heartbeat.js";
import { monitorPoints } from "../drift/monitor/points.js";
import type { MonitorReport } from "../drift/monitor/report.js";
import { runMonitor, type MonitorRunOptions } from "../drift/monitor/run.js";
import { monitorPeriods, parseMonitorState, type MonitorState } from "../drift/monitor/state.js";
import { millisecondsOf } from "../drift/performance/labelled/records.js";

/** What a scheduled monitor works with. */
export interface MonitorLambdaOptions extends Omit<MonitorRunOptions, "store" | "from" | "to" | "now" | "look" | "state" | "merge" | "shard" | "grace"> {
  /**
   * Milliseconds after its end at which a period closes. 10 minutes by default: captured data are written some minutes after
   * the predictions, and what comes after its period has closed is never counted.
   */
  readonly grace?: number | undefined;
  /** Holds the captured data, and what the monitor keeps. */
  readonly store: ObjectStore;
  /** Where the monitor's state and reports are kept, such as `monitoring/churn`. */
  readonly keep: string;
  readonly sink?: MetricSink | undefined;
  /** Go with every point, such as `{ model: "churn" }`. */
  readonly pointLabels?: Readonly<Record<string, string>> | undefined;
  /**
   * Told of each report, such as to send a message where something was raised. Before the state is kept: where it throws, the
   * call fails and the next tells again, so nothing raised is lost, and now and then something is told twice.
   */
  readonly onReport?: ((report: MonitorReport) => Promise<void> | void) | undefined;
  /** Recorded after each round of work, so that a monitor that fails is missed. */
  readonly heartbeat?: { readonly monitor: string; readonly everySeconds: number } | undefined;
}

/** What a call answers: small, since Lambda logs it. */
export interface MonitorLambdaResult {
  /** False where another call had done this period already. */
  readonly done: boolean;
  readonly verdict: MonitorReport["verdict"];
  readonly severity: MonitorReport["severity"];
  readonly message: string;
  /** Where the report lies in the store. */
  readonly report: string;
  readonly raised: readonly string[];
  /** Of the periods that were closed. */
  readonly predictions: number;
  /** Lines that could not be read, and the like. */
  readonly issues: number;
}

/**
 * A scheduled monitor as a plain function of its event: made once, it is a Lambda handler for EventBridge's schedule, or a cron
 * job's body. Each call closes all periods that have ended by the event's time and were not closed before, so a call that
 * failed or never came is made good by the next; one that comes twice does nothing the second time. State and reports are
 * kept in the store, under compare-and-swap where the store has it.
 *
 * The event is EventBridge's (its `time` counts) or `{ time }`; without either the present counts.
 *
 * @throws ChurnkitError (from the handler) OPTION_INVALID for an event without a valid time, STORE_FAILED, STATE_CORRUPT.
 *
 * @example
 * ```ts
 * import { days, monitorBaselineOf } from "churnkit/drift";
 * import { memoryStore } from "churnkit/io";
 * import { loadBundle } from "churnkit/model";
 * import { monitorLambda } from "churnkit/serving";
 *
 * const { artefact } = await loadBundle("model");
 * export const handler = monitorLambda({
 *   store: memoryStore(), // s3Store of churnkit/io/s3
 *   prefix: "captured/churn/",
 *   labelsPrefix: "labels/churn/",
 *   keep: "monitoring/churn",
 *   baseline: monitorBaselineOf(artefact),
 *   labels: { window: days(30) },
 * });
 * const { severity } = await handler({ time: "2026-02-01T13:00:00Z" });
 * console.assert(severity === "none");
 * ```
 */
export function monitorLambda(options: MonitorLambdaOptions): (event: unknown) => Promise<MonitorLambdaResult> {
  const { store, keep, sink, pointLabels = {}, onReport, heartbeat: beat, period = "hour", grace = usualGrace } = options;
  const stateKey = `${keep}/state.json`;
  const length = monitorPeriods[period];
  return async (event) => {
    const now = eventTime(event);
    const to = Math.floor((now - grace) / length) * length;
    const found = await store.get(stateKey);
    const state = found === undefined ? undefined : parseMonitorState(jsonOf(found.bytes, stateKey));
    const closedUntil = state?.history?.closedUntil;
    if (closedUntil !== undefined && closedUntil >= to) return already(store, reportKey(keep, closedUntil));
    const run = await runMonitor({ ...options, grace, ...(state === undefined ? {} : { state }), from: closedUntil ?? to - length, to, now: to + grace, look: "sequential" });
    const { report, read } = run;
    const key = reportKey(keep, to);
    await store.put(key, encode({ ...report, read }));
    const at = new Date();
    await sink?.write([...monitorPoints(report, { at, labels: pointLabels }), { name: "monitor_heartbeat_timestamp_seconds", value: at.getTime() / 1000, labels: pointLabels, at }]);
    await sink?.flush?.();
    await onReport?.(report);
    // The state last: where it was not kept, all that comes before it is done again, which does no harm.
    const kept = await keepState(store, stateKey, run.state, found?.version ?? null);
    if (!kept) return already(store, key);
    if (beat !== undefined) await heartbeat(store, { ...beat, detail: report.message });
    return resultOf(report, key, true, { predictions: read.predictions - read.outside, issues: read.issues.reduce((sum, { count }) => sum + count, 0) });
  };
}

const usualGrace = 600_000;

const reportKey = (keep: string, to: number): string => `${keep}/reports/${new Date(to).toISOString().slice(0, 16).replace(/[-T:]/g, "/")}.json`;

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

function jsonOf(bytes: Uint8Array, key: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (cause) {
    throw new ChurnkitError("STATE_CORRUPT", `${key} is not JSON. Restore it from a copy, or remove it to begin anew.`, { where: { file: key }, cause });
  }
}

/** False where somebody else has kept a state meanwhile. */
async function keepState(store: ObjectStore, key: string, state: MonitorState, version: string | null): Promise<boolean> {
  try {
    await store.put(key, encode(state), store.capabilities.compareAndSwap ? { ifVersion: version } : {});
    return true;
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "STORE_CONFLICT") return false;
    throw error;
  }
}

async function already(store: ObjectStore, key: string): Promise<MonitorLambdaResult> {
  const found = await store.get(key);
  if (found === undefined) return { done: false, verdict: "insufficient", severity: "none", message: "This period was closed before.", report: key, raised: [], predictions: 0, issues: 0 };
  return resultOf(jsonOf(found.bytes, key) as MonitorReport, key, false, { predictions: 0, issues: 0 });
}

function resultOf(
  { verdict, severity, message, raised }: MonitorReport,
  report: string,
  done: boolean,
  counts: Pick<MonitorLambdaResult, "predictions" | "issues">,
): MonitorLambdaResult {
  return { done, verdict, severity, message: message.slice(0, 2_000), report, raised: raised.slice(0, 50).map(({ monitor, subject, severity: how }) => `${monitor} ${subject} (${how})`), ...counts };
}

function eventTime(event: unknown): number {
  const time = typeof event === "object" && event !== null ? (event as { time?: unknown }).time : undefined;
  if (time === undefined || time === null) return Date.now();
  const at = millisecondsOf(time);
  if (at !== undefined) return at;
  throw new ChurnkitError("OPTION_INVALID", `The event's time is ${JSON.stringify(time)}. Give an ISO 8601 text, as EventBridge does.`, { where: { path: "time", value: time } });
}
