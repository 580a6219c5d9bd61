import { mix32, uniform } from "../../../base/random.js";
import type { OptionValue } from "../space/axis.js";
import { valueAt } from "../space/axis.js";
import type { SearchSpace } from "../space/search-space.js";

/** A point to try: one of the searched learners with values from its space. */
export interface Point {
  readonly searched: number;
  readonly values: Readonly<Record<string, OptionValue>>;
  /** Share of the epochs, rounds or trees, 1 for all. */
  readonly share: number;
}

/** The spaces of the searched learners. */
export type Spaces = readonly SearchSpace[];

/**
 * A way to search. It is asked for one point after the other, and a point depends only on the seed, the points before it
 * and the losses of those that are known, so that the result does not depend on which of them are done first.
 */
export interface Method {
  /** How many trials may be at work, the asked one among them; Infinity for a method that learns nothing from them. */
  readonly lag: number;
  /**
   * The next point; undefined for none with so little known, or none at all.
   *
   * @param losses of the first points; Infinity for one that failed.
   */
  next(points: readonly Point[], losses: readonly number[]): Point | undefined;
}

/** Trials at work for a method that learns: fixed, so that the number of threads does not change the search. */
export const learningLag = 4;

/** A generator of uniform numbers for a point. */
export const randomOf = (seed: number, point: number): (() => number) => uniform(mix32(mix32(seed) ^ (point + 1)));

/** A point drawn evenly from the spaces. */
export function drawPoint(spaces: Spaces, random: () => number): Point {
  const searched = Math.min(spaces.length - 1, Math.floor(random() * spaces.length));
  return { searched, values: drawValues(spaces[searched] ?? {}, random), share: 1 };
}

/** Values drawn evenly from a space. */
export const drawValues = (space: SearchSpace, random: () => number): Point["values"] =>
  Object.fromEntries(Object.entries(space).map(([name, range]) => [name, valueAt(range, random())]));
