import { ChurnkitError } from "../../base/errors.js";
import { liesAhead } from "../../base/async/index.js";
import type { RetrainingPolicy, RetrainingTrigger } from "./retraining-policy.js";
import { nextDue } from "./schedule.js";
import { maxPending, shortText, type PendingTrigger, type RetrainingState } from "./retraining-state.js";

/** A measured number; `at` is the time of measurement (default: now). */
export interface Measurement {
  readonly value: number;
  readonly at?: Date | undefined;
}

/**
 * Current signals. Measurements are levels: pass the current value each time, good or bad; a missing one is unknown,
 * which changes nothing.
 */
export interface RetrainingSignals {
  /** Realized accuracy in [0, 1], and its number of mature labels. */
  readonly accuracy?: (Measurement & { readonly labels?: number | undefined }) | undefined;
  /** The largest population stability index, and its column. */
  readonly psi?: (Measurement & { readonly column?: string | undefined }) | undefined;
  /** Mature labels that the last training did not have. */
  readonly newLabels?: Measurement | undefined;
  /** Alarms of other systems that fire, or have fired; with `firing: false`, those that were seen to be all right. */
  readonly alarms?:
    | readonly {
        readonly name: string;
        readonly reason?: string | undefined;
        readonly at?: Date | undefined;
        readonly firing?: boolean | undefined;
      }[]
    | undefined;
  /**
   * Critical findings of a report, and what to do about them. They are not a trigger, but they are reported where the
   * report triggers nothing.
   */
  readonly critical?:
    | readonly {
        readonly name: string;
        readonly message: string;
        readonly action: string;
        readonly at?: Date | undefined;
      }[]
    | undefined;
  /** Somebody's request. */
  readonly manual?: { readonly by: string; readonly reason: string; readonly at?: Date | undefined } | undefined;
}

/** Minimum labels for judging an accuracy if the policy sets none. */
export const leastAccuracyLabels = 100;

/** Formats a number for people; six digits distinguish it from any sensible limit. */
const shown = (value: number): number => Number(value.toPrecision(6));

/** Result of one signal: a trigger, or that all is well. */
interface Finding {
  readonly kind: RetrainingTrigger;
  readonly subject: string;
  readonly at: number;
  /** Undefined if all is well. */
  readonly message: string | undefined;
}

/**
 * Remembers the signals: a trigger stays pending until a run that began after it was seen has succeeded. So a trigger
 * that is seen once, during a cooldown or just before a crash, is not lost. Pure.
 *
 * A measurement from before the last success began describes the former model and is skipped.
 *
 * @throws ChurnkitError VALUE_INVALID for a signal that is not a finite number in its range, or whose date is not valid or more
 * than five minutes ahead.
 */
export function rememberTriggers(
  policy: RetrainingPolicy,
  state: RetrainingState,
  signals: RetrainingSignals,
  now: Date,
): RetrainingState {
  const served = state.lastSuccess === null ? -Infinity : Date.parse(state.lastSuccess.startedAt);
  const pending = new Map(
    state.pending.filter(({ kind }) => kind !== "schedule").map((entry) => [keyOf(entry), entry]),
  );
  for (const finding of findings(policy, signals, clockOf(state, now))) {
    const full = pending.size >= maxPending && !pending.has(keyOf(finding));
    // Beyond this many alarms the rest share one entry: any of them is enough to retrain.
    const key = full ? keyOf({ ...finding, subject: "" }) : keyOf(finding);
    const entry = pending.get(key);
    if (finding.at <= served) continue;
    if (finding.message !== undefined)
      pending.set(key, merged(entry, full ? { ...finding, subject: "" } : finding, finding.message));
    else if (entry?.doubtful === true && state.running === null && finding.at > Date.parse(entry.lastSeen))
      pending.delete(key);
  }
  const due = scheduled(policy, state, now);
  return { ...state, pending: [...pending.values(), ...(due === undefined ? [] : [due])] };
}

const keyOf = ({ kind, subject }: { kind: RetrainingTrigger; subject: string }): string => `${kind} ${subject}`;

/** The current time, and the time from which undated signals count: the start of a known run. */
interface Clock {
  readonly now: number;
  readonly seen: number;
}

function clockOf(state: RetrainingState, now: Date): Clock {
  const began = state.running?.startedAt ?? state.lastSuccess?.startedAt;
  return { now: now.getTime(), seen: Math.max(now.getTime(), began === undefined ? 0 : Date.parse(began) + 1) };
}

