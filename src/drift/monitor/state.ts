import { ChurnkitError } from "../../base/errors.js";
import { hashJson } from "../../base/hash.js";
import { parseProfile } from "../../data/profile/parse.js";
import { JsonValue } from "../../model/bundle/json.js";
import { parseBiasCounts } from "../bias/parse.js";
import { parseConfidenceCounts } from "../performance/confidence-counts.js";
import { parseSequential } from "../sequential/parse.js";
import type { MonitorBaseline } from "./baseline.js";
import { monitorNames } from "./findings.js";
import type { MonitorHistory } from "./history.js";
import type { StandingAlarm } from "./looks.js";
import type { SampledLabel, SampledPrediction } from "./labels.js";
import type { AttributedRow, IssueTally, Tally } from "./tally.js";
import type { WindowParts } from "./windows.js";

/** The lengths of a monitor's period, in milliseconds. */
export const monitorPeriods = { hour: 3_600_000, day: 86_400_000 } as const;
/** A name of {@link monitorPeriods}. */
export type MonitorPeriod = keyof typeof monitorPeriods;

/** What must be the same for two monitors to be merged. */
export interface MonitorSettings {
  readonly period: MonitorPeriod;
  readonly seed: number;
  /** Rows explained for each period; predictions kept to be joined with labels. */
  readonly samples: { readonly attribution: number; readonly predictions: number };
}

/** Records that were not counted, by why. */
export interface SkippedCounts {
  /** Their period had been closed. */
  readonly late: number;
  /** They would have opened more periods than fit into a monitor's memory, 128 MiB for all that are open. */
  readonly tooManyPeriods: number;
  /** Their time is no time. */
  readonly badTime: number;
  /** Another model version predicted them. */
  readonly otherVersion: number;
  /** Labels without a usable id, time or outcome. */
  readonly badLabels: number;
}

/** A monitor as plain JSON: to be kept, sent, merged. */
export interface MonitorState {
  readonly format: 1;
  /** Hash of the baseline that everything was counted against. */
  readonly baseline: string;
  readonly settings: MonitorSettings;
  /** Periods that have not been closed, by time. */
  readonly periods: readonly { readonly start: number; readonly tally: Tally }[];
  readonly predictions: readonly SampledPrediction[];
  readonly labels: readonly SampledLabel[];
  readonly skipped: SkippedCounts;
  /** Null until a period has been closed by a report. */
  readonly history: MonitorHistory | null;
}

/** Nothing was skipped. */
export const noneSkipped: SkippedCounts = { late: 0, tooManyPeriods: 0, badTime: 0, otherVersion: 0, badLabels: 0 };

/** Adds counts of skipped records. */
export const addSkipped = (a: SkippedCounts, b: SkippedCounts): SkippedCounts => ({
  late: a.late + b.late,
  tooManyPeriods: a.tooManyPeriods + b.tooManyPeriods,
  badTime: a.badTime + b.badTime,
  otherVersion: a.otherVersion + b.otherVersion,
  badLabels: a.badLabels + b.badLabels,
});

/** What identifies a baseline. */
export const baselineHash = (baseline: MonitorBaseline): string => hashJson(baseline);

/** Periods that a monitor holds open at most, however small they are. */
export const mostPeriods = 1_000;
const mostSamples = 1_000_000;

/**
 * Reads a monitor's state from JSON that anybody may have written.
 *
 * @throws ChurnkitError STATE_CORRUPT naming the path of what is wrong; and as the parsers of its parts.
 */
