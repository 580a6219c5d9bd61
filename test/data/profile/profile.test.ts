import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { mergeProfiles, withColumn } from "../../../src/data/profile/merge.js";
import { profileOf } from "../../../src/data/profile/numeric-profile.js";
import { quantileOfProfile, summarizeNumeric } from "../../../src/data/profile/profile-summary.js";
import { parseProfile } from "../../../src/data/profile/parse-profile.js";
import {
  countOfValues,
  isNumericProfile,
  type NumericProfile,
  type Profile,
} from "../../../src/data/profile/profile.js";
import { profileAgainst, profileTable } from "../../../src/data/profile/profile-table.js";
import { ksStatistic } from "../../../src/stats/hypothesis/kolmogorov-smirnov.js";
import { ksOfProfiles } from "../../../src/drift/compare/profile-ks.js";
import { tableOf } from "../../drift/tables.js";
import { oracleSample } from "../../helpers/oracle-inputs.js";
import { oracleCases, oracleNumber } from "../../helpers/shared.js";

const code = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return error.code;
    throw error;
  }
  return "none";
};

const amounts = fc.array(fc.oneof(fc.constant(null), fc.double({ noNaN: true }), fc.integer({ min: 0, max: 5 })), {
  minLength: 1,
  maxLength: 40,
});
const labels = fc.array(fc.constantFrom("a", "b", "c", "__proto__", null), { minLength: 1, maxLength: 40 });

function column(profile: Profile, name: string): NumericProfile {
  const found = profile.columns.find((entry) => entry.name === name);
  if (found === undefined || !isNumericProfile(found)) throw new Error(`no numeric column ${name}`);
  return found;
}

describe("profiles", () => {
  it("hold features and the target, not ids, ignored columns and texts", () => {
    const table = tableOf(
      { id: ["x", "y"], age: [1, 2], note: [1, 2], churn: ["Yes", "No"] },
      { id: "id", note: "ignored", churn: "target" },
    );
    expect(profileTable(table).columns.map(({ name }) => name)).toEqual(["age", "churn"]);
  });

  it("merge to the same bits in any order and grouping, and to the profile of all rows at once", () => {
    fc.assert(
      fc.property(amounts, fc.array(amounts, { minLength: 3, maxLength: 3 }), labels, (reference, shards, cities) => {
        const make = (values: readonly (number | null)[]) =>
          tableOf({ amount: values, city: values.map((_, i) => cities[i % cities.length] ?? "b") });
        const base = profileTable(make(reference), { cutPoints: 8 });
        const [a, b, c] = shards.map((values) => profileAgainst(base, make(values))) as [Profile, Profile, Profile];
        const merged = JSON.stringify(mergeProfiles(mergeProfiles(a, b), c));
        expect(JSON.stringify(mergeProfiles(c, mergeProfiles(b, a)))).toBe(merged);
        const whole = tableOf({
          amount: shards.flat(),
          city: shards.flatMap((values) => values.map((_, i) => cities[i % cities.length] ?? "b")),
        });
        expect(JSON.stringify(profileAgainst(base, whole))).toBe(merged);
        expect(column(a, "amount").missing + countOfValues(column(a, "amount"))).toBe(shards[0]?.length);
      }),
    );
  });

  it("bound KS's D: the exact one lies within, and the bounds are a cell's mass apart", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), fc.boolean(), (seed, cutPoints, ties) => {
        const random = uniform(seed);
        const draw = (n: number, power: number): Float64Array =>
          Float64Array.from({ length: n }, () => (ties ? Math.floor(random() ** power * 12) : random() ** power));
        const a = draw(150, 1);
        const b = draw(110, 1.5);
        const reference = profileOf(a, "x", { cutPoints });
        const counted = column(profileAgainst({ format: 1, rows: 150, columns: [reference] }, tableOf({ x: b })), "x");
        const exact = ksStatistic(a.slice().sort(), b.slice().sort())?.statistic ?? -1;
        const bounds = ksOfProfiles(reference, counted);
        if (bounds === undefined) throw new Error("no bounds");
        expect(bounds.lower).toBeLessThanOrEqual(exact + 1e-12);
        expect(bounds.upper).toBeGreaterThanOrEqual(exact - 1e-12);
        const open = (counts: readonly number[], n: number) => Math.max(...counts.filter((_, i) => i % 2 === 0)) / n;
        expect(bounds.upper - bounds.lower).toBeLessThanOrEqual(
          Math.max(open(reference.counts, 150), open(counted.counts, 110)) + 1e-12,
        );
        if (ties && cutPoints >= 12) expect(bounds.upper).toBe(bounds.lower);
      }),
    );
  });

  it("count new levels, name the first by alphabet, and pool a reference's rarest", () => {
    const base = profileTable(tableOf({ plan: ["basic", "pro", null, "basic"] }));
    expect(base.columns[0]).toMatchObject({ levels: ["basic", "pro"], counts: [2, 1], missing: 1, other: 0 });
    const later = profileAgainst(base, tableOf({ plan: ["zeta", "alpha", "pro", null, "alpha"] }));
    expect(later.columns[0]).toMatchObject({ counts: [0, 1], other: 3, missing: 1, newLevels: ["alpha", "zeta"] });
    const many = profileTable(tableOf({ plan: Array.from({ length: 2400 }, (_, i) => `level ${i % 1200}`) }));
    expect(many.columns[0]).toMatchObject({ other: 400 });
  });

  it("count a feature that is absent as missing, and leave an absent target out", () => {
    const base = profileTable(tableOf({ age: [1, 2, 3], churn: ["a", "b", "a"] }, { churn: "target" }));
    const full = tableOf({ age: [1, 2, 3], churn: ["a", "b", "a"] }, { churn: "target" });
    const bare = profileAgainst(base, { ...full, columns: new Map() });
    expect(bare.columns).toHaveLength(1);
    expect(bare.columns[0]).toMatchObject({ name: "age", missing: 3 });
  });

  it("refuse another kind, other cut points and bad options with a code", () => {
    const base = profileTable(tableOf({ x: [1, 2, 3] }));
    expect(code(() => profileAgainst(base, tableOf({ x: ["a"] })))).toBe("CONTRACT_MISMATCH");
    expect(code(() => mergeProfiles(base, profileTable(tableOf({ x: [1, 2, 4] }))))).toBe("CONTRACT_MISMATCH");
    expect(code(() => mergeProfiles(base, profileTable(tableOf({ y: [1, 2, 3] }))))).toBe("CONTRACT_MISMATCH");
    expect(code(() => profileTable(tableOf({ x: [1] }), { cutPoints: 1 }))).toBe("OPTION_INVALID");
    expect(code(() => profileTable(tableOf({ x: [1] }), { cutPoints: Number.NaN }))).toBe("OPTION_INVALID");
  });

  it("survive JSON for every double, infinite ones and none at all", () => {
    const wild = fc.array(fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, -0, 1e308, -1e308)), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(wild, wild, (reference, later) => {
        const base: Profile = {
          format: 1,
          rows: reference.length,
          columns: [profileOf(Float64Array.from(reference), "x")],
        };
        for (const profile of [base, profileAgainst(base, tableOf({ x: Float64Array.from(later) }))]) {
          expect(parseProfile(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
        }
      }),
    );
  });

  it("keep mean and spread far from zero, where plain sums of squares fail", () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => 1e9 + (i % 2));
    const summary = summarizeNumeric(profileOf(values, "x"));
    expect(summary?.mean).toBe(1e9 + 0.5);
    expect(summary?.standardDeviation).toBe(0.5);
  });

  it("give quantiles and take one more column", () => {
    const x = profileOf(Float64Array.of(1, 2, 3, 4, 5), "x");
    expect(quantileOfProfile(x, 0.5)).toBe(3);
    expect(quantileOfProfile(profileOf(new Float64Array(), "x"), 0.5)).toBeUndefined();
    const profile = withColumn({ format: 1, rows: 5, columns: [] }, x);
    expect(withColumn(profile, profileOf(Float64Array.of(9), "x")).columns).toHaveLength(1);
  });

  it.each(
    oracleCases("describe")
      .filter((entry) => entry.out["undefined"] !== true)
      .map((entry) => [entry.id, entry] as const),
  )("describe as numpy does: %s", (_, { in: input, out }) => {
    const profile = profileOf(oracleSample(input["a"]), "x");
    const summary = summarizeNumeric(profile);
    expect(profile.missing).toBe(out["missing"]);
    expect(summary?.n).toBe(out["n"]);
    const variance = (summary?.standardDeviation ?? Number.NaN) ** 2;
    for (const [actual, name] of [
      [summary?.mean, "mean"],
      [summary?.min, "min"],
      [summary?.max, "max"],
      [variance, "variancePopulation"],
    ] as const) {
      const expected = oracleNumber(out[name]);
      expect(Math.abs((actual ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-12 + 1e-9 * Math.abs(expected));
    }
  });
});

