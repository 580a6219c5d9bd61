import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { defineFeatures, type FeatureOptions } from "../../../src/data/features/define.js";
import type { Expression } from "../../../src/data/features/expression.js";
import { column, countOf, ratio, sum } from "../../../src/data/features/expressions/builders.js";
import { categoryColumn, contractOfColumns, dateColumn, numberColumn } from "./tables.js";

const contract = contractOfColumns([
  numberColumn("tenure"),
  numberColumn("charges"),
  dateColumn("signup"),
  categoryColumn("plan", ["basic", "plus"]),
  { ...numberColumn("shelved"), role: "ignored" },
]);

type Options = FeatureOptions<unknown, Readonly<Record<string, Expression>>>;

function problem(options: Options): string {
  try {
    defineFeatures(contract, options);
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return `${error.code} ${error.where.path}: ${error.message}`;
    throw error;
  }
  throw new Error("accepted");
}

describe("defineFeatures", () => {
  it("is plain JSON, and has defaults for any contract", () => {
    const features = defineFeatures(contract);
    expect(JSON.parse(JSON.stringify(features))).toEqual(features);
    expect(features).toEqual({ format: 1, contract, derived: [], numeric: "both", policies: [] });
  });

  it("keeps derived columns and policies", () => {
    const features = defineFeatures(contract, {
      derive: () => {
        const perMonth = ratio(column("charges"), column("tenure"));
        return { perMonth, twice: sum(perMonth, perMonth) };
      },
      columns: { plan: { encode: "target" }, perMonth: { encode: "quantile" } },
      numeric: "both",
    });
    expect(features.derived.map(({ name }) => name)).toEqual(["perMonth", "twice"]);
    expect(features.policies).toEqual([
      { column: "plan", policy: { encode: "target" } },
      { column: "perMonth", policy: { encode: "quantile" } },
    ]);
    expect(JSON.parse(JSON.stringify(features))).toEqual(features);
  });

  it.each<[string, Options, RegExp]>([
    [
      "an unknown column",
      { derive: (c) => ({ x: ratio(c["tenur"] ?? 1, 1) }) },
      /derive: c\.tenur: .*no column "tenur"\. Did you mean "tenure"/,
    ],
    ["the target", { derive: (c) => ({ x: countOf([c["churn"] ?? column("churn")], "yes") }) }, /target/],
    [
      "a category as a number",
      { derive: () => ({ x: ratio(column("plan"), 2) }) },
      /derive\.x\.args\[0\]: column "plan" is a category/,
    ],
    [
      "a level that is not there",
      { derive: () => ({ x: countOf([column("plan")], "gold") }) },
      /derive\.x\.parameters\.level/,
    ],
    [
      "a taken name",
      { derive: () => ({ tenure: ratio(column("charges"), 2) }) },
      /derive\.tenure: the contract already has/,
    ],
    ["a plain column", { derive: () => ({ x: column("tenure") }) }, /must be a computed/],
    [
      "something else than an expression",
      { derive: () => ({ x: "tenure" as unknown as Expression }) },
      /derive\.x must be an object/,
    ],
    ["a name not allowed", { derive: () => ({ constructor: ratio(1, 2) }) }, /must not be called/],
    [
      "nothing returned",
      { derive: (() => 7) as unknown as () => Record<string, Expression> },
      /derive: it must return an object/,
    ],
    ["a policy for no column", { columns: { nothing: { encode: "drop" } } }, /columns\.nothing/],
    ["a policy for an ignored column", { columns: { shelved: { encode: "drop" } } }, /ignored by the contract/],
    [
      "a policy of another kind",
      { columns: { tenure: { encode: "oneHot" } } },
      /a number column cannot be encoded as "oneHot"/,
    ],
    ["a setting of another kind", { columns: { plan: { impute: 1 } } }, /no setting "impute"/],
    ["a setting that is no number", { columns: { tenure: { impute: NaN } } }, /impute must be/],
    ["rareBelow of 0", { columns: { plan: { rareBelow: 0 } } }, /rareBelow/],
    ["an unknown encoding of numbers", { numeric: "magic" as "both" }, /numeric: "magic" is not one of/],
  ])("refuses %s", (_, options, message) => {
    const found = problem(options);
    expect(found).toMatch(message);
    expect(found).toMatch(/^FEATURES_INVALID /);
  });
});
