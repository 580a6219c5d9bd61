import { log } from "../../base/elementary.js";
import { worst } from "../compare/verdict.js";
import { driftPolicy, type DriftPolicy, type PolicyChoice } from "../policy.js";
import type { DriftReport, Severity, Shift } from "../report.js";
import { endedAlarms, isEcho, mayClear } from "./alarms.js";
import { findingsOf, hasEnded, worstFinding } from "./findings.js";
import { allowanceOfLook, sequentialPlan, type SequentialPlan } from "./plan.js";

/** What a monitor knows from one period to the next. Plain JSON, of a size bounded by the number of columns. */
export interface SequentialState {
  readonly format: 1;
  readonly plan: SequentialPlan;
  /** Periods so far, those without a look included. */
  readonly period: number;
  /** How many false alarms unchanged data could have raised by now, in expectation and at most. */
  readonly spent: { readonly warning: number; readonly critical: number };
  /** Alarms that have not been cleared. */
  readonly alarms: readonly SequentialAlarm[];
  /** Alarms that were cleared, the latest of each column, as long as a window holds rows from before. */
  readonly ended: readonly EndedAlarm[];
}

/** An alarm that was cleared, and the period in which it was. */
export interface EndedAlarm extends Pick<SequentialAlarm, "column" | "what" | "severity"> {
  readonly at: number;
}

/** A column that drifted, and where it was seen. */
export interface SequentialAlarm {
  /** A column's name, or "(broken rows)" or "(concept)" for what no column shows. */
  readonly column: string;
  readonly severity: "warning" | "critical";
  readonly what: Shift["what"] | "rejected" | "concept";
  /**
   * The window, in periods, in which it was raised. A later look at it clears the alarm, unless it has far fewer rows, or one at a
   * longer window that lies wholly after it.
   */
  readonly window: number;
  /** Current rows of the looks that found it, at most. */
  readonly rows: number;
  /** The cautious one of the shift: `log10pBound`. */
  readonly log10p: number;
  readonly effect: number;
  /** The period in which it was raised. */
  readonly since: number;
}

/** What one period brought. */
export interface SequentialDecision {
  readonly period: number;
  /** The worst of the standing alarms. */
  readonly severity: Severity;
  /** Alarms raised in this period, or raised from warning to critical: what is worth a message. */
  readonly raised: readonly SequentialAlarm[];
  /** Columns whose alarm ended in this period. */
  readonly cleared: readonly string[];
  readonly standing: readonly SequentialAlarm[];
  readonly spent: SequentialState["spent"];
  readonly message: string;
}

/** A look at one window. */
export interface SequentialLook {
  /** Its length in periods, one of the plan's. */
  readonly window: number;
  readonly report: Pick<DriftReport, "columns" | "rejected" | "rows" | "concept">;
}

/** A monitor that has seen nothing yet. */
export function sequentialStart(plan: Partial<SequentialPlan> = {}): SequentialState {
  return { format: 1, plan: sequentialPlan(plan), period: 0, spent: { warning: 0, critical: 0 }, alarms: [], ended: [] };
}

/** Ways in which one column is tested: values, PSI or Jensen-Shannon, missing, new levels. */
const TESTS_PER_COLUMN = 4;

/**
 * Takes one period's looks and decides. Alpha is spent by the calendar: the plan's yearly allowance of false alarms is
 * divided over windows, their looks, columns and tests, and a test alarms when its p-value is at most its share and its
 * effect reaches the policy's floor. By Boole's inequality the expected number of false alarms of unchanged data stays
 * within the allowance whatever depends on whatever: looks share rows where windows overlap, and all share one reference
 * (which rules out products of e-values, valid only for looks that are independent of it). An allowance not spent is not
 * carried over.
 *
 * @param looks the windows that were due, each compared with the reference; none in a period without rows.
 * @param policy whose floors tell warning from critical; its alpha clears an alarm, it doesn't raise one.
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
    for (const severity of ["warning", "critical"] as const) spent[severity] += allowanceOfLook(plan, look.window, severity);
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
  return { state: { format: 1, plan, period, spent, alarms, ended: endedAlarms(state, standing, period) }, decision };
}

interface LookRules {
  readonly plan: SequentialPlan;
  readonly policy: DriftPolicy;
  readonly period: number;
  readonly ended: Map<string, EndedAlarm>;
}

/** Raises, keeps and clears alarms by one look. */
function takeLook({ window, report }: SequentialLook, { plan, policy, period, ended }: LookRules, standing: Map<string, SequentialAlarm>): void {
  const rows = report.rows.current;
  // One place more than columns, for broken rows and concept.
  const tests = TESTS_PER_COLUMN * (report.columns.length + 1);
  const log10Share = (severity: "warning" | "critical"): number =>
    log(allowanceOfLook(plan, window, severity) / tests) / Math.LN10;
  const threshold = { warning: log10Share("warning"), critical: log10Share("critical") };
  for (const [column, findings] of findingsOf(report, policy)) {
    const found = worstFinding(findings, threshold);
    const before = standing.get(column);
    const worse = found !== undefined && (before === undefined || (before.severity === "warning" && found.severity === "critical"));
    if (found !== undefined && before === undefined && isEcho(ended.get(column), found, { window, period })) continue;
    if (worse || (found !== undefined && before?.window === window)) {
      const { what, log10p, effect } = found;
      const severity = before?.severity === "critical" ? "critical" : found.severity;
      standing.set(column, { column, severity, what, window, rows: Math.max(rows, before?.rows ?? 0), log10p, effect, since: before?.since ?? period });
    } else if (before !== undefined && mayClear(before, { window, rows, period }) && hasEnded(findings, before, policy)) {
      standing.delete(column);
      ended.set(column, { column, what: before.what, severity: before.severity, at: period });
    }
  }
}

function messageOf(alarms: readonly SequentialAlarm[], raised: readonly SequentialAlarm[]): string {
  const names = (of: readonly SequentialAlarm[]): string =>
    of.slice(0, 5).map(({ column, severity }) => `${column} (${severity})`).join(", ") + (of.length > 5 ? ` and ${of.length - 5} more` : "");
  if (raised.length > 0) return `New drift: ${names(raised)}.`;
  return alarms.length > 0 ? `Drift goes on: ${names(alarms)}.` : "No drift.";
}
