import type { Bounds } from "./bounds.js";
import type { Split } from "./tree.js";

/** A range of rows in a list. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The rows of a leaf: those that it was grown on, and those that only fall into it. */
export interface Leaf {
  readonly inside: Span;
  readonly outside: Span;
  /** As stored in the model: rounded to float32. */
  readonly value: number;
}

/** A leaf that may still be split. */
export interface Open extends Omit<Leaf, "value"> {
  readonly depth: number;
  /** Sums of the packed derivatives. */
  readonly first: number;
  readonly second: number;
  readonly bounds: Bounds;
  readonly histogram: number | undefined;
  readonly split: Split | undefined;
  /** Index of its node. */
  readonly node: number;
}

export const sizeOf = ({ from, to }: Span): number => to - from;

/** Takes the next open leaf: the one whose split gains most or, if all will be made anyway, the newest. */
export function next(open: Open[], leaves: number): Open {
  let best = open.length - 1;
  if (leaves !== Infinity) {
    for (let i = best - 1; i >= 0; i--) if (gainOf(open[i]) >= gainOf(open[best])) best = i;
  }
  return open.splice(best, 1)[0] as Open;
}

const gainOf = (leaf: Open | undefined): number => leaf?.split?.gain ?? 0;
