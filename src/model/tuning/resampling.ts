import { ChurnkitError } from "../../base/errors.js";
import { mix32 } from "../../base/random.js";
import { detailColumns, type Features, fitRecipe } from "../../data/features/index.js";
import { kFold, timeFolds, type Fold } from "../../data/split/index.js";
import { type ColumnName, takeRows, type Table } from "../../data/table/index.js";
import { sharedCopy, sharedMatrix } from "../kinds/shared-matrix.js";
import { type ClassLabels, labelsOfRows } from "../training/classes/class-labels.js";
import type { FoldData } from "../training/score-fold.js";

/** How rows are divided into folds. */
export interface Resampling {
  /** Number of folds. Default 5. */
  readonly folds?: number | undefined;
  /** Divides the rows anew this many times. Default 1. */
  readonly repeats?: number | undefined;
  /**
   * Default: each fold has the same share of every class. `group` keeps rows with one value of a column together, such
   * as all rows of a household; `time` trains on the rows before the fold's and tests on later ones.
   */
  readonly by?: { readonly group: string } | { readonly time: string } | undefined;
  readonly seed?: number | undefined;
}

/** The columns of {@link Resampling} as the compiler knows them. */
export interface ByColumn<Row> {
  readonly by?: { readonly group: ColumnName<Row> } | { readonly time: ColumnName<Row> } | undefined;
}

/** One fold of a repeat. */
export interface PlannedFold extends Fold {
  readonly repeat: number;
  readonly fold: number;
  /** Of the recipe and the training; every learner gets the same. */
  readonly seed: number;
}

/**
 * Divides the rows of a table into folds.
 *
 * @throws ChurnkitError OPTION_INVALID for numbers out of range, and the errors of the kind of folds.
 */
export function planFolds(table: Table, { folds = 5, repeats = 1, by, seed = 0 }: Resampling): PlannedFold[] {
  if (!(Number.isInteger(repeats) && repeats >= 1 && repeats <= 1000))
    throw new ChurnkitError("OPTION_INVALID", `repeats is ${repeats}. Give a whole number from 1 to 1000.`);
  if (by && "time" in by && repeats > 1)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `Folds in time are the same each time, so they cannot be repeated ${repeats} times. Give more folds.`,
    );
  return Array.from({ length: repeats }, (_, repeat) => {
    const own = repeat === 0 ? seed : mix32(mix32(seed) + repeat);
    const divided = by && "time" in by ? timeFolds(table, by.time, folds) : kFold(table, folds, own, by && by.group);
    return divided.map((rows, fold): PlannedFold => ({ ...rows, repeat, fold, seed: own }));
  }).flat();
}

/** Test rows over training rows of a fold, on average. */
export const testShare = (folds: readonly Fold[]): number =>
  folds.reduce((sum, { train, test }) => sum + test.length / train.length, 0) / folds.length;

/**
 * Fits the recipe on a fold's training rows alone and encodes both parts, in memory that threads share.
 *
 * @param known those of the table.
 * @param ratios as a learner asks for them.
 */
export function encodeFold(
  features: Features,
  table: Table,
  known: ClassLabels,
  { train, test, seed }: PlannedFold,
  ratios = 0,
): FoldData {
  const { recipe, encoder, matrix } = fitRecipe(features, takeRows(table, train), { seed, ratios });
  const { width } = encoder;
  const part = (rows: Uint32Array, encoded: Float32Array) => ({
    matrix: encoded,
    width,
    ...labelsOfRows(known, rows),
  });
  return {
    training: { ...part(train, sharedCopy(matrix)), details: detailColumns(recipe), recipe },
    test: part(test, encoder.encode(takeRows(table, test), sharedMatrix(test.length * width))),
  };
}
