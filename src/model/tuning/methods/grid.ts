import { ChurnkitError } from "../../../base/errors.js";
import { gridOf } from "../space/axis.js";
import { drawPoint, randomOf, type Method, type Point, type Spaces } from "./method.js";

const mostPoints = 100_000;

/**
 * Every combination, the last option fastest, one learner after the other.
 *
 * @param trials The first so many.
 * @throws ChurnkitError OPTION_INVALID for more combinations than anybody would try.
 */
export function grid(spaces: Spaces, trials = Infinity): Method {
  const sizes = spaces.map((space) => Object.values(space).reduce((size, range) => size * gridOf(range).length, 1));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (Math.min(all, trials) > mostPoints)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The grid has ${all} points. Give smaller \`steps\`, fewer choices, or another method.`,
    );
  return {
    lag: Infinity,
    next({ length }) {
      if (length >= Math.min(all, trials)) return undefined;
      let place = length;
      const searched = sizes.findIndex((size) => {
        if (place < size) return true;
        place -= size;
        return false;
      });
      const values: Record<string, Point["values"][string]> = {};
      for (const [name, range] of Object.entries(spaces[searched] ?? {}).reverse()) {
        const steps = gridOf(range);
        const value = steps[place % steps.length];
        if (value !== undefined) values[name] = value;
        place = Math.floor(place / steps.length);
      }
      return { searched, values, share: 1 };
    },
  };
}

/** Points drawn evenly and independently. */
export const randomSearch = (spaces: Spaces, trials: number, seed: number): Method => ({
  lag: Infinity,
  next: ({ length }) => (length < trials ? drawPoint(spaces, randomOf(seed, length)) : undefined),
});
