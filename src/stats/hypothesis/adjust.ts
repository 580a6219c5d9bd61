import { ChurnkitError } from "../../base/errors.js";

/**
 * Benjamini and Hochberg's adjusted p-values (1995): rejecting those at most `alpha` keeps the expected share of false
 * alarms among all alarms at most `alpha`, for independent or positively dependent tests.
 *
 * @returns in the order of the input.
 * @throws ChurnkitError OPTION_INVALID for a p-value outside [0, 1].
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const wrong = pValues.findIndex((p) => !(p >= 0 && p <= 1));
  if (wrong >= 0) {
    const message = `The p-value at ${wrong} is ${pValues[wrong]}. Give numbers from 0 to 1.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { path: `[${wrong}]`, value: pValues[wrong] } });
  }
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[b] ?? 0) - (pValues[a] ?? 0));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let least = 1;
  order.forEach((index, position) => {
    const rank = pValues.length - position;
    least = Math.min(least, ((pValues[index] ?? 0) * pValues.length) / rank);
    adjusted[index] = least;
  });
  return adjusted;
}
