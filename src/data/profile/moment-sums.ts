import { powerOfTwo } from "../../base/elementary.js";
import { EXACT_BLOCK, addExactly, exponentOf, unitsOf } from "./exact-sum.js";

/** A larger deviation from the origin counts as this much, so that squares and their sums stay finite. */
const LARGEST_DEVIATION = 1e150;

/**
 * Extremes and exact sums of values and squares about an origin. The bits of a block's values are cut in two layers on
 * grids so coarse that neither sum rounds, as in {@link addExactly}, both powers at once; what lies below the second layer
 * is rare and left to {@link addExactly}.
 */
export class MomentSums {
  readonly #origin: number;
  readonly #restOfSum = new Float64Array(EXACT_BLOCK);
  readonly #restOfSquares = new Float64Array(EXACT_BLOCK);
  min = Infinity;
  max = -Infinity;
  /** In units of 2^-1074. */
  sum = 0n;
  squares = 0n;

  constructor(origin: number) {
    this.#origin = origin;
  }

  /** Adds values[from..to), at most {@link EXACT_BLOCK} of them and without NaN. */
  add(values: Float64Array, from: number, to: number): void {
    let min = Infinity;
    let max = -Infinity;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      min = value < min ? value : min;
      max = value > max ? value : max;
    }
    if (from === to) return;
    if (min < this.min) this.min = min;
    if (max > this.max) this.max = max;
    const origin = this.#origin;
    const largest = Math.min(LARGEST_DEVIATION, Math.max(Math.abs(min - origin), Math.abs(max - origin)));
    if (largest > 1e-100 && largest < LARGEST_DEVIATION) this.#addLayers(values, from, to, largest);
    else this.#addPlainly(values, from, to);
  }

  #addLayers(values: Float64Array, from: number, to: number, largest: number): void {
    const origin = this.#origin;
    const one = layersOf(largest);
    const two = layersOf(largest * largest);
    const [coarse1, fine1, coarse2, fine2] = [one.coarse, one.fine, two.coarse, two.fine];
    const restOfSum = this.#restOfSum;
    const restOfSquares = this.#restOfSquares;
    let [high1, low1, high2, low2] = [0, 0, 0, 0];
    let [left1, left2] = [0, 0];
    for (let i = from; i < to; i++) {
      const deviation = (values[i] as number) - origin;
      const square = deviation * deviation;
      const top1 = deviation + coarse1 - coarse1;
      const below1 = deviation - top1;
      const next1 = below1 + fine1 - fine1;
      high1 += top1;
      low1 += next1;
      if (below1 !== next1) restOfSum[left1++] = below1 - next1;
      const top2 = square + coarse2 - coarse2;
      const below2 = square - top2;
      const next2 = below2 + fine2 - fine2;
      high2 += top2;
      low2 += next2;
      if (below2 !== next2) restOfSquares[left2++] = below2 - next2;
    }
    this.sum += unitsOf(high1, one.unit) + unitsOf(low1, one.fineUnit);
    this.squares += unitsOf(high2, two.unit) + unitsOf(low2, two.fineUnit);
    if (left1 > 0) this.sum = addExactly(this.sum, restOfSum, left1);
    if (left2 > 0) this.squares = addExactly(this.squares, restOfSquares, left2);
  }

  /** For values so small that their layers would fall below the smallest double, or so large that they are cut. */
  #addPlainly(values: Float64Array, from: number, to: number): void {
    const length = to - from;
    for (let i = 0; i < length; i++) {
      const deviation = (values[from + i] as number) - this.#origin;
      const cut = Math.max(-LARGEST_DEVIATION, Math.min(LARGEST_DEVIATION, deviation));
      this.#restOfSum[i] = cut;
      this.#restOfSquares[i] = cut * cut;
    }
    this.sum = addExactly(this.sum, this.#restOfSum, length);
    this.squares = addExactly(this.squares, this.#restOfSquares, length);
  }
}

interface Layers {
  /** 1.5 times a power of two: adding and subtracting it rounds to `unit`, a power of two's exponent. */
  readonly coarse: number;
  readonly unit: number;
  readonly fine: number;
  readonly fineUnit: number;
}

/** Grids on which a block's values up to `largest` can be added without rounding. */
function layersOf(largest: number): Layers {
  const top = exponentOf(largest) + 13;
  const unit = top - 52;
  const fineUnit = unit - 42;
  return { coarse: 1.5 * powerOfTwo(top), unit, fine: 1.5 * powerOfTwo(fineUnit + 52), fineUnit };
}
