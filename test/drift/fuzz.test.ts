import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import type { Column } from "../../src/data/contract/contract.js";
import { mergeProfiles } from "../../src/data/profile/merge.js";
import { profileAgainst, profileTable } from "../../src/data/profile/profile-table.js";
import type { ColumnData, Table } from "../../src/data/table/table.js";
import { benjaminiHochberg } from "../../src/stats/hypothesis/adjust.js";
import { chiSquareTail, kolmogorovTail, normalTwoSidedTail } from "../../src/stats/special.js";
import { fisherExact } from "../../src/stats/hypothesis/fisher.js";
import { gTest } from "../../src/stats/hypothesis/g-test.js";
import { chiSquareHomogeneity } from "../../src/stats/hypothesis/chi-square.js";
import { ksTest } from "../../src/stats/hypothesis/kolmogorov-smirnov.js";
import { hellinger, totalVariation, jensenShannon, psi, psiOfSamples } from "../../src/stats/distances/divergence.js";
import { newLevelTest } from "../../src/stats/hypothesis/new-levels.js";
import { policies, type PolicyName } from "../../src/drift/policy.js";
import { stratifiedRates } from "../../src/stats/hypothesis/stratified.js";
import { twoProportions } from "../../src/stats/hypothesis/proportions.js";
import { wassersteinDistance } from "../../src/stats/distances/wasserstein.js";
import {
  compareProfiles,
  compareSegmentProfiles,
  compareTables,
  driftAgainst,
  profileSegments,
  profileSegmentsAgainst,
  type DriftReport,
} from "../../src/drift/index.js";
import { budget } from "../helpers/budget.js";

const wildNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(
    Number.NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    2 ** 53,
    -(2 ** 53),
    1e308,
    -1e308,
    5e-324,
    8.64e15,
    8.65e15,
    1e17,
  ),
  fc.integer({ min: 0, max: 3 }),
);
const wildText = fc.oneof(
  fc.constantFrom("a", "b", "c", "", "__proto__", "constructor", " a"),
  fc.string({ maxLength: 6 }),
);

/** What a column may turn out to be in one of two tables. */
type Content = { readonly kind: Column["kind"]; readonly cells: readonly unknown[] } | { readonly kind: "absent" };

