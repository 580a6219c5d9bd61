import { describe, expect, it } from "vitest";
import { uniform } from "../../../../src/base/random.js";
import { defineFeatures, type NumericEncoding } from "../../../../src/data/features/define.js";
import { fitRecipe, type FittedRecipe } from "../../../../src/data/features/fit/fit-recipe.js";
import { normalScore } from "../../../../src/data/features/fit/normal.js";
import type { NumberPolicy } from "../../../../src/data/features/policy.js";
import { booleanColumn, contractOfColumns, numberColumn, tableOf, type Value } from "../tables.js";

const contract = contractOfColumns([numberColumn("x"), { ...numberColumn("anchor"), nullable: false }]);

/** Fits one number beside a column that keeps the recipe from being empty. */
function fit(x: readonly Value[], policy: NumberPolicy = {}, numeric: NumericEncoding = "standard"): FittedRecipe {
  const anchor = x.map((_, i) => i % 2);
  return fitRecipe(defineFeatures(contract, { columns: { x: policy }, numeric }), tableOf(contract, { x, anchor }), {
    seed: 0,
  });
}

const encode = (fitted: FittedRecipe, x: readonly Value[]): Record<string, number[]> => {
  const matrix = fitted.encoder.encode(tableOf(contract, { x, anchor: x.map(() => 0) }));
  const { names, width } = fitted.encoder;
  return Object.fromEntries(
    names.map((name, column) => [name, x.map((_, row) => matrix[row * width + column] ?? NaN)]),
  );
};

