import { ChurnkitError } from "../../../base/errors.js";
import { contractHash } from "../../contract/contract-hash.js";
import type { Table } from "../../table/table.js";
import type { Features } from "../define.js";
import { compileRecipe, type Encoder } from "../encode.js";
import type { DerivedColumn, FeatureBlock, Recipe } from "../recipe.js";
import { affordsDetails } from "./details.js";
import { withoutDuplicates } from "./duplicates.js";
import { Fitting } from "./fit-columns.js";
import { targetClasses, type TargetClass } from "./fit-values.js";
import { orderRates } from "./ordered-rates.js";
import { withRatios } from "./ratios.js";
import { TextFitting } from "./text/fit-text.js";

/** Options of {@link fitRecipe}. */
export interface FitOptions {
  /** Seeds the order of the rows for target rates, and the folds for texts; an unsigned 32-bit integer. */
  readonly seed: number;
  /** Most ratios of two numbers that are added where they say more than either; 0 by default. */
  readonly ratios?: number | undefined;
}

/** A recipe and the training rows encoded by it. */
export interface FittedRecipe {
  readonly recipe: Recipe;
  readonly encoder: Encoder;
  /**
   * Training rows, row-major, rows x encoder.width. The same as `encoder.encode(table)`, except for target rates,
   * which come from the rows before in a random order, and for what texts say about the target, which comes from the
   * rows of other folds.
   */
  readonly matrix: Float32Array;
  /** Omissions and their reasons. */
  readonly notes: readonly string[];
}

function usedDerived(derived: readonly DerivedColumn[], blocks: readonly FeatureBlock[]): DerivedColumn[] {
  const used = new Set(blocks.map((block) => block.input));
  return derived.filter((column) => used.has(column.name));
}

/** Fits the columns with details, or without if there are too few rows for the number of matrix columns. */
function fitColumns(
  features: Features,
  table: Table,
  target: readonly TargetClass[] | undefined,
  texts: TextFitting,
): Fitting {
  const fitting = new Fitting(features, table, target, texts, true);
  fitting.fitAll();
  if (affordsDetails(fitting.candidates, table.rows)) return fitting;
  const plain = new Fitting(features, table, target, texts, false);
  plain.fitAll();
  plain.notes.push(
    `bins and single values of numbers: left out, ${table.rows} rows are too few for the matrix columns they make`,
  );
  return plain;
}

function checkTable(features: Features, table: Table): void {
  if (table.rows === 0) {
    throw new ChurnkitError("TOO_FEW_ROWS", `${table.source}: there are no rows to fit the features on.`, {
      where: { file: table.source },
    });
  }
  if (contractHash(table.contract) !== contractHash(features.contract)) {
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      `The table ${table.source} and the features have different columns. Read the table with the contract of the features.`,
      { where: { file: table.source } },
    );
  }
}

/**
 * Fits the features on training rows, and encodes these rows. The same rows, options and version give the same
 * recipe.
 *
 * By kind:
 * - Numbers: missing becomes the median, with an indicator where training rows miss it. Scaled to mean 0 and standard
 *   deviation 1 after a transform by shape: none where |skewness| <= 2 and excess kurtosis <= 7 and no value has 20 %
 *   of the rows, else log(1 + x) where that makes it so, else normal scores. Each of 3 to 10 different values also gets
 *   a 0/1 column, and so does a value that stands out: in 5 % of the rows, and in 5 times as many as the median value.
 *   And bins between 9 quantiles (`numeric: "both"`), or those alone (`"piecewise"`). Bins and 0/1 columns are left out
 *   where there would be more than 200 matrix columns and fewer than 5 rows for each.
 * - Booleans: 0 and 1.
 * - Categories up to 30 levels: one-hot; rare levels share a column with those never seen. Above: the log-odds of the
 *   target rate, shrunk toward the base rate as far as levels don't differ by more than chance, and in `matrix` of the
 *   rows before in a random order only; and the logarithm of the frequency. Of three or more classes, each has its rate.
 * - Dates: age in days on the newest training day, and the place in year, month and week.
 * - Texts: what their words, pairs of words and parts of words say about the target, as one number: a penalized logistic
 *   regression over their TF-IDF, and in `matrix` from the rows of other folds only; a number for each of three or more classes. Or TF-IDF (`encode: "tfidf"`).
 * - Left out, with a note: constant columns, categories with most values different, 0/1 columns that repeat
 *   another. Ids, the target and ignored columns never enter.
 *
 * @param table Training rows only. Not changed. Only target rates need its target.
 * @throws ChurnkitError CONTRACT_MISMATCH, TOO_FEW_ROWS (no rows), FEATURES_INVALID if no feature is left.
 * @example
 * ```ts
 * import { defineFeatures, fitRecipe, inferDelimited, tableFromRecords } from "churnkit/data";
 *
 * const rows = [3, 12, 40, 8, 25, 60].map((tenure, i) => ({ tenure, plan: i % 2 ? "A" : "B", left: i < 3 ? "yes" : "no" }));
 * const csv = ["tenure,plan,left", ...rows.map((row) => Object.values(row).join(","))].join("\n");
 * const { contract } = await inferDelimited(new TextEncoder().encode(csv), { target: "left", positive: "yes" });
 * const table = tableFromRecords(contract, rows);
 * const { encoder, matrix } = fitRecipe(defineFeatures(contract), table, { seed: 1 });
 * console.assert(matrix.length === table.rows * encoder.width && encoder.names[0] === "tenure");
 * ```
 */
export function fitRecipe<Row>(features: Features<Row>, table: Table<Row>, options: FitOptions): FittedRecipe {
  checkTable(features, table);
  const target = targetClasses(table);
  const texts = new TextFitting(target, options.seed);
  const fitting = fitColumns(withRatios(features, table, target, options.ratios ?? 0), table, target, texts);
  const { blocks, notes: repeated } = withoutDuplicates(fitting.candidates, table.rows);
  const notes = [...fitting.notes, ...repeated];
  if (blocks.length === 0) {
    const why = notes.length > 0 ? ` ${notes.slice(0, 5).join("; ")}.` : "";
    throw new ChurnkitError("FEATURES_INVALID", `${table.source}: no features are left to learn from.${why}`, {
      where: { file: table.source },
    });
  }
  const recipe: Recipe = {
    format: 1,
    contractHash: contractHash(features.contract),
    derived: usedDerived(fitting.derived, blocks),
    blocks,
  };
  const encoder = compileRecipe(recipe, table.contract);
  const matrix = encoder.encode(table);
  if (target !== undefined) orderRates({ recipe, matrix, width: encoder.width }, table, target, options.seed);
  texts.crossFit(recipe, matrix, encoder.width);
  return { recipe, encoder, matrix, notes };
}
