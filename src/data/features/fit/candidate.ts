import type { FeatureBlock } from "../recipe.js";

/** The 0/1 matrix columns of a block; at most one is set in a row. */
export interface Flags {
  readonly names: readonly string[];
  /** Returns the flag that the row sets, or -1. */
  readonly flagOf: (row: number) => number;
  /**
   * Returns the block without some of its flags, or undefined if nothing is left; a flag that can't be dropped stays.
   */
  readonly without: (dropped: ReadonlySet<number>) => FeatureBlock | undefined;
}

/** A fitted block, before duplicate columns are dropped. */
export interface Candidate {
  readonly block: FeatureBlock;
  readonly flags: Flags | undefined;
}

/** Result of fitting one input. */
export interface Fitted {
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

/** An omitted input, and the reason. */
export const dropped = (input: string, why: string): Fitted => ({
  candidates: [],
  notes: [`${input}: left out, ${why}`],
});

/**
 * A level with fewer rows than this is rare: 10, less in tables under 2,000 rows (0.5 %), more in those over 10,000
 * (0.1 %).
 */
export function rareRows(rows: number): number {
  return Math.max(Math.min(10, Math.ceil(0.005 * rows)), Math.ceil(0.001 * rows));
}
