import { log } from "../../base/elementary.js";
import { requireCounts } from "../counts.js";
import { chiSquareTail, type Tail } from "../special.js";

/** A likelihood-ratio test of homogeneity. */
export interface GTest extends Tail {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
}

/**
 * The likelihood-ratio (G) test that samples come from one distribution over categories: 2 times the sum of observed
 * ln(observed / expected). With small expected counts its tail is correct far out, where Pearson's chi-square makes a
 * few extra rows look impossible: 20 rows for 5 expected are p = 5e-7 by this, 2e-11 by Pearson's, 3e-7 in truth.
 *
 * @param table a row of counts for each sample, a column for each category; categories empty in all are dropped.
 * @returns undefined if a sample is empty.
 * @throws ChurnkitError OPTION_INVALID for a count that is negative or not finite, or samples over different categories.
 */
export function gTest(table: readonly (readonly number[])[]): GTest | undefined {
  requireCounts(...table);
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0));
  const all = rows.reduce((sum, row) => sum + row, 0);
  if (rows.length < 2 || rows.includes(0)) return undefined;
  let statistic = 0;
  let filled = 0;
  (table[0] ?? []).forEach((_, i) => {
    const total = table.reduce((sum, row) => sum + (row[i] ?? 0), 0);
    if (total === 0) return;
    filled++;
    table.forEach((row, sample) => {
      const count = row[i] ?? 0;
      if (count > 0) statistic += 2 * count * log(count / (((rows[sample] ?? 0) / all) * total));
    });
  });
  if (filled < 2) return { statistic: 0, degreesOfFreedom: 0, p: 1, log10p: 0 };
  const degreesOfFreedom = (rows.length - 1) * (filled - 1);
  return { statistic: Math.max(0, statistic), degreesOfFreedom, ...chiSquareTail(statistic, degreesOfFreedom) };
}
