import { ChurnkitError } from "../../base/errors.js";
import { hashJson } from "../../base/hash.js";
import {
  count,
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  text,
  texts,
  version,
  type Decoder,
  documentError,
  JsonValue,
  optional,
} from "../../base/json/index.js";
import { profileDecoder } from "../../data/profile/index.js";
import { biasCounts } from "../bias/parse.js";
import { confidenceCountsDecoder } from "../performance/confidence-counts.js";
import { sequentialDecoder } from "../../drift/sequential/index.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { monitorNames } from "./findings.js";
import type { MonitorHistory } from "./history.js";
import type { Counts } from "../counting/counting.js";
import { mostPeriods, type MonitorSettings } from "../counting/settings.js";
import type { Tally } from "../counting/tally.js";

/** A monitor as plain JSON, for storing, sending and merging. */
export interface MonitorState extends Counts {
  readonly format: 1;
  /** Hash of the baseline of all counts. */
  readonly baseline: string;
  readonly settings: MonitorSettings;
  /** Null until a report has closed a period. */
  readonly history: MonitorHistory | null;
}

/** Identity of a baseline. */
export const baselineHash = (baseline: MonitorBaseline): string => hashJson(baseline);

/**
 * Refuses the state of a monitor that counted otherwise, or that has reported as this one has.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH.
 */
export function checkMergeable(
  other: MonitorState,
  { hash, settings, closed }: { hash: string; settings: MonitorSettings; closed: boolean },
): void {
  const refuse = (what: string): never => {
    throw new ChurnkitError("CONTRACT_MISMATCH", what);
  };
  if (other.baseline !== hash)
    refuse("The other monitor counted against another baseline. Use the same monitor.json for both.");
  if (JSON.stringify(other.settings) !== JSON.stringify(settings)) {
    refuse(
      `The other monitor has the settings ${JSON.stringify(other.settings)}, this one ${JSON.stringify(settings)}. Use the same period, seed and samples for both.`,
    );
  }
  if (closed && other.history !== null)
    refuse("Both monitors have closed periods in a report. Let one of them report and the others only count.");
}

const mostSamples = 1_000_000;

const key = { key: count(), id: text() };

const tally: Decoder<Tally> = object({
  rows: count(),
  rejected: count(),
  unscored: count(),
  issues: list(object({ column: text(), rule: text(), count: count() })),
  extraColumns: texts(1_000),
  profile: profileDecoder,
  confidence: confidenceCountsDecoder,
  bias: nullable(biasCounts),
  attributed: list(object({ ...key, values: list(number(0)) }), mostSamples),
});

const outcome: Decoder<0 | 1> = (json) => (count(0, 1)(json) === 1 ? 1 : 0);
const maybeTime = nullable(number());
const part = nullable(tally);

const history: Decoder<MonitorHistory> = object({
  closedUntil: number(),
  sequential: sequentialDecoder,
  windows: object({
    period: count(),
    windows: list(object({ length: count(1, 100_000), open: part, closed: list(part, 8) }), 8),
  }),
  alarms: list(
    object({
      monitor: oneOf(monitorNames),
      severity: oneOf(["warning", "critical"]),
      window: count(1),
      since: number(),
      message: text(),
    }),
    100,
  ),
});

const state: Decoder<MonitorState> = object({
  format: version(1),
  baseline: text(),
  settings: object({
    period: oneOf(["hour", "day"]),
    seed: count(),
    samples: object({ attribution: count(0, mostSamples), predictions: count(0, mostSamples) }),
  }),
  periods: list(object({ start: number(), tally }), mostPeriods),
  predictions: list(
    object({ ...key, time: number(), probability: number(0, 1), sides: text(), treated: flag, control: flag }),
    mostSamples,
  ),
  labels: list(
    object({
      ...key,
      reports: list(object({ time: maybeTime, recorded: maybeTime, outcome }), 4),
      marks: optional(list(object({ time: number(), treated: flag }), 4)),
    }),
    mostSamples,
  ),
  skipped: object({
    late: count(),
    tooManyPeriods: count(),
    badTime: count(),
    otherVersion: count(),
    badLabels: count(),
  }),
  history: nullable(history),
});

const corrupt = documentError("STATE_CORRUPT", "", "Restore it from a copy, or start over.");

/**
 * Reads a monitor's state from untrusted JSON.
 *
 * @throws ChurnkitError STATE_CORRUPT naming the path of the problem.
 *
 * @example
 * ```ts
 * import { createMonitor, parseMonitorState, type Monitor, type MonitorBaseline } from "churnkit/monitor";
 *
 * // Goes on from a state that was kept as JSON.
 * export const resume = (baseline: MonitorBaseline, json: string): Monitor =>
 *   createMonitor(baseline, { state: parseMonitorState(JSON.parse(json)) });
 * ```
 */
export const parseMonitorState = (json: unknown): MonitorState =>
  state(JsonValue.of(json, "The monitor's state", corrupt));
