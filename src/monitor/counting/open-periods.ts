import { isNumericProfile } from "../../data/profile/index.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { mostPeriods, type MonitorSettings } from "./settings.js";

/** Limit of all open periods of a monitor, in bytes: 128 MiB. */
export const openPeriodsBytes = 2 ** 27;
/** Fewer periods could not hold late records next to current ones. */
const leastPeriods = 4;

/**
 * Bytes of one period after every cell is counted and every sample is full: an upper bound, measured to be about
 * twice the use.
 */
function bytesOfPeriod(
  { profile, attribution }: MonitorBaseline,
  { samples }: Pick<MonitorSettings, "samples">,
): number {
  const counts = profile.columns.reduce(
    (sum, column) => sum + (isNumericProfile(column) ? 16 * column.counts.length : 32 * column.counts.length) + 500,
    0,
  );
  const explained = attribution === null ? 0 : samples.attribution * (200 + 24 * profile.columns.length);
  return counts + explained + 10_000;
}

/**
 * Returns how many periods a monitor may keep open: as many as fit into {@link openPeriodsBytes}, from 4 to 1,000. It
 * depends only on the baseline and the settings, so that it is the same for all monitors that merge.
 */
export function openPeriodLimit(baseline: MonitorBaseline, settings: Pick<MonitorSettings, "samples">): number {
  return Math.min(
    mostPeriods,
    Math.max(leastPeriods, Math.floor(openPeriodsBytes / bytesOfPeriod(baseline, settings))),
  );
}
