import type { DriftReport, Severity, Shift } from "../report.js";
import type { SequentialPlan } from "./plan.js";

/** State of a monitor between periods. Plain JSON, of a size bounded by the number of columns. */
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

/** An alarm that was cleared, the window that cleared it, and the period in which it did. */
export interface EndedAlarm extends Pick<SequentialAlarm, "column" | "what" | "severity" | "window"> {
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
  /** Current rows of the looks that found it, at most; a twentieth less after each look at its window that had far fewer. */
  readonly rows: number;
  /** The cautious one of the shift: `log10pBound`. */
  readonly log10p: number;
  readonly effect: number;
  /** The period in which it was raised. */
  readonly since: number;
}

/** Result of one period. */
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