describe("reading a profile that anybody wrote", () => {
  const good = JSON.parse(JSON.stringify(profileTable(tableOf({ x: [1, 2, 3], plan: ["a", "b", "a"] })))) as {
    columns: [Record<string, unknown>, Record<string, unknown>];
  };
  const broken: [string, unknown, string][] = [
    ["not an object", 3, "$"],
    ["a foreign format", { ...good, format: 2 }, "$.format"],
    ["a negative count", { ...good, rows: -1 }, "$.rows"],
    ["no columns", { ...good, columns: "x" }, "$.columns"],
    ["a repeated column", { ...good, columns: [good.columns[0], good.columns[0]] }, "$.columns"],
    ["an unknown kind", { ...good, columns: [{ ...good.columns[0], kind: "map" }] }, "$.columns[0].kind"],
    ["cuts out of order", { ...good, columns: [{ ...good.columns[0], cuts: [2, 1, 3] }] }, "$.columns[0].cuts[1]"],
    ["counts that don't fit", { ...good, columns: [{ ...good.columns[0], counts: [1] }] }, "$.columns[0].counts"],
    ["a repeated level", { ...good, columns: [{ ...good.columns[1], levels: ["a", "a"] }] }, "$.columns[0].levels"],
    ["half a row", { ...good, columns: [{ ...good.columns[1], counts: [0.5, 1] }] }, "$.columns[0].counts[0]"],
    [
      "a wrong sum",
      { ...good, columns: [{ ...good.columns[0], moments: { origin: 0, sum: "x", squares: "0p0" } }] },
      "$.columns[0].moments.sum",
    ],
    [
      "too many levels",
      { ...good, columns: [{ ...good.columns[1], levels: Array.from({ length: 1001 }, (_, i) => `${i}`) }] },
      "$.columns[0].levels",
    ],
  ];
  it.each(broken)("refuses %s by its path", (_, json, path) => {
    try {
      parseProfile(json, "baseline.json");
      expect.unreachable();
    } catch (error) {
      if (!ChurnkitError.isInstance(error)) throw error;
      expect(error.code).toBe("INPUT_MALFORMED");
      expect(error.where.path).toBe(path);
      expect(error.message).toContain("baseline.json");
    }
  });

  it("drops unknown members", () => {
    expect(parseProfile({ ...good, extra: 1 })).toEqual(good);
  });
});
