import type { EndedAlarm, SequentialAlarm, SequentialState } from "./state.js";

/**
 * A look with fewer rows than this share of those that raised an alarm does not clear it: a quiet night is not a sign
 * of recovery.
 */
const LEAST_SHARE = 0.25;
/**
 * Factor by which each look lowers the number of rows it asks for. Where traffic stays low, the monitor judges by the
 * rows it has.
 */
const PATIENCE = 0.95;

/** An alarm after a look at its window that had too few rows to clear it. */
export const waitedFor = (alarm: SequentialAlarm): SequentialAlarm => ({
  ...alarm,
  rows: Math.max(1, Math.floor(PATIENCE * alarm.rows)),
});

/**
 * Returns whether a look may clear an alarm: one at the window that raised it, with about as many rows, or one at a
 * longer window entirely after it was raised.
 */
export function mayClear(
  alarm: SequentialAlarm,
  look: { readonly window: number; readonly rows: number; readonly period: number },
): boolean {
  if (look.window === alarm.window) return look.rows >= LEAST_SHARE * alarm.rows;
  return look.window > alarm.window && look.period - alarm.since >= look.window;
}

/**
 * Returns whether a finding is the echo of an alarm that has ended. A window longer than the one that cleared the
 * alarm still contains the rows that drifted and would report them again. The window that cleared it no longer
 * contains them.
 */
export function isEcho(
  ended: EndedAlarm | undefined,
  found: Pick<SequentialAlarm, "what" | "severity">,
  look: { readonly window: number; readonly period: number },
): boolean {
  if (ended === undefined || look.window <= ended.window || ended.at <= look.period - look.window) return false;
  return found.what === ended.what && (found.severity === "warning" || ended.severity === "critical");
}

/** Alarms that ended, the latest of each column, as long as a window may still echo them. */
export function endedAlarms(
  ended: ReadonlyMap<string, EndedAlarm>,
  { plan }: SequentialState,
  period: number,
): EndedAlarm[] {
  const longest = Math.max(...plan.windows);
  return [...ended.values()].filter(({ at }) => at > period - longest);
}
