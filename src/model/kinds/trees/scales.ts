/** Units of the packed whole numbers: a derivative is the whole number times its scale. */
export interface Scales {
  readonly first: number;
  readonly second: number;
}

/** Sums of packed whole numbers stay below this, whatever they are rounded to. */
const mostSum = 2 ** 31;
const mostScale = 2 ** 30;

/**
 * Returns the power of two by which this many nonnegative numbers of a sum can be multiplied before they are rounded
 * and packed.
 */
export function scaleOf(sum: number, count: number): number {
  let scale = mostScale;
  while (scale * sum > mostSum - 1 - count) scale /= 2;
  return scale;
}