export function parseMonitorState(json: unknown): MonitorState {
  const root = new JsonValue("state", "$", json, corrupt);
  if (root.get("format").value !== 1) throw root.get("format").not("1");
  const settings = root.get("settings");
  const samples = settings.get("samples");
  const skipped = root.get("skipped");
  const history = root.get("history");
  return {
    format: 1,
    baseline: root.get("baseline").text(),
    settings: {
      period: settings.get("period").oneOf(["hour", "day"]),
      seed: settings.get("seed").count(),
      samples: { attribution: samples.get("attribution").count(0, mostSamples), predictions: samples.get("predictions").count(0, mostSamples) },
    },
    periods: root.get("periods").list(mostPeriods).map((period) => ({ start: period.get("start").number(), tally: parseTally(period.get("tally")) })),
    predictions: root.get("predictions").list(mostSamples).map(parsePrediction),
    labels: root.get("labels").list(mostSamples).map(parseLabel),
    skipped: {
      late: skipped.get("late").count(),
      tooManyPeriods: skipped.get("tooManyPeriods").count(),
      badTime: skipped.get("badTime").count(),
      otherVersion: skipped.get("otherVersion").count(),
      badLabels: skipped.get("badLabels").count(),
    },
    history: history.absent ? null : parseHistory(history),
  };
}

const corrupt = (_: string, what: string, path?: string): ChurnkitError =>
  new ChurnkitError("STATE_CORRUPT", `A monitor's state ${what}${path === undefined ? "" : ` (at ${path})`}. Restore it from a copy, or begin anew.`, {
    where: { path },
  });

function parseTally(tally: JsonValue): Tally {
  const bias = tally.get("bias");
  return {
    rows: tally.get("rows").count(),
    rejected: tally.get("rejected").count(),
    unscored: tally.get("unscored").count(),
    issues: tally.get("issues").list().map(
      (issue): IssueTally => ({ column: issue.get("column").text(), rule: issue.get("rule").text(), count: issue.get("count").count() }),
    ),
    extraColumns: tally.get("extraColumns").list(1_000).map((name) => name.text()),
    profile: parseProfile(tally.get("profile").value),
    confidence: parseConfidenceCounts(tally.get("confidence").value),
    bias: bias.absent ? null : parseBiasCounts(bias.value),
    attributed: tally.get("attributed").list(mostSamples).map(
      (row): AttributedRow => ({ ...parseKey(row), values: row.get("values").list().map((value) => value.number(0)) }),
    ),
  };
}

const parseKey = (entry: JsonValue): { key: number; id: string } => ({ key: entry.get("key").count(), id: entry.get("id").text() });

const flag = (value: JsonValue): boolean => {
  if (typeof value.value !== "boolean") throw value.not("true or false");
  return value.value;
};

const parsePrediction = (entry: JsonValue): SampledPrediction => ({
  ...parseKey(entry),
  time: entry.get("time").number(),
  probability: entry.get("probability").number(0, 1),
  sides: entry.get("sides").text(),
  treated: flag(entry.get("treated")),
  control: flag(entry.get("control")),
});

const parseLabel = (entry: JsonValue): SampledLabel => ({
  ...parseKey(entry),
  reports: entry.get("reports").list(4).map((report) => ({
    time: report.get("time").absent ? null : report.get("time").number(),
    recorded: report.get("recorded").absent ? null : report.get("recorded").number(),
    outcome: report.get("outcome").count(0, 1) === 1 ? 1 : 0,
  })),
});

function parseHistory(history: JsonValue): MonitorHistory {
  const windows = history.get("windows");
  const part = (value: JsonValue): Tally | null => (value.absent ? null : parseTally(value));
  return {
    closedUntil: history.get("closedUntil").number(),
    sequential: parseSequential(history.get("sequential").value),
    windows: {
      period: windows.get("period").count(),
      windows: windows.get("windows").list(8).map(
        (window): WindowParts<Tally> => ({
          length: window.get("length").count(1, 100_000),
          open: part(window.get("open")),
          closed: window.get("closed").list(8).map(part),
        }),
      ),
    },
    alarms: history.get("alarms").list(100).map(
      (alarm): StandingAlarm => ({
        monitor: alarm.get("monitor").oneOf(monitorNames),
        severity: alarm.get("severity").oneOf(["warning", "critical"]),
        window: alarm.get("window").count(1),
        since: alarm.get("since").number(),
        message: alarm.get("message").text(),
      }),
    ),
  };
}
