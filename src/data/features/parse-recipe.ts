import { ChurnkitError } from "../../base/errors.js";
import {
  list,
  oneOf,
  strictObject,
  text,
  version,
  where,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { blockLimits } from "./blocks/block.js";
import { blockKindNames, kindOf } from "./blocks/kinds.js";
import { readExpression } from "./expressions/parse-expression.js";
import type { FeatureBlock, Recipe } from "./recipe.js";

const kindName = oneOf(blockKindNames);
const block: Decoder<FeatureBlock> = (json) => kindOf({ kind: kindName(json.get("kind")) }).read(json);
const widthOf = (blocks: readonly FeatureBlock[]): number =>
  blocks.reduce((total, one) => total + kindOf(one).width(one), 0);

const recipe: Decoder<Recipe> = strictObject({
  format: version(1),
  contractHash: text(128),
  derived: where(
    list(strictObject({ name: text(), expression: readExpression }), blockLimits.blocks),
    (derived) => new Set(derived.map(({ name }) => name)).size === derived.length,
    "columns with different names",
  ),
  blocks: where(
    list(block, blockLimits.blocks),
    (blocks) => widthOf(blocks) > 0 && widthOf(blocks) <= blockLimits.width,
    `blocks of 1 to ${blockLimits.width} matrix columns`,
  ),
});

const malformed = documentError("BUNDLE_CORRUPT", "", "Write recipes with JSON.stringify.");

/**
 * Reads a recipe from untrusted JSON. `compileRecipe` checks whether it fits a contract.
 *
 * @param json Parsed JSON, as written by `JSON.stringify(recipe)`.
 * @throws ChurnkitError BUNDLE_VERSION for another format, BUNDLE_CORRUPT with the path for anything else that is not
 * a recipe, or has more than 10,000 blocks or 100,000 matrix columns.
 */
export function parseRecipe(json: unknown): Recipe {
  const root = JsonValue.of(json, "The recipe", malformed);
  const format = root.get("format").value;
  if (typeof format === "number" && format !== 1) {
    throw new ChurnkitError(
      "BUNDLE_VERSION",
      `The recipe has format ${format}; this version of churnkit reads format 1.`,
      {
        where: { path: "$.format", value: format },
      },
    );
  }
  return recipe(root);
}
