import { ChurnkitError } from "../../base/errors.js";
import { kindOf } from "./blocks/kinds.js";
import { columnsIn } from "./explain-encoding.js";
import type { FeatureBlock, Recipe } from "./recipe.js";

/** Directions by column: 1 for a score that must not fall as the column rises, -1 for one that must not rise. */
export type Directions = Readonly<Record<string, 1 | -1>>;

/** Which way a model may use each matrix column. */
export interface MatrixDirections {
  /** For each matrix column 1, -1, or 0 without a constraint. */
  readonly directions: Int8Array;
  /** Columns that no direction is known of, so that a model must not use them. */
  readonly unusable: ReadonlySet<number>;
}

/** Whether the block's columns never fall as its number rises. */
const rises = ({ kind }: FeatureBlock): boolean => kind === "numeric" || kind === "piecewise";
/** The column "was missing" is last. It is the same for all numbers. */
const hasIndicator = (block: FeatureBlock): boolean => "indicator" in block && block.indicator;

/**
 * Says for each matrix column what it must keep to, so that the score is monotone in some columns of the contract, or
 * derived ones. A matrix column made from such a column in another way (its single values, a ratio with it) could go
 * either way.
 *
 * @throws ChurnkitError OPTION_INVALID for a column that is not encoded as a number.
 */
export function matrixDirections({ derived, blocks }: Recipe, wanted: Directions): MatrixDirections {
  const numbers = new Set(blocks.filter(rises).map(({ input }) => input));
  for (const column of Object.keys(wanted)) {
    if (numbers.has(column)) continue;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `monotone names "${column}", which is not encoded as a number. Use one of ${[...numbers].slice(0, 20).join(", ")}.`,
      { where: { path: `monotone.${column}`, column } },
    );
  }
  const expressions = new Map(derived.map(({ name, expression }) => [name, expression]));
  const known = new Map(Object.entries(wanted));
  const directions: number[] = [];
  const unusable = new Set<number>();
  for (const block of blocks) {
    const width = kindOf(block).width(block);
    const direction = known.get(block.input) ?? 0;
    const expression = expressions.get(block.input);
    const uses = expression === undefined ? [block.input] : [block.input, ...columnsIn(expression)];
    const blind = rises(block)
      ? uses.some((column) => column !== block.input && known.has(column))
      : uses.some((column) => known.has(column));
    for (let i = 0; i < width; i++) {
      if (blind) unusable.add(directions.length);
      directions.push(hasIndicator(block) && i === width - 1 ? 0 : direction);
    }
  }
  return { directions: Int8Array.from(directions), unusable };
}
