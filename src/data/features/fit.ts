import { ChurnkitError } from "../../base/errors.js";
import { contractHash } from "../contract/contract-hash.js";
import type { Column } from "../contract/contract.js";
import type { Table } from "../table/table.js";
import { kindOf } from "./blocks/kinds.js";
import type { Features } from "./define.js";
import { compileRecipe, type Encoder } from "./encode.js";
import type { Expression } from "./expression.js";
import { checkExpression } from "./expressions/check.js";
import { evaluateExpression } from "./expressions/evaluate.js";
import { fitCategory } from "./fit/category.js";
import { dropped, type Fitted } from "./fit/candidate.js";
import { dateParts } from "./fit/date.js";
import { withoutDuplicates } from "./fit/duplicates.js";
import { fitBoolean, fitNumber } from "./fit/number.js";
import { stratifiedFolds, writeCrossFitted } from "./fit/target.js";
import { codesOf, numbersOf, targetLabels } from "./fit/values.js";
import type { CategoryPolicy, ColumnPolicy, DateEncoding, NumberPolicy } from "./policy.js";
import type { DerivedColumn, FeatureBlock, Recipe } from "./recipe.js";

export interface FitOptions {
  /** Seeds the folds of cross-fitted encodings; an unsigned 32-bit integer. */
  readonly seed: number;
  /**
   * Folds for cross-fitting: how many (2 or more, default 5), or the fold of each row (0, 1, ...), such as those that
   * the model will be cross-validated on.
   */
  readonly folds?: number | ArrayLike<number> | undefined;
}

/** A recipe and the training rows encoded by it. */
export interface FittedRecipe {
  readonly recipe: Recipe;
  readonly encoder: Encoder;
  /**
   * Training rows, row-major, rows x encoder.width. As `encoder.encode(table)` gives it, but for target rates: those
   * come from rows of other folds.
   */
  readonly matrix: Float32Array;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** Gathers what fitting the columns one by one gives. */
class Fitting {
  readonly derived: DerivedColumn[];
  readonly candidates: Fitted["candidates"][number][] = [];
  readonly notes: string[] = [];
  readonly #features: Features;
  readonly #table: Table;
  readonly #target: Uint8Array | undefined;

  constructor(features: Features, table: Table, target: Uint8Array | undefined) {
    this.#features = features;
    this.#table = table;
    this.#target = target;
    this.derived = [...features.derived];
  }

  fitAll(): void {
    for (const column of this.#table.contract.columns) if (column.role === "feature") this.#fitColumn(column);
    for (const { name, expression } of this.#features.derived) this.#fit(name, expression);
  }

  #policy(name: string): ColumnPolicy {
    return this.#features.policies.find((candidate) => candidate.column === name)?.policy ?? {};
  }

  #keep({ candidates, notes }: Fitted): void {
    this.candidates.push(...candidates);
    this.notes.push(...notes);
  }

  #fitColumn(column: Column): void {
    const { name } = column;
    if (column.kind === "text") {
      if (this.#policy(name).encode !== "drop") this.#keep(dropped(name, "free text is not encoded"));
    } else if (column.kind === "date") this.#fitDate(name);
    else this.#fit(name, { op: "column", name });
  }

