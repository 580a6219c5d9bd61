import { ChurnkitError } from "../../base/errors.js";
import { blockLimits } from "./blocks/block.js";
import { blockKindNames, kindOf } from "./blocks/kinds.js";
import { JsonReader } from "./expressions/json.js";
import { readExpression } from "./expressions/parse.js";
import type { DerivedColumn, FeatureBlock, Recipe } from "./recipe.js";

function readBlock(reader: JsonReader): FeatureBlock {
  const { value } = reader;
  const kind = new JsonReader(
    typeof value === "object" && value !== null ? Reflect.get(value, "kind") : undefined,
    `${reader.path}.kind`,
    reader.code,
  ).oneOf(blockKindNames);
  const blockKind = kindOf({ kind });
  const field = reader.fields(["kind", "input", ...blockKind.fields]);
  // The table's row for this kind reads exactly the fields of its block.
  return { kind, input: field("input").text(), ...blockKind.read(field) } as FeatureBlock;
}

function readDerived(reader: JsonReader): DerivedColumn {
  const field = reader.fields(["name", "expression"]);
  return { name: field("name").text(), expression: readExpression(field("expression")) };
}

/**
 * Reads a recipe from untrusted JSON. Whether it fits a contract is checked by `compileRecipe`.
 *
 * @param json Parsed JSON, as written by `JSON.stringify(recipe)`.
 * @throws ChurnkitError BUNDLE_VERSION for another format, BUNDLE_CORRUPT with the path for anything else that is not a
 * recipe, or holds more than 10,000 blocks or 100,000 matrix columns.
 */
export function parseRecipe(json: unknown): Recipe {
  const reader = new JsonReader(json, "recipe", "BUNDLE_CORRUPT");
  const field = reader.fields(["format", "contractHash", "derived", "blocks"]);
  const format = field("format").number();
  if (format !== 1) {
    throw new ChurnkitError(
      "BUNDLE_VERSION",
      `The recipe has format ${format}; this version of churnkit reads format 1.`,
      {
        where: { path: "recipe.format", value: format },
      },
    );
  }
  const derived = field("derived").list(blockLimits.blocks, readDerived);
  if (new Set(derived.map((column) => column.name)).size < derived.length) field("derived").fail("repeats a name");
  const blocks = field("blocks").list(blockLimits.blocks, readBlock);
  const width = blocks.reduce((total, block) => total + kindOf(block).width(block), 0);
  if (width === 0 || width > blockLimits.width) {
    field("blocks").fail(`must make 1 to ${blockLimits.width} matrix columns, not ${width}`);
  }
  return { format: 1, contractHash: field("contractHash").text(128), derived, blocks };
}
