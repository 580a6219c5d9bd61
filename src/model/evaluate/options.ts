import { ChurnkitError } from "../../base/errors.js";
import type { Costs } from "../artifact.js";

/** @throws ChurnkitError OPTION_INVALID for a threshold that is not a number from 0 to 1. */
export function checkThreshold(threshold: number): void {
  if (!(threshold >= 0 && threshold <= 1))
    throw new ChurnkitError("OPTION_INVALID", `The threshold is ${threshold}. Give a number from 0 to 1.`);
}

/** @throws ChurnkitError OPTION_INVALID for another number of groups than rows, or one that is no number. */
export function checkGroups(groups: ArrayLike<number>, rows: number): void {
  if (groups.length === rows && !Array.from(groups).some(Number.isNaN)) return;
  throw new ChurnkitError("OPTION_INVALID", `The groups must be ${rows} numbers, one for each row.`);
}

/** @throws ChurnkitError OPTION_INVALID for costs that are negative, not finite, or both 0. */
export function checkCosts({ falseNegative, falsePositive }: Costs): void {
  const valid = (cost: number): boolean => cost >= 0 && Number.isFinite(cost);
  if (!valid(falseNegative) || !valid(falsePositive) || falseNegative + falsePositive === 0)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The costs are ${falseNegative} for a false negative and ${falsePositive} for a false positive. ` +
        "Give finite numbers of 0 or more, at least one of them above 0.",
    );
}
