/**
 * A mergeable summary of a table's columns against frozen cut points and levels: merging is adding counts, so any
 * number of shards in any order gives the same profile. The bundle's drift baseline is one.
 */
export interface Profile {
  readonly format: 1;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

export interface NumericProfile {
  readonly name: string;
  readonly kind: "number" | "boolean" | "date";
  readonly missing: number;
  /** Increasing cut points at the reference's quantiles; heavy ties have a point of their own. */
  readonly cuts: readonly number[];
  /**
   * Counts in 2 * cuts.length + 1 cells: below cuts[0], equal to cuts[0], between cuts[0] and cuts[1], equal to
   * cuts[1], ..., above the last. So ties at a cut are exact and KS's D between cuts is bounded by a cell's mass.
   */
  readonly counts: readonly number[];
  readonly min: number | null;
  readonly max: number | null;
  readonly sum: number;
  readonly sumOfSquares: number;
}

export interface CategoryProfile {
  readonly name: string;
  readonly kind: "category" | "text";
  readonly missing: number;
  readonly levels: readonly string[];
  /** Counts by level. */
  readonly counts: readonly number[];
  /** Rows with a level outside `levels`. */
  readonly other: number;
}

export type ColumnProfile = NumericProfile | CategoryProfile;
