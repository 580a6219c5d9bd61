import { ChurnkitError } from "../../../base/errors.js";
import type { Table } from "../../table/table.js";
import { kindOf } from "../blocks/kinds.js";
import type { Recipe } from "../recipe.js";
import { stratifiedFolds, writeCrossFitted } from "./fit-target.js";
import { codesOf } from "./fit-values.js";

/** Number of folds (2 or more), or the fold of each row. */
export type Folds = number | ArrayLike<number>;

function foldsOf(target: Uint8Array, folds: Folds, seed: number): Uint32Array {
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
export function crossFit(
  fitted: { readonly recipe: Recipe; readonly matrix: Float32Array; readonly width: number },
  table: Table,
  target: Uint8Array,
  options: { readonly folds: Folds; readonly seed: number },
): void {
  const { recipe, matrix, width } = fitted;
  const expressions = new Map(recipe.derived.map(({ name, expression }) => [name, expression]));
  let folds: Uint32Array | undefined;
  let offset = 0;
  for (const block of recipe.blocks) {
    if (block.kind === "target") {
      folds ??= foldsOf(target, options.folds, options.seed);
      const values = codesOf(expressions.get(block.input) ?? { op: "column", name: block.input }, table);
      writeCrossFitted(block, values, target, folds, matrix, offset, width);
    }
    offset += kindOf(block).width(block);
  }
}
