import { log } from "../../base/elementary.js";
import { worst } from "../compare/verdict.js";
import { driftPolicy, type DriftPolicy, type PolicyChoice } from "../policy.js";
import { endedAlarms, isEcho, mayClear, waitedFor } from "./alarms.js";
import { findingsOf, hasEnded, worstFinding } from "./findings.js";
import { allowanceOfLook, sequentialPlan, type SequentialPlan } from "./plan.js";
import type { EndedAlarm, SequentialAlarm, SequentialDecision, SequentialLook, SequentialState } from "./state.js";

/** Returns a monitor that has seen nothing yet. */
export function sequentialStart(plan: Partial<SequentialPlan> = {}): SequentialState {
  return {
    format: 1,
    plan: sequentialPlan(plan),
    period: 0,
    spent: { warning: 0, critical: 0 },
    alarms: [],
    ended: [],
  };
}

/** Tests of one column: values, PSI or Jensen-Shannon, missing, new levels. */
const TESTS_PER_COLUMN = 4;

/**
 * Processes one period's looks and decides. Alpha is spent by the calendar: the plan's yearly allowance of false
 * alarms is divided over windows, their looks, columns and tests, and a test alarms when its p-value is at most its
 * share and its effect reaches the policy's floor. By Boole's inequality the expected number of false alarms on
 * unchanged data stays within the allowance under any dependence: looks share rows if windows overlap, and all share
 * one reference (which rules out products of e-values, valid only for looks that are independent of it). Unspent
 * allowance is not carried over.
 *
 * @param looks the windows that were due, each compared with the reference; empty in a period without rows.
 * @param policy its floors distinguish warning and critical; its alpha clears an alarm, but does not raise one.
 * @throws ChurnkitError OPTION_INVALID for a bad policy.
 *
 * @example
 * ```ts
 * import type { Profile } from "churnkit/data";
 * import { addPeriod, compareProfiles, sequentialStep, sequentialStart, startWindows } from "churnkit/drift";
 *
 * let windows = startWindows();
 * let state = sequentialStart();
 * export function everyHour(reference: Profile, lastHour: Profile | null) {
 *   const added = addPeriod(windows, lastHour);
 *   const looks = added.due.map(({ window, profile }) => ({ window, report: compareProfiles(reference, profile) }));
 *   const next = sequentialStep(state, looks);
 *   windows = added.state;
 *   state = next.state;
 *   return next.decision.raised;
 * }
 * ```
 */
export function sequentialStep(
  state: SequentialState,
  looks: readonly SequentialLook[],
  policy: PolicyChoice = {},
): { readonly state: SequentialState; readonly decision: SequentialDecision } {
  const judgedBy = driftPolicy(policy);
  const { plan } = state;
  const period = state.period + 1;
  const spent = { ...state.spent };
  const standing = new Map(state.alarms.map((alarm) => [alarm.column, alarm]));
  const ended = new Map(state.ended.map((alarm) => [alarm.column, alarm]));
  for (const look of looks.filter(({ window }) => plan.windows.includes(window))) {
    for (const severity of ["warning", "critical"] as const)
      spent[severity] += allowanceOfLook(plan, look.window, severity);
    takeLook(look, { plan, policy: judgedBy, period, ended }, standing);
  }
  const alarms = [...standing.values()];
  const before = new Map(state.alarms.map(({ column, severity }) => [column, severity]));
  const raised = alarms.filter(({ column, severity }) => before.get(column) !== severity);
  const decision: SequentialDecision = {
    period,
    severity: worst(alarms.map(({ severity }) => severity)),
    raised,
    cleared: [...before.keys()].filter((column) => !standing.has(column)),
    standing: alarms,
    spent,
    message: messageOf(alarms, raised),
  };
  return { state: { format: 1, plan, period, spent, alarms, ended: endedAlarms(ended, state, period) }, decision };
}

interface LookRules {
  readonly plan: SequentialPlan;
  readonly policy: DriftPolicy;
  readonly period: number;
  readonly ended: Map<string, EndedAlarm>;
}

/** Raises, keeps and clears alarms by one look. */
function takeLook(
  { window, report }: SequentialLook,
  { plan, policy, period, ended }: LookRules,
  standing: Map<string, SequentialAlarm>,
): void {
  const rows = report.rows.current;
  // One more place than columns, shared by broken rows and concept.
  const tests = TESTS_PER_COLUMN * (report.columns.length + 1);
  const log10Share = (severity: "warning" | "critical"): number =>
    log(allowanceOfLook(plan, window, severity) / tests) / Math.LN10;
  const threshold = { warning: log10Share("warning"), critical: log10Share("critical") };
  for (const [column, findings] of findingsOf(report, policy)) {
    const found = worstFinding(findings, threshold);
    const before = standing.get(column);
    const worse =
      found !== undefined && (before === undefined || (before.severity === "warning" && found.severity === "critical"));
    if (found !== undefined && before === undefined && isEcho(ended.get(column), found, { window, period })) continue;
    if (worse || (found !== undefined && before?.window === window)) {
      const { what, log10p, effect } = found;
      const severity = before?.severity === "critical" ? "critical" : found.severity;
      standing.set(column, {
        column,
        severity,
        what,
        window,
        rows: Math.max(rows, before?.rows ?? 0),
        log10p,
        effect,
        since: before?.since ?? period,
      });
    } else if (before !== undefined && hasEnded(findings, before, policy)) {
      if (mayClear(before, { window, rows, period })) {
        standing.delete(column);
        ended.set(column, { column, what: before.what, severity: before.severity, window, at: period });
      } else if (before.window === window) standing.set(column, waitedFor(before));
    }
  }
}

function messageOf(alarms: readonly SequentialAlarm[], raised: readonly SequentialAlarm[]): string {
  const names = (of: readonly SequentialAlarm[]): string =>
    of
      .slice(0, 5)
      .map(({ column, severity }) => `${column} (${severity})`)
      .join(", ") + (of.length > 5 ? ` and ${of.length - 5} more` : "");
  if (raised.length > 0) return `New drift: ${names(raised)}.`;
  return alarms.length > 0 ? `Drift goes on: ${names(alarms)}.` : "No drift.";
}
