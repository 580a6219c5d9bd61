import { ChurnkitError } from "../../base/errors.js";

/** How a monitor that looks repeatedly spends its allowance of false alarms. */
export interface SequentialPlan {
  /** Periods in a year: 8,766 for an hourly monitor, 365 for a daily one. */
  readonly periodsPerYear: number;
  /**
   * Lengths of the windows, in periods, increasing: short ones detect a gross shift at once, long ones a small one in
   * time. A window is examined four times in its length (a window of fewer than four periods: in each period).
   */
  readonly windows: readonly number[];
  /** Maximum expected number of false alarms of each severity in a year of unchanged data. */
  readonly falseAlarmsPerYear: { readonly warning: number; readonly critical: number };
}

/** The plan of an hourly monitor: hour, day, week and month; at most one false critical alarm in ten years. */
export const hourlyPlan: SequentialPlan = {
  periodsPerYear: 8766,
  windows: [1, 24, 168, 720],
  falseAlarmsPerYear: { warning: 1, critical: 0.1 },
};

/** Limits of a plan. */
const limits = { windows: 8, length: 100_000 } as const;

/** Periods from one look at a window to the next. */
export const stepOf = (window: number): number => Math.max(1, Math.floor(window / 4));

/**
 * The allowance of one look at a window: each window has an equal part of the year's, divided equally among its
 * looks.
 */
export function allowanceOfLook(plan: SequentialPlan, window: number, severity: "warning" | "critical"): number {
  const looks = plan.periodsPerYear / stepOf(window);
  return plan.falseAlarmsPerYear[severity] / plan.windows.length / looks;
}

/**
 * The plan of an hourly monitor with some parts replaced.
 *
 * @throws ChurnkitError OPTION_INVALID for a part out of range.
 */
export function sequentialPlan(overrides: Partial<SequentialPlan> = {}): SequentialPlan {
  const plan = { ...hourlyPlan, ...overrides };
  const { periodsPerYear, windows, falseAlarmsPerYear } = plan;
  if (!(periodsPerYear >= 1 && periodsPerYear <= 31_557_600)) {
    throw invalid("periodsPerYear", periodsPerYear, "a number from 1 to 31557600");
  }
  const whole = Array.isArray(windows) && windows.every((length) => Number.isInteger(length) && length >= 1);
  const increasing = whole && windows.every((length, i) => i === 0 || length > (windows[i - 1] ?? 0));
  const last = windows[windows.length - 1] ?? 0;
  if (!increasing || windows.length === 0 || windows.length > limits.windows || last > limits.length) {
    throw invalid("windows", windows, `one to ${limits.windows} increasing whole numbers up to ${limits.length}`);
  }
  for (const severity of ["warning", "critical"] as const) {
    const allowed = falseAlarmsPerYear[severity];
    if (!(allowed > 0 && allowed <= 1000)) {
      throw invalid(`falseAlarmsPerYear.${severity}`, allowed, "a number above 0 and up to 1000");
    }
  }
  if (falseAlarmsPerYear.critical > falseAlarmsPerYear.warning) {
    throw invalid("falseAlarmsPerYear.critical", falseAlarmsPerYear.critical, "at most as many as warnings");
  }
  return plan;
}

function invalid(name: string, value: unknown, give: string): ChurnkitError {
  return new ChurnkitError("OPTION_INVALID", `The plan's ${name} is ${String(value)}. Give ${give}.`, {
    where: { path: name, value },
  });
}