  #fit(name: string, expression: Expression): void {
    const policy = this.#policy(name);
    if (policy.encode === "drop") return;
    const { kind } = checkExpression(expression, this.#features.contract, name);
    if (kind === "category") {
      const { codes, labels } = codesOf(expression, this.#table);
      // The policy was checked against the column's kind when the features were defined.
      this.#keep(fitCategory({ name, codes, labels, policy: policy as CategoryPolicy, target: this.#target }));
    } else if (kind === "boolean") this.#keep(fitBoolean(name, numbersOf(expression, this.#table)));
    else {
      const values = numbersOf(expression, this.#table);
      const { numeric } = this.#features;
      this.#keep(fitNumber({ name, values, policy: policy as NumberPolicy, numeric, indicator: true }));
    }
  }

  #fitDate(name: string): void {
    const encode = this.#policy(name).encode ?? "auto";
    if (encode === "drop") return;
    const unused = (wanted: string): boolean =>
      ![...this.#table.contract.columns, ...this.derived].some((other) => other.name === wanted);
    const values = numbersOf({ op: "column", name }, this.#table);
    const parts = dateParts(name, values, encode as DateEncoding, unused);
    if (parts.length === 0) this.#keep(dropped(name, "it is missing in every training row"));
    for (const { indicator, ...part } of parts) {
      this.derived.push(part);
      const numbers = numbersOf(part.expression, this.#table);
      this.#keep(fitNumber({ name: part.name, values: numbers, policy: { oneHotValues: false }, numeric: "standard", indicator }));
    }
  }
}

function foldsOf(target: Uint8Array, { folds = 5, seed }: FitOptions): Uint32Array {
  if (typeof folds === "number") {
    if (!(Number.isInteger(folds) && folds >= 2)) {
      throw new ChurnkitError("OPTION_INVALID", `folds is ${folds}; it must be a whole number, 2 or more.`);
    }
    return stratifiedFolds(target, folds, seed);
  }
  const given = Uint32Array.from(folds);
  if (given.length !== target.length) {
    throw new ChurnkitError("OPTION_INVALID", `folds has ${given.length} entries for ${target.length} rows.`);
  }
  return given;
}

/** Replaces the target rates of the training rows by cross-fitted ones. */
function crossFit(recipe: Recipe, table: Table, target: Uint8Array, options: FitOptions, matrix: Float32Array, width: number): void {
  const expressions = new Map(recipe.derived.map(({ name, expression }) => [name, expression]));
  let folds: Uint32Array | undefined;
  let offset = 0;
  for (const block of recipe.blocks) {
    if (block.kind === "target") {
      folds ??= foldsOf(target, options);
      const values = codesOf(expressions.get(block.input) ?? { op: "column", name: block.input }, table);
      writeCrossFitted(block, values, target, folds, matrix, offset, width);
    }
    offset += kindOf(block).names(block).length;
  }
}

function usedDerived(derived: readonly DerivedColumn[], blocks: readonly FeatureBlock[]): DerivedColumn[] {
  const used = new Set(blocks.map((block) => block.input));
  return derived.filter((column) => used.has(column.name));
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
      `The table ${table.source} has other columns than the features were defined for. Read it with the same contract.`,
      { where: { file: table.source } },
    );
  }
}

/**
 * Fits the features on training rows, and encodes these. The same rows, options and version give the same recipe.
 *
 * By kind:
 * - Numbers: missing becomes the median, with an indicator where training rows miss it. Scaled to mean 0 and standard
 *   deviation 1 after a transform by shape: none where |skewness| <= 1 and excess kurtosis <= 4, else log(1 + x) where
 *   that helps, else normal scores. Each of 3 to 10 different values, and each value that 5 % of the rows have, also
 *   gets a 0/1 column. Or bins between 9 quantiles (`numeric: "piecewise"`).
 * - Booleans: 0 and 1.
 * - Categories up to 30 levels: one-hot; rare levels share a column with those never seen. Above: the log-odds of the
 *   target rate, shrunk towards the base rate as far as levels don't differ by more than chance, and cross-fitted in
 *   `matrix`; and the logarithm of the frequency.
 * - Dates: age in days on the newest training day, and the place in year, month and week.
 * - Left out, with a note: free text, constant columns, categories with most values different, 0/1 columns that repeat
 *   another. Ids, the target and ignored columns never enter.
 *
 * @param table Training rows only. Not changed. Its target is needed for target rates alone.
 * @throws ChurnkitError CONTRACT_MISMATCH, TOO_FEW_ROWS (no rows), OPTION_INVALID (folds), FEATURES_INVALID where no
 * feature is left.
 */
export function fitRecipe<Row>(features: Features<Row>, table: Table<Row>, options: FitOptions): FittedRecipe {
  checkTable(features, table);
  const target = targetLabels(table);
  const fitting = new Fitting(features, table, target);
  fitting.fitAll();
  const { blocks, notes: repeated } = withoutDuplicates(fitting.candidates, table.rows);
  const notes = [...fitting.notes, ...repeated];
  if (blocks.length === 0) {
    const why = notes.length > 0 ? ` ${notes.slice(0, 5).join("; ")}.` : "";
    throw new ChurnkitError("FEATURES_INVALID", `${table.source}: no feature is left to learn from.${why}`, {
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
  if (target !== undefined) crossFit(recipe, table, target, options, matrix, encoder.width);
  return { recipe, encoder, matrix, notes };
}
