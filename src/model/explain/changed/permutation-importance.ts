import { ChurnkitError } from "../../../base/errors.js";
import { mix32, permutation } from "../../../base/random.js";
import { rowLogLoss } from "../../../stats/logistic.js";
import { mean, standardError } from "../../../stats/mean.js";
import { rankAuc } from "../../../stats/ranks/index.js";
import { labels, type ColumnData, type ColumnName, type Table } from "../../../data/table/index.js";
import type { Scorer } from "../../scoring/index.js";
import { dataOf, featureNamed, takeCells, wholeOption, withColumns } from "./columns.js";

/** How permutation importance is measured. */
interface PermutationOptions<Row> {
  /** `logLoss` (default), or `auc`. */
  readonly metric?: "logLoss" | "auc" | undefined;
  /** Shuffles of each column, 2 to 1,000. Default 5. */
  readonly repeats?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Columns that are shuffled together, such as those that say nearly the same. The others are shuffled alone. */
  readonly groups?: readonly (readonly ColumnName<Row>[])[] | undefined;
}

/** How much worse a model is without the information of some columns. */
export interface PermutationImportance {
  /** The columns that are shuffled together: one, unless `groups` said more. */
  readonly columns: readonly string[];
  /** Mean rise of the log loss, or fall of the AUC. 0 for columns that the model doesn't use, below 0 by chance. */
  readonly worsening: number;
  /** Standard error of that mean, from the shuffles. */
  readonly standardError: number;
}

/**
 * Permutation importance (Breiman 2001): how much worse a metric gets when a column's values are shuffled among the rows,
 * for each feature or group of features; the worst first. Unlike attributions it needs labels, and says what the model
 * gains by a column instead of how far it moves scores. Of columns that say the same each looks unimportant: give them as a
 * group.
 *
 * @param table labeled rows that the model was not trained on.
 * @throws ChurnkitError TARGET_INVALID without two classes in the table, OPTION_INVALID for options out of range, an unknown
 * column or one in two groups, and as `scorer.score` does.
 * @example
 * ```ts
 * import { defineFeatures, split, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { compile, logistic, permutationImportance, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 600, seed: 1 }).records);
 * const { train: rows, test } = split(customers, { seed: 1 });
 * const { artifact } = await train(defineFeatures(syntheticContract), rows, { learner: logistic(), baseline: false });
 * const [first] = permutationImportance(await compile(artifact), test);
 * console.log(first?.columns, first?.worsening);
 * ```
 */
export function permutationImportance<Row>(
  scorer: Pick<Scorer, "contract" | "score">,
  table: Table<Row>,
  { metric = "logLoss", repeats = 5, seed = 0, groups = [] }: PermutationOptions<Row> = {},
): PermutationImportance[] {
  wholeOption("repeats", repeats, 2, 1000);
  const truth = labels({ ...table, contract: scorer.contract });
  const lossOf = (probabilities: Float64Array): number =>
    metric === "auc" ? -(rankAuc(truth, probabilities) ?? NaN) : logLoss(truth, probabilities);
  const before = lossOf(scorer.score(table));
  const units = unitsOf(scorer.contract, groups);
  const rows = Array.from({ length: repeats }, (_, repeat) => permutation(table.rows, mix32(mix32(seed) + repeat)));
  return units
    .map((columns) => {
      const losses = rows.map((order) => {
        const shuffled = new Map<string, ColumnData>();
        for (const name of columns) shuffled.set(name, takeCells(dataOf(table, name), order));
        return lossOf(scorer.score(withColumns(table, shuffled))) - before;
      });
      const found = Float64Array.from(losses);
      return { columns, worsening: mean(found), standardError: standardError(found) };
    })
    .sort((a, b) => b.worsening - a.worsening);
}

function logLoss(truth: Uint8Array, probabilities: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < truth.length; row++) sum += rowLogLoss(truth[row] as number, probabilities[row] as number);
  return sum / truth.length;
}

/** The groups, then each other feature alone. */
function unitsOf(contract: Scorer["contract"], groups: readonly (readonly string[])[]): (readonly string[])[] {
  const grouped = new Set<string>();
  for (const name of groups.flat()) {
    featureNamed(contract, name, "groups");
    if (grouped.has(name)) {
      throw new ChurnkitError("OPTION_INVALID", `groups names the column ${name} twice. Put it into one group.`, {
        where: { column: name },
      });
    }
    grouped.add(name);
  }
  const alone = contract.columns.filter(({ role, name }) => role === "feature" && !grouped.has(name));
  return [...groups.filter(({ length }) => length > 0), ...alone.map(({ name }) => [name])];
}
