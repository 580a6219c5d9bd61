/**
 * A mergeable summary of a table's columns against frozen cut points and levels. The reference's profile freezes them
 * ({@link profileTable}), later data are counted against them ({@link profileAgainst}), and merging is adding counts,
 * so any number of shards in any order gives the same profile, bit for bit, in constant memory. The bundle's drift
 * baseline is one. Plain JSON; columns hold no row and no identifier.
 */
export interface Profile {
  readonly format: 1;
  /** Rows of the table, missing values included. A column added separately (the predictions) may count others. */
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

/** Counts of a number, boolean or date column between frozen cut points. */
export interface NumericProfile {
  readonly name: string;
  readonly kind: "number" | "boolean" | "date";
  /**
   * `predictions` marks the model's probabilities, which are not a column of the data; no column has their name.
   * `length` marks the lengths, in characters, of a column of texts.
   */
  readonly of?: "predictions" | "length" | undefined;
  /** See {@link CategoryProfile}. */
  readonly unread?: true | undefined;
  readonly missing: number;
  /**
   * Increasing cut points at the reference's quantiles, its extremes and deciles among them. A value that many rows
   * share is always a cut point itself; a column of no more distinct values than cut points has a cut point at each.
   */
  readonly cuts: readonly number[];
  /** The reference's deciles without repeats, each one of `cuts`: the edges of the ten bins that PSI compares. */
  readonly deciles: readonly number[];
  /**
   * Counts in 2 * cuts.length + 1 cells: below cuts[0], equal to cuts[0], between cuts[0] and cuts[1], equal to
   * cuts[1], ..., above the last. So ties at a cut are exact and KS's D between cuts is bounded by a cell's mass.
   */
  readonly counts: readonly number[];
  readonly min: number | null;
  readonly max: number | null;
  readonly moments: Moments;
}

/**
 * Sums about a frozen origin, exact: an addition that never rounds gives the same sum in any order. About an origin in
 * the middle of the reference, so that the variance of dates and large amounts survives.
 */
export interface Moments {
  readonly origin: number;
  /** Sum of (value - origin), every digit of it. */
  readonly sum: string;
  /** Sum of (value - origin)^2, each square rounded to a double, every digit of the sum. */
  readonly squares: string;
}

/** Counts of a category or text column over frozen levels. */
export interface CategoryProfile {
  readonly name: string;
  readonly kind: "category" | "text";
  /** Marks an ignored column with at most one value: the model doesn't read it, but other values in it are drift. */
  readonly unread?: true | undefined;
  readonly missing: number;
  /** The contract's levels, then the reference's others by name; only the most frequent ones if there are too many. */
  readonly levels: readonly string[];
  /** Counts by level. */
  readonly counts: readonly number[];
  /** Rows with a level outside `levels`. */
  readonly other: number;
  /** The first such levels by name (at most `profileLimits.newLevels` of them), cut to 80 characters. */
  readonly newLevels: readonly string[];
}

/** The counts of one column; `kind` tells which. */
export type ColumnProfile = NumericProfile | CategoryProfile;

/** Limits of a profile; {@link parseProfile} refuses more. */
export const profileLimits = {
  columns: 10_000,
  cutPoints: 65_536,
  levels: 1_000,
  newLevels: 20,
  text: 10_000,
} as const;

export const isNumericProfile = (column: ColumnProfile): column is NumericProfile => "cuts" in column;

/** Values of a column that are not missing. */
export function countOfValues(column: ColumnProfile): number {
  let n = isNumericProfile(column) ? 0 : column.other;
  const { counts } = column;
  for (let cell = 0; cell < counts.length; cell++) n += counts[cell] as number;
  return n;
}
