import { ChurnkitError } from "../../base/errors.js";

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

/**
 * The settings of options, complete.
 *
 * @throws ChurnkitError OPTION_INVALID for one out of range.
 */
export function settingsOf({
  period = "hour",
  seed = 0,
  samples = {},
}: {
  readonly period?: MonitorPeriod | undefined;
  readonly seed?: number | undefined;
  readonly samples?: Partial<MonitorSettings["samples"]> | undefined;
}): MonitorSettings {
  const { attribution = 200, predictions = 10_000 } = samples;
  const refuse = (what: string): never => {
    throw new ChurnkitError("OPTION_INVALID", what);
  };
  if (!Object.hasOwn(monitorPeriods, period))
    refuse(`period is "${String(period)}". Give one of ${Object.keys(monitorPeriods).join(", ")}.`);
  if (!(Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff))
    refuse(`seed is ${seed}. Give a whole number from 0 to 4294967295.`);
  for (const [name, size] of Object.entries({ attribution, predictions })) {
    if (!(Number.isInteger(size) && size >= 0 && size <= 1_000_000))
      refuse(`samples.${name} is ${size}. Give a whole number from 0 to 1000000.`);
  }
  return { period, seed, samples: { attribution, predictions } };
}