const content: fc.Arbitrary<Content> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("number" as const, "date" as const),
      cells: fc.array(wildNumber, { maxLength: 25 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("boolean" as const),
      cells: fc.array(fc.constantFrom(0, 1, Number.NaN), { maxLength: 25 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("category" as const, "text" as const),
      cells: fc.array(fc.option(wildText), { maxLength: 25 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "absent" } as const) },
);

/** Levels stand in order of appearance, or turned about: codes mean something else in each table. */
function dataOf({ kind, cells }: Exclude<Content, { kind: "absent" }>, rows: number, turned: boolean): ColumnData {
  const at = (i: number): unknown => (cells.length === 0 ? null : cells[i % cells.length]);
  const all = Array.from({ length: rows }, (_, i) => at(i));
  if (kind !== "category" && kind !== "text") {
    return {
      storage: "numeric",
      values: Float64Array.from(all, (cell) => (typeof cell === "number" ? cell : Number.NaN)),
    };
  }
  const levels = [...new Set(all.filter((cell) => typeof cell === "string"))];
  if (turned) levels.reverse();
  return { storage: "coded", codes: Int32Array.from(all, (cell) => levels.indexOf(String(cell))), levels };
}

function tableFrom(contents: readonly Content[], rows: number, turned: boolean): Table {
  const columns = new Map<string, ColumnData>();
  const described: Column[] = [];
  contents.forEach((entry, i) => {
    const name = ["x", "y", "z", "__proto__", "target"][i] ?? `c${i}`;
    const role = name === "target" ? "target" : "feature";
    const base = { name, role, nullable: true, optional: true, missing: [] } as const;
    const kind = entry.kind === "absent" ? "number" : entry.kind;
    if (kind === "number") described.push({ ...base, kind, integer: false });
    else if (kind === "date") described.push({ ...base, kind, precision: "date" });
    else if (kind === "boolean") described.push({ ...base, kind, truthy: [], falsy: [], caseSensitive: true });
    else if (kind === "category") described.push({ ...base, kind, levels: [], open: true });
    else described.push({ ...base, kind });
    if (entry.kind !== "absent") columns.set(name, dataOf(entry, rows, turned));
  });
  const contract = { format: 1, name: "fuzz", origin: "inferred", columns: described } as const;
  return { contract, rows, columns, rowNumbers: new Uint32Array(rows), rejected: [], source: "fuzz" };
}

const pair = fc
  .tuple(fc.array(fc.tuple(content, content, fc.boolean()), { maxLength: 5 }), fc.nat(60), fc.nat(60))
  .map(([columns, before, after]) => ({
    reference: tableFrom(
      columns.map(([first]) => first),
      before,
      false,
    ),
    // Mostly the same kind with other values; sometimes another kind altogether.
    current: tableFrom(
      columns.map(([first, second, same]) =>
        same && first.kind !== "absent" && second.kind !== "absent" ? { ...second, kind: first.kind } : second,
      ),
      after,
      true,
    ),
  }));

const codes = ["CONTRACT_MISMATCH", "OPTION_INVALID"];

function expectReport(make: () => DriftReport): void {
  let report: DriftReport;
  try {
    report = make();
  } catch (error) {
    if (!ChurnkitError.isInstance(error)) throw error;
    expect(codes).toContain(error.code);
    expect(error.message).toMatch(/\.$/);
    return;
  }
  // JSON has no NaN, no infinite numbers and no undefined: what comes back is what went in.
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(["drift", "stable", "insufficient"]).toContain(report.verdict);
  for (const { pValue, log10p, effect, psi: stability, detectableShift, message } of report.columns) {
    expect(pValue === null || (pValue >= 0 && pValue <= 1)).toBe(true);
    expect(log10p === null || log10p <= 0).toBe(true);
    expect(effect === null || effect >= 0).toBe(true);
    expect(stability === null || stability >= 0).toBe(true);
    expect(detectableShift === null || (detectableShift >= 0 && detectableShift <= 1)).toBe(true);
    expect(message).not.toMatch(/NaN|undefined|Infinity(?!")/);
  }
}

describe("any two tables", () => {
  it("give a valid report or an error with a code, by every way and policy", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(
        pair,
        fc.constantFrom(...(Object.keys(policies) as PolicyName[])),
        fc.boolean(),
        ({ reference, current }, policy, sliced) => {
          const segments = sliced ? [...reference.columns.keys()].slice(0, 2) : undefined;
          const importance = new Map([...reference.columns.keys()].slice(0, 1).map((name) => [name, 1] as const));
          expectReport(() => compareTables(reference, current, { policy, segments, importance }));
          expectReport(() => driftAgainst(profileTable(reference, { cutPoints: 5 }), current, { policy }));
          expectReport(() => {
            const base = profileTable(reference, { cutPoints: 5 });
            const later = profileAgainst(base, current);
            return compareProfiles(base, mergeProfiles(later, later), { policy });
          });
          if (segments === undefined) return;
          try {
            const frozen = profileSegments(reference, segments, { cutPoints: 5 });
            const found = compareSegmentProfiles(frozen, profileSegmentsAgainst(frozen, current));
            expect(JSON.parse(JSON.stringify(found))).toEqual(found);
          } catch (error) {
            if (!ChurnkitError.isInstance(error)) throw error;
          }
        },
      ),
      { numRuns: budget(250) },
    );
  });

  it("and any predictions", () => {
    const probabilities = fc
      .array(wildNumber, { minLength: 30, maxLength: 30 })
      .map((values) => Float64Array.from(values));
    const x = tableFrom([{ kind: "number", cells: [1, 2, 3] }], 30, false);
    fc.assert(
      fc.property(probabilities, probabilities, (reference, current) =>
        expectReport(() => compareTables(x, x, { predictions: { reference, current } })),
      ),
    );
  });
});

describe("any samples and counts", () => {
  /** A result without NaN, none at all, or an error with a code. */
  function sound(make: () => unknown): void {
    let result: unknown;
    try {
      result = make();
    } catch (error) {
      if (!ChurnkitError.isInstance(error)) throw error;
      expect(error.code).toBe("OPTION_INVALID");
      return;
    }
    const check = (value: unknown): void => {
      if (typeof value === "object" && value !== null) Object.values(value).forEach(check);
      else expect(value).not.toBeNaN();
    };
    check(result);
  }

  it("of numbers", () => {
    const sample = fc.array(wildNumber, { maxLength: 40 }).map((values) => Float64Array.from(values));
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        for (const statistic of [ksTest, psiOfSamples, wassersteinDistance]) sound(() => statistic(a, b));
      }),
    );
  });

  it("of rows by bin", () => {
    const count = fc.oneof(
      { weight: 8, arbitrary: fc.nat(1000) },
      { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -1, 0.5, 2 ** 53) },
    );
    const counts = fc.array(count, { maxLength: 6 });
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        for (const statistic of [psi, jensenShannon, hellinger, totalVariation]) sound(() => statistic(a, b));
        sound(() => chiSquareHomogeneity([a, b]));
        sound(() => twoProportions(a[0] ?? 0, a[1] ?? 0, b[0] ?? 0, b[1] ?? 0));
        sound(() => benjaminiHochberg(a));
        const whole = (value: number | undefined): number =>
          Number.isFinite(value) ? Math.abs(Math.round(value ?? 0)) : 1;
        const [x1, n1, x2, n2, unseen] = [a[0], a[1], b[0], b[1], b[2]].map(whole);
        sound(() => fisherExact(x1 ?? 0, n1 ?? 0, x2 ?? 0, n2 ?? 0));
        sound(() => gTest([a, b]));
        const total = (of: readonly number[]): number => of.reduce((sum, value) => sum + whole(value), 0);
        const [before, after] = [a.map(whole), a.map((_, i) => whole(b[i]))];
        sound(() =>
          newLevelTest({
            n: total(a),
            m: total(after) + (unseen ?? 0),
            reference: before,
            current: after,
            unseen: unseen ?? 0,
          }),
        );
      }),
    );
    sound(() => stratifiedRates([{ reference: { rows: 0, positives: 0 }, current: { rows: 0, positives: 0 } }]));
  });

  it("of tails: a probability and its logarithm, whatever the statistic", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, Number.NaN)), (x) => {
        for (const tail of [kolmogorovTail, normalTwoSidedTail, (at: number) => chiSquareTail(at, 4)]) {
          const { p, log10p } = tail(x);
          expect(p >= 0 && p <= 1 && log10p <= 0 && Number.isFinite(log10p)).toBe(true);
        }
      }),
    );
  });
});
