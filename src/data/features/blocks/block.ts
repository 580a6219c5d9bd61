import { increasing, number, numbers, where, type Decoder } from "../../../base/json/index.js";
import type { TextSource } from "../expressions/evaluate.js";
import type { LevelIndex } from "../expressions/levels.js";
import type { FeatureBlock } from "../recipe.js";

/**
 * Writes the block's columns of n rows: for row i from `out[offset + i * stride]` on. `values` has the input's n
 * values, codes for a category, NaN if missing. It writes every cell of the block, with a finite number.
 */
export type WriteBlock = (values: Float64Array, n: number, out: Float32Array, offset: number, stride: number) => void;

/** Behavior of a kind of block; one row of the table `blockKinds`. */
export interface BlockKind<Block extends FeatureBlock> {
  /** Kinds of inputs that it takes. */
  readonly takes: "number" | "category" | "text";
  /** Number of matrix columns. */
  width(block: Block): number;
  /**
   * `levels` is the input's label index, for blocks that take labels; the block adds its labels to it. The values of
   * a text are places in `source.texts`, which is another list for each table.
   */
  writer(block: Block, levels: LevelIndex, source: TextSource): WriteBlock;
  /** Reads a block from untrusted JSON. */
  readonly read: Decoder<Block>;
}

/** Limits on the contents of a recipe. */
export const blockLimits = {
  /** Labels or numbers in one list. */
  list: 100_000,
  /** Blocks, and derived columns. */
  blocks: 10_000,
  /** Matrix columns. */
  width: 100_000,
} as const;

/** Numbers beyond this are clipped to it, so that squares and differences of the rest are finite. */
export const largest = 1e100;

/** Returns a number as blocks see it: within +-1e100, and NaN (missing) if an expression gave no number. */
export function bounded(x: number): number {
  return x > largest ? largest : x < -largest ? -largest : x;
}

/** Returns the position of the last item of increasing `knots` that is at or below x; -1 if there is none. */
export function segmentOf(knots: Float64Array, x: number): number {
  let low = 0;
  let high = knots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((knots[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A number that blocks can compute with. */
export const boundedNumber = number(-largest, largest);

/** At least `min` numbers, each larger than the one before. */
export const knots = (min: number): Decoder<number[]> =>
  where(
    increasing(numbers(blockLimits.list)),
    (values) => values.length >= min && values.every((value) => Math.abs(value) <= largest),
    `at least ${min} numbers within -1e100 and 1e100`,
  );
