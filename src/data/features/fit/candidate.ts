import type { FeatureBlock } from "../recipe.js";

/** The 0/1 matrix columns of a block; at most one is set in a row. */
export interface Flags {
  readonly names: readonly string[];
  /** Which flag the row sets, or -1. */
  readonly flagOf: (row: number) => number;
  /** The block without some of its flags, undefined where nothing is left; a flag that can't be dropped stays. */
  readonly without: (dropped: ReadonlySet<number>) => FeatureBlock | undefined;
}

/** A block that was fitted, before columns that say the same as others are dropped. */
export interface Candidate {
  readonly block: FeatureBlock;
  readonly flags: Flags | undefined;
}

/** Result of fitting one input. */
export interface Fitted {
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

/** An input that is left out, and why. */
export const dropped = (input: string, why: string): Fitted => ({
  candidates: [],
  notes: [`${input}: left out, ${why}`],
});

/**
 * Fewer rows than this make a level rare: 10, less in tables under 2,000 rows (0.5 %), more in those over 10,000
 * (0.1 %).
 */
export function rareRows(rows: number): number {
  return Math.max(Math.min(10, Math.ceil(0.005 * rows)), Math.ceil(0.001 * rows));
}
