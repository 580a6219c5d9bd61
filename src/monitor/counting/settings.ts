/** The lengths of a monitor's period, in milliseconds. */
export const monitorPeriods = { hour: 3_600_000, day: 86_400_000 } as const;
/** A name of {@link monitorPeriods}. */
export type MonitorPeriod = keyof typeof monitorPeriods;

/** Settings that two monitors must share to be merged. */
export interface MonitorSettings {
  readonly period: MonitorPeriod;
  readonly seed: number;
  /** Rows explained for each period; predictions kept to be joined with labels. */
  readonly samples: { readonly attribution: number; readonly predictions: number };
}

/** Records that were not counted, by reason. */
export interface SkippedCounts {
  /** Their period had been closed. */
  readonly late: number;
  /** They would have opened more periods than fit into a monitor's memory, 128 MiB for all open ones. */
  readonly tooManyPeriods: number;
  /** Records whose time is not a time. */
  readonly badTime: number;
  /** Another model version predicted them. */
  readonly otherVersion: number;
  /** Labels without a usable id, time or outcome. */
  readonly badLabels: number;
}

/** Limit on the open periods of a monitor, however small they are. */
export const mostPeriods = 1_000;

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
