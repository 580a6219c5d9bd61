import { permutation } from "../../../base/random.js";
import type { Table } from "../../table/table.js";
import { kindOf } from "../blocks/kinds.js";
import type { Recipe } from "../recipe.js";
import { writeOrdered } from "./fit-target.js";
import { codesOf, type TargetClass } from "./fit-values.js";

/**
 * Replaces the target rates of the training rows by ordered ones (Prokhorenkova et al. 2018): those of the rows that
 * come before in a random order. So a row's label is in no row before it, its own included. Rates of other folds
 * would tell it: of the rows of one level, those whose rate is low are in a fold with many positives, and a model that
 * knows the level finds them.
 */
export function orderRates(
  fitted: { readonly recipe: Recipe; readonly matrix: Float32Array; readonly width: number },
  table: Table,
  target: readonly TargetClass[],
  seed: number,
): void {
  const { recipe, matrix, width } = fitted;
  const expressions = new Map(recipe.derived.map(({ name, expression }) => [name, expression]));
  const labelsOf = new Map(target.map(({ of, labels }) => [of, labels]));
  let order: Uint32Array | undefined;
  let offset = 0;
  for (const block of recipe.blocks) {
    const labels = block.kind === "target" ? labelsOf.get(block.of) : undefined;
    if (block.kind === "target" && labels !== undefined) {
      order ??= permutation(labels.length, seed);
      const values = codesOf(expressions.get(block.input) ?? { op: "column", name: block.input }, table);
      writeOrdered(block, values, labels, order, matrix.subarray(offset), width);
    }
    offset += kindOf(block).width(block);
  }
}
