import { blockNames } from "./blocks/names.js";
import type { Expression } from "./expression.js";
import type { FeatureBlock, Recipe } from "./recipe.js";

/** Source of a matrix column. */
export interface EncodedColumn {
  readonly name: string;
  /** The contract's column, or the derived column if it uses several of the contract's. */
  readonly source: string;
  /** All columns of the contract that it uses. */
  readonly columns: readonly string[];
  readonly block: FeatureBlock["kind"];
}

/** The columns of the contract in an expression, some perhaps more than once. */
export function columnsIn(expression: Expression): string[] {
  return expression.op === "column" ? [expression.name] : expression.args.flatMap(columnsIn);
}

/**
 * Returns, for each matrix column of a recipe, in order: its name, its source and its encoding. With it an
 * explanation of a score can name a customer's columns instead of the matrix's.
 */
export function explainEncoding(recipe: Recipe): EncodedColumn[] {
  const derived = new Map(recipe.derived.map(({ name, expression }) => [name, expression]));
  const taken = new Set<string>();
  return recipe.blocks.flatMap((block) => {
    const expression = derived.get(block.input);
    const columns = expression === undefined ? [block.input] : [...new Set(columnsIn(expression))];
    const source = columns.length === 1 ? (columns[0] ?? block.input) : block.input;
    return blockNames(block).map((plain) => {
      let name = plain;
      for (let copy = 2; taken.has(name); copy++) name = `${plain} #${copy}`;
      taken.add(name);
      return { name, source, columns, block: block.kind };
    });
  });
}
