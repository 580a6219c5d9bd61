/** Sums of a node's derivatives, in the units they are packed in. */
interface Sums {
  readonly first: number;
  readonly second: number;
}

/** What a node's value is kept to, in the units of the sums: `first` over `second`. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

export const unbounded: Bounds = { lower: -Infinity, upper: Infinity };

/** The value of a node that lowers the loss most within its bounds. */
export function boundedValue({ first, second }: Sums, l2: number, { lower, upper }: Bounds): number {
  // Subtracted from 0, so that a leaf is never -0.
  return Math.min(Math.max(0 - first / (second + l2), lower), upper);
}

/**
 * The bounds of a split's children: along a constrained feature all of one side stays on its side of the middle between
 * both values (as XGBoost does), so that no later split can turn the order round.
 *
 * @param direction 1 if the score must not fall as the feature rises, -1 if it must not rise, 0 without a constraint.
 */
export function childBounds(
  parent: Bounds,
  direction: number,
  low: Sums,
  high: Sums,
  l2: number,
): readonly [low: Bounds, high: Bounds] {
  if (direction === 0) return [parent, parent];
  const middle = (boundedValue(low, l2, parent) + boundedValue(high, l2, parent)) / 2;
  const below = { ...parent, upper: middle };
  const above = { ...parent, lower: middle };
  return direction > 0 ? [below, above] : [above, below];
}
