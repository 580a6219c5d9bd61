import { expect, it } from "vitest";
import { z } from "zod";
import { uniform } from "../../../../src/base/random.js";
import { defineFeatures, fitRecipe } from "../../../../src/data/features/index.js";
import { contractOf, inferDelimited, tableFromRecords } from "../../../../src/data/index.js";

/** Customers whose calls fell or rose; `told` is whether those leave whose calls fell by their share of all calls. */
function customers(rows: number, told: boolean) {
  const random = uniform(7);
  return Array.from({ length: rows }, () => {
    const calls = Math.round(random() * random() * 1000);
    const change = Math.round((random() - 0.5) * 400);
    const odds = told ? (change < -0.3 * calls ? 0.5 : 0.2) : 0.3;
    return { calls, change, age: 18 + Math.floor(random() * 60), left: random() < odds ? "yes" : "no" };
  });
}

async function derivedOf(
  rows: number,
  told = true,
  columns: Record<string, { readonly encode: string }> = {},
  ratios: number | undefined = 8,
) {
  const records = customers(rows, told);
  const csv = ["calls,change,age,left", ...records.slice(0, 500).map((record) => Object.values(record).join(","))];
  const { contract } = await inferDelimited(new TextEncoder().encode(csv.join("\n")), {
    target: "left",
    positive: "yes",
  });
  const table = tableFromRecords(contract, records);
  const { recipe, encoder } = fitRecipe(defineFeatures(contract, { columns }), table, { seed: 0, ratios });
  const names = recipe.derived.map(({ name }) => name);
  expect(names.every((name) => encoder.names.includes(name))).toBe(true);
  return names;
}

it("adds ratios that say more than their numbers, and only those", async () => {
  expect((await derivedOf(20_000))[0]).toBe("change / calls");
  expect(await derivedOf(20_000, false)).toEqual([]);
});

it("adds none where they aren't asked for, of few rows, or of columns that are left out", async () => {
  expect(await derivedOf(20_000, true, {}, 0)).toEqual([]);
  expect(await derivedOf(2000)).toEqual([]);
  expect(await derivedOf(20_000, true, { calls: { encode: "drop" } })).toEqual([]);
});

it("names no two ratios alike", () => {
  const number = z.number();
  const schema = z.object({ a: number, "b / c": number, "a / b": number, c: number, left: z.enum(["yes", "no"]) });
  const contract = contractOf(schema, { target: "left", positive: "yes" });
  const random = uniform(7);
  const records = Array.from({ length: 20_000 }, () => {
    const [a, bc, ab, c] = [1 + random(), 1 + random(), 1 + random(), 1 + random()] as const;
    const odds = 0.2 + (a > bc ? 0.3 : 0) + (ab > c ? 0.3 : 0);
    return { a, "b / c": bc, "a / b": ab, c, left: random() < odds ? ("yes" as const) : ("no" as const) };
  });
  const { recipe } = fitRecipe(defineFeatures(contract), tableFromRecords(contract, records), { seed: 0, ratios: 8 });
  const names = recipe.derived.map(({ name }) => name);
  expect(names).toContain("a / b / c");
  expect(new Set(names).size).toBe(names.length);
});
