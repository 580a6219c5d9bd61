import type { DriftReport, Severity, Shift } from "../report.js";
import type { SequentialPlan } from "./plan.js";

/** State of a monitor between periods. Plain JSON, of a size bounded by the number of columns. */
export interface SequentialState {
  readonly format: 1;
  readonly plan: SequentialPlan;
  /** Periods so far, including those without a look. */
  readonly period: number;
  /** Expected number of false alarms on unchanged data so far, at most. */
  readonly spent: { readonly warning: number; readonly critical: number };
  /** Alarms that have not been cleared. */
  readonly alarms: readonly SequentialAlarm[];
  /** Cleared alarms, the latest of each column, as long as a window has rows from before. */
  readonly ended: readonly EndedAlarm[];
}

/** A cleared alarm, with the window and the period that cleared it. */
export interface EndedAlarm extends Pick<SequentialAlarm, "column" | "what" | "severity" | "window"> {
  readonly at: number;
}

/** A column that drifted, and in which window. */
export interface SequentialAlarm {
  /** A column's name, or "(broken rows)" or "(concept)" for drift that no column shows. */
  readonly column: string;
  readonly severity: "warning" | "critical";
  readonly what: Shift["what"] | "rejected" | "concept";
  /**
   * The window, in periods, that raised it. A later look at it clears the alarm, unless it has far fewer rows; so
   * does one at a longer window entirely after it.
   */
  readonly window: number;
  /**
   * Maximum number of current rows in the looks that found it; a twentieth less after each look at its window that
   * had far fewer.
   */
  readonly rows: number;
  /** The cautious value of the shift: `log10pBound`. */
  readonly log10p: number;
  readonly effect: number;
  /** The period in which it was raised. */
  readonly since: number;
}

/** Result of one period. */
export interface SequentialDecision {
  readonly period: number;
  /** The worst active alarm. */
  readonly severity: Severity;
  /** Alarms raised in this period, or raised from warning to critical: those that deserve a message. */
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