function merged(entry: PendingTrigger | undefined, { kind, subject, at }: Finding, message: string): PendingTrigger {
  const seen = new Date(at).toISOString();
  const newest = entry === undefined || entry.lastSeen <= seen;
  return {
    kind,
    subject,
    message: newest ? message : entry.message,
    firstSeen: entry === undefined || seen < entry.firstSeen ? seen : entry.firstSeen,
    lastSeen: newest ? seen : entry.lastSeen,
    // Seen again after the run ended: the run did not fix it.
    doubtful: false,
  };
}

/**
 * When the schedule is due, from the last run that succeeded or is in progress: ms since 1970, infinite without one.
 */
export function scheduleDue({ schedule }: RetrainingPolicy, state: RetrainingState): number {
  return schedule === undefined
    ? Infinity
    : nextDue(schedule, Date.parse(state.running?.startedAt ?? state.lastSuccess?.startedAt ?? state.since));
}

/** The schedule needs no memory: the time and the last run decide whether it is due. */
function scheduled(policy: RetrainingPolicy, state: RetrainingState, now: Date): PendingTrigger | undefined {
  const { schedule } = policy;
  const due = scheduleDue(policy, state);
  if (schedule === undefined || due > now.getTime()) return undefined;
  const at = new Date(due).toISOString();
  const rule = "cron" in schedule ? `cron ${schedule.cron}` : `every ${schedule.everyDays} days`;
  return {
    kind: "schedule",
    subject: "",
    message: `the schedule (${rule}) has been due since ${at}`,
    firstSeen: at,
    lastSeen: at,
    doubtful: false,
  };
}

function findings(policy: RetrainingPolicy, signals: RetrainingSignals, clock: Clock): Finding[] {
  const found: Finding[] = [];
  const { accuracy, psi, newLabels, alarms = [], manual } = signals;
  const add = (kind: RetrainingTrigger, at: Date | undefined, message: string | undefined, subject = ""): void => {
    found.push({
      kind,
      subject: shortText(subject),
      at: timeOf(kind, at, clock),
      message: message === undefined ? undefined : shortText(message),
    });
  };
  if (accuracy !== undefined) {
    const value = numberOf("accuracy", accuracy.value, 1);
    const labels = numberOf("accuracy.labels", accuracy.labels ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const { below = 0, minLabels = leastAccuracyLabels } = policy.accuracy ?? {};
    const judged = policy.accuracy !== undefined && labels >= minLabels;
    if (judged) add("accuracy", accuracy.at, value < below ? `accuracy ${shown(value)} is below ${below}` : undefined);
  }
  if (psi !== undefined) {
    const value = numberOf("psi", psi.value, Infinity);
    const of = psi.column === undefined ? "" : ` of ${psi.column}`;
    if (policy.psi !== undefined)
      add(
        "psi",
        psi.at,
        value > policy.psi.above ? `PSI ${shown(value)}${of} is above ${policy.psi.above}` : undefined,
      );
  }
  if (newLabels !== undefined) {
    const value = numberOf("newLabels", newLabels.value, Infinity);
    const { atLeast } = policy.newLabels ?? {};
    if (atLeast !== undefined)
      add("newLabels", newLabels.at, value >= atLeast ? `${value} new labels are at least ${atLeast}` : undefined);
  }
  for (const { name, reason, at, firing = true } of policy.alarm ? alarms : []) {
    const message = `the alarm ${name} fired${reason === undefined ? "" : `: ${reason}`}`;
    add("alarm", at, firing ? message : undefined, name);
  }
  if (manual !== undefined && policy.manual) add("manual", manual.at, `${manual.by} requested it: ${manual.reason}`);
  return found;
}

function numberOf(name: string, value: number, max: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= max) return value;
  throw new ChurnkitError(
    "VALUE_INVALID",
    `The retraining signal ${name} is ${String(value)}. Give a finite number from 0 to ${max}, or omit the signal if it is unknown.`,
    {
      where: { path: name, value },
    },
  );
}

/**
 * A time a little ahead of this clock is read as now. One further ahead is refused: remembered as now it would come
 * back after every run, and with its own time it would outlast them all.
 */
function timeOf(name: string, at: Date | undefined, { now, seen }: Clock): number {
  if (at === undefined) return seen;
  const time = at.getTime();
  if (Number.isNaN(time))
    throw new ChurnkitError("VALUE_INVALID", `The retraining signal ${name} has a time that is not a valid Date.`, {
      where: { path: name },
    });
  if (liesAhead(time, now)) {
    throw new ChurnkitError(
      "VALUE_INVALID",
      `The retraining signal ${name} is of ${at.toISOString()}, which is in the future: the clock here says ${new Date(now).toISOString()}. Correct the wrong clock, or make the report without --now.`,
      { where: { path: name, value: at.toISOString() } },
    );
  }
  return Math.min(time, now);
}
