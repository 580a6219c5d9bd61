import { callShare, labelShare, type GroupCounts, type Share } from "./counts.js";
import { wilson, type Estimate } from "./intervals.js";

export const recallShare = (g: GroupCounts): Share => ({
  successes: g.truePositives,
  trials: g.truePositives + g.falseNegatives,
});
export const specificityShare = (g: GroupCounts): Share => ({
  successes: g.trueNegatives,
  trials: g.trueNegatives + g.falsePositives,
});
export const precisionShare = (g: GroupCounts): Share => ({
  successes: g.truePositives,
  trials: g.truePositives + g.falsePositives,
});
const falsePositiveShare = (g: GroupCounts): Share => ({
  successes: g.falsePositives,
  trials: g.falsePositives + g.trueNegatives,
});

const shares = {
  baseRate: labelShare,
  selectionRate: callShare,
  recall: recallShare,
  precision: precisionShare,
  falsePositiveRate: falsePositiveShare,
};

/** Rates of one group, each with Wilson's interval; null where the group has no row of that kind. */
export type GroupRates = Readonly<Record<keyof typeof shares, Estimate | null>>;

/** @param z the normal quantile of the intervals. */
export const groupRates = (counts: GroupCounts, z: number): GroupRates =>
  Object.fromEntries(
    Object.entries(shares).map(([name, shareOf]) => {
      const share = shareOf(counts);
      return [name, share.trials === 0 ? null : wilson(share, z)];
    }),
  ) as GroupRates;
