import type { EndedAlarm, SequentialAlarm, SequentialState } from "./monitor.js";

/** A look of fewer rows than this share of those that raised an alarm does not clear it: a quiet night is no sign of recovery. */
const LEAST_SHARE = 0.25;

/**
 * Whether a look may clear an alarm: one at the window that raised it, of about as many rows, or at a longer one that lies
 * wholly after it was raised.
 */
export function mayClear(alarm: SequentialAlarm, look: { readonly window: number; readonly rows: number; readonly period: number }): boolean {
  if (look.window === alarm.window) return look.rows >= LEAST_SHARE * alarm.rows;
  return look.window > alarm.window && look.period - alarm.since >= look.window;
}

/**
 * Whether a finding is the echo of an alarm that has ended: a longer window goes on holding the rows that drifted, for as long
 * as it is, and would tell of them once more.
 */
export function isEcho(
  ended: EndedAlarm | undefined,
  found: Pick<SequentialAlarm, "what" | "severity">,
  look: { readonly window: number; readonly period: number },
): boolean {
  if (ended === undefined || ended.at <= look.period - look.window) return false;
  return found.what === ended.what && (found.severity === "warning" || ended.severity === "critical");
}

/** The alarms that ended, the latest of each column, as long as a window may still echo them. */
export function endedAlarms(state: SequentialState, standing: ReadonlyMap<string, SequentialAlarm>, period: number): EndedAlarm[] {
  const now = state.alarms.filter(({ column }) => !standing.has(column)).map(({ column, what, severity }): EndedAlarm => ({ column, what, severity, at: period }));
  const newer = new Set(now.map(({ column }) => column));
  const longest = Math.max(...state.plan.windows);
  return [...state.ended.filter(({ column, at }) => !newer.has(column) && at > period - longest), ...now];
}