const count = (n: number, of: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => of(i));
const random = uniform(3);
const normal = count(2000, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

describe("a fitted number", () => {
  it("is standardized, and missing ones become the median with an indicator", () => {
    const x = [...count(11, (i) => i * 10), null];
    const fitted = fit(x);
    expect(fitted.encoder.names).toEqual(["x", "x (missing)", "anchor"]);
    const sd = Math.sqrt(1000); // of 0, 10, ..., 100
    const out = encode(fitted, [0, 100, null, 1e300, -1e300, 75]);
    expect(out["x"]).toEqual([-50 / sd, 50 / sd, 0, 10, -10, 25 / sd].map(Math.fround));
    expect(out["x (missing)"]).toEqual([0, 0, 1, 0, 0, 0]);
  });

  it("takes what a policy imputes", () => {
    const x = [...count(11, (i) => i * i), null];
    expect(encode(fit(x, { impute: "mean" }), [null])["x"]?.[0]).toBeCloseTo(0, 6);
    expect(encode(fit(x, { impute: 25 }), [null])["x"]).toEqual(encode(fit(x), [25])["x"]);
  });

  it("has a column for each of few values", () => {
    const x = count(400, (i) => (i < 200 ? 1 : i < 300 ? 2 : i < 399 ? 3 : 4));
    expect(fit(x).encoder.names).toEqual(["x", "x=1", "x=2", "x=3", "anchor"]);
    expect(encode(fit(x), [2, 4, null])).toMatchObject({ "x=1": [0, 0, 0], "x=2": [1, 0, 0], "x=3": [0, 0, 0] });
    expect(fit(x, { oneHotValues: false }).encoder.names).toEqual(["x", "anchor"]);
    expect(fit(count(400, (i) => (i % 3 === 0 ? 1 : 0))).encoder.names).toEqual(["x", "anchor"]);
  });

  it("has a column for a value that stands out", () => {
    const spiked = count(1000, (i) => (i < 300 ? 0 : 500 + ((i * 7) % 200)));
    expect(fit(spiked).encoder.names).toEqual(["x", "x=0", "anchor"]);
    expect(fit(count(1000, (i) => i % 15)).encoder.names).toEqual(["x", "anchor"]);
  });

  it.each<[string, number[], string]>([
    ["bell-shaped", normal, "identity"],
    ["log-normal", normal.map((x) => Math.expm1(1.2 * x + 5)).map((x) => Math.max(x, 0)), "log"],
    ["heavy on both sides", normal.map((x) => Math.sign(x) * x ** 6), "quantile"],
    ["one value in three", count(900, (i) => (i % 3 === 0 ? 0 : 400 + i)), "quantile"],
    ["evenly spread", count(500, (i) => i), "identity"],
  ])("is transformed by its shape: %s", (_, x, transform) => {
    expect(fit(x).recipe.blocks[0]).toMatchObject({ kind: "numeric", transform });
  });

  it("has normal scores where asked for: mid-ranks, level outside", () => {
    const x = count(99, (i) => i ** 3);
    const block = fit(x, { encode: "quantile" }).recipe.blocks[0];
    if (block?.kind !== "numeric") throw new Error("no numeric block");
    const out = encode(fit(x, { encode: "quantile" }), [-1, 0, 49 ** 3, 98 ** 3, 1e9])["x"]?.map(
      (z) => z / block.scale + block.center,
    );
    const ends = normalScore(0.5 / 99);
    [ends, ends, 0, -ends, -ends].forEach((score, i) => expect(out?.[i]).toBeCloseTo(score, 5));
  });

  it("passes through bins where asked for", () => {
    const fitted = fit([...count(81, (i) => i), null], { encode: "piecewise" });
    expect(fitted.encoder.names.slice(0, 9)).toEqual(
      [..."01234567"].map((i) => `x ${Number(i) * 10}..${Number(i) * 10 + 10}`).concat("x (missing)"),
    );
    const out = fitted.encoder.encode(tableOf(contract, { x: [25, -5, 99, null], anchor: [0, 0, 0, 0] }));
    const { width } = fitted.encoder;
    expect(Array.from(out.subarray(0, 9))).toEqual([1, 1, 0.5, 0, 0, 0, 0, 0, 0]);
    expect(Array.from(out.subarray(width, width + 9))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(Array.from(out.subarray(2 * width, 2 * width + 9))).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(Array.from(out.subarray(3 * width, 3 * width + 9))).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 1]);
    const both = fit(
      count(81, (i) => i),
      {},
      "both",
    ).encoder.names;
    expect([both[0], both[1], both.length]).toEqual(["x", "x 0..10", 10]);
  });

  it("is left out, with a note, where it says nothing", () => {
    expect(fit([5, 5, 5, 5]).notes).toEqual(["x: left out, it is the same in every training row"]);
    expect(fit([null, null]).notes).toEqual(["x: left out, it is missing in every training row"]);
    expect(fit([5, null, 5, null, 5]).encoder.names).toEqual(["x=5", "anchor"]);
    expect(fit([1, 1 + 1e-15, 1, 1]).notes).toEqual(["x: left out, its values hardly differ"]);
    expect(fit([1, 2, 3], { encode: "drop" })).toMatchObject({ notes: [] });
  });
});

it("a boolean is 0 or 1, and the training share where missing", () => {
  const own = contractOfColumns([booleanColumn("flag"), booleanColumn("steady")]);
  const table = tableOf(own, { flag: [true, true, false, true, null], steady: [true, true, null, true, null] });
  const { encoder, matrix } = fitRecipe(defineFeatures(own), table, { seed: 0 });
  expect(encoder.names).toEqual(["flag", "flag (missing)", "steady=1"]);
  expect(Array.from(matrix)).toEqual([1, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0.75, 1, 0]);
});

it("normal scores agree with tables of the normal distribution", () => {
  expect(normalScore(0.5)).toBeCloseTo(0, 14);
  expect(normalScore(0.975)).toBeCloseTo(1.959963984540054, 12);
  expect(normalScore(0.01)).toBeCloseTo(-2.3263478740408408, 12);
  expect(normalScore(0.9938)).toBeCloseTo(2.5005517930490497, 10); // beside the seam of the two series
  expect(normalScore(1e-6)).toBeCloseTo(-4.753424308822899, 11);
});
