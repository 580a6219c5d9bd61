import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { compileRecipe } from "../../../src/data/features/encode.js";
import { fitRecipe } from "../../../src/data/features/fit/fit-recipe.js";
import type { Features } from "../../../src/data/features/define.js";
import { parseRecipe } from "../../../src/data/features/parse-recipe.js";
import type { Table } from "../../../src/data/table/table.js";
import { anyContract, anyFeatures, anyTable } from "./generated.js";
import { budget } from "../../helpers/budget.js";

const table = fc.sample(anyTable(60, 60), { numRuns: 1, seed: 3 })[0] as Table;
const features = fc.sample(anyFeatures, { numRuns: 1, seed: 3 })[0] as Features;
const { recipe } = fitRecipe(features, table, { seed: 1 });
type Json = Record<string, unknown>;
const json = (): Json => JSON.parse(JSON.stringify(recipe)) as Json;

const outcome = (value: unknown): string => {
  try {
    parseRecipe(value);
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
};

const numeric = {
  kind: "numeric",
  input: "plain",
  impute: 0,
  indicator: false,
  transform: "identity",
  knots: [],
  scores: [],
  center: 0,
  scale: 1,
};
const oneHot = {
  kind: "oneHot",
  input: "plan",
  levels: ["a"],
  rare: [],
  silent: [],
  missing: "average",
  average: [0.5],
};

describe("parseRecipe", () => {
  it("reads what was written", () => expect(parseRecipe(json())).toEqual(recipe));

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /BUNDLE_CORRUPT The recipe is malformed: \$ (must be an object|is missing)/],
    ["a list", [], /BUNDLE_CORRUPT The recipe is malformed: \$ (must be an object|is missing)/],
    ["another format", { ...json(), format: 2 }, /BUNDLE_VERSION .*format 2/],
    ["an unknown field", { ...json(), script: "" }, /"script"/],
    ["no blocks", { ...json(), blocks: [] }, /blocks must be blocks of 1 to/],
    [
      "an unknown block",
      { ...json(), blocks: [{ kind: "toString", input: "plan" }] },
      /\$\.blocks\[0\]\.kind must be one of/,
    ],
    ["a block that is null", { ...json(), blocks: [null] }, /\$\.blocks\[0\] must be an object/],
    [
      "a field of another block",
      { ...json(), blocks: [{ ...numeric, levels: [] }] },
      /\$\.blocks\[0\] has an unknown member "levels"/,
    ],
    [
      "a scale that is no number",
      { ...json(), blocks: [{ ...numeric, scale: "1" }] },
      /blocks\[0\]\.scale must be a finite number/,
    ],
    [
      "a scale that overflows",
      { ...json(), blocks: [{ ...numeric, scale: 1e300 }] },
      /scale must be a finite number from -1e\+100 to 1e\+100/,
    ],
    [
      "knots that fall",
      { ...json(), blocks: [{ ...numeric, transform: "quantile", knots: [2, 1], scores: [0, 1] }] },
      /knots\[1\] must be a number larger than the one before/,
    ],
    [
      "scores that are missing",
      { ...json(), blocks: [{ ...numeric, transform: "quantile", knots: [1, 2], scores: [0] }] },
      /as many numbers as knots/,
    ],
    [
      "averages that are missing",
      { ...json(), blocks: [{ ...oneHot, missing: "column" }] },
      /average must be 2 numbers/,
    ],
    [
      "averages that are no shares",
      { ...json(), blocks: [{ ...oneHot, average: [2] }] },
      /average\[0\] must be a finite number from 0 to 1/,
    ],
    [
      "values that are missing",
      { ...json(), blocks: [{ kind: "target", input: "plan", levels: ["a"], values: [], otherwise: 0, missing: 0 }] },
      /as many numbers as levels/,
    ],
    ["repeated names", { ...json(), derived: [recipe.derived[0], recipe.derived[0]] }, /columns with different names/],
    [
      "an expression that is none",
      { ...json(), derived: [{ name: "x", expression: { op: "eval" } }] },
      /derived\[0\]\.expression\.op/,
    ],
  ])("refuses %s", (_, value, message) => expect(outcome(value)).toMatch(message));

  it("never lets a changed recipe crash the encoder or give a number that is not finite", () => {
    const paths: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]): void => {
      paths.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, member] of Object.entries(value))
        walk(member, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    walk(json(), []);
    const junk = fc.constantFrom<unknown>(null, -1, 0, 1e99, 1e308, "", "plan", [], {}, true, undefined, "__proto__");
    fc.assert(
      fc.property(fc.constantFrom(...paths.slice(1)), junk, (path, value) => {
        const changed = json();
        let place: Json = changed;
        for (const key of path.slice(0, -1)) place = place[key] as Json;
        const last = path.at(-1);
        if (last === undefined) return;
        if (value === undefined) Reflect.deleteProperty(place, last);
        else place[last] = value;
        try {
          const matrix = compileRecipe(parseRecipe(changed), anyContract).encode(table);
          expect(matrix.every(Number.isFinite)).toBe(true);
        } catch (error) {
          if (!ChurnkitError.isInstance(error)) throw error;
        }
      }),
      { numRuns: budget(300) },
    );
  });
});
