import { ChurnkitError } from "../base/errors.js";

/**
 * Refuses a table that does not consist of counts, before it becomes a NaN.
 *
 * @throws ChurnkitError OPTION_INVALID for rows of different lengths, or a count that is negative or not finite.
 */
export function requireCounts(...rows: readonly (readonly number[])[]): void {
  const bins = rows[0]?.length ?? 0;
  rows.forEach((counts, row) => {
    if (counts.length !== bins) {
      const message = `The samples have ${bins} and ${counts.length} bins. Use the same bins for both.`;
      throw new ChurnkitError("OPTION_INVALID", message, { where: { path: `[${row}]`, value: counts.length } });
    }
    for (let bin = 0; bin < bins; bin++) {
      const count = counts[bin] as number;
      if (count >= 0 && count < Infinity) continue;
      const message = `The count of bin ${bin} is ${count}. Give finite counts of 0 or more.`;
      throw new ChurnkitError("OPTION_INVALID", message, { where: { path: `[${row}][${bin}]`, value: count } });
    }
  });
}
