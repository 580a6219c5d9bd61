import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { stratifiedRates } from "../../src/stats/hypothesis/stratified.js";
import type { Importances } from "../../src/drift/compare/ranking.js";
import { compareProfiles, compareTables, conceptDrift, driftAgainst } from "../../src/drift/index.js";
import { withColumn } from "../../src/data/profile/merge.js";
import { profileOf } from "../../src/data/profile/numeric-profile.js";
import { profileAgainst, profileTable } from "../../src/data/profile/profile-table.js";
import type { Table } from "../../src/data/table/table.js";
import { tableOf } from "./tables.js";

/** Rows with a churn rate of p, or of `twisted(p)`, and the predictions p. */
function scored(n: number, seed: number, twisted = (p: number): number => p) {
  const random = uniform(seed);
  const probabilities = Float64Array.from({ length: n }, () => random() ** 2);
  return { probabilities, labels: Int8Array.from(probabilities, (p) => (random() < twisted(p) ? 1 : 0)) };
}

function customers(n: number, seed: number, twisted?: (p: number) => number): { table: Table; p: Float64Array } {
  const { probabilities, labels } = scored(n, seed, twisted);
  const table = tableOf(
    { x: [...probabilities], churn: [...labels].map((y) => (y === 1 ? "Yes" : "No")) },
    { churn: "target" },
  );
  const target = { column: "churn", classes: ["No", "Yes"], positive: "Yes" } as const;
  return { table: { ...table, contract: { ...table.contract, target } }, p: probabilities };
}

describe("concept drift", () => {
  it("is seen where rows of equal prediction churn more often, though no input moved", () => {
    const before = customers(4000, 1);
    const after = customers(4000, 2, (p) => Math.min(1, p + 0.12));
    const report = compareTables(before.table, after.table, { predictions: { reference: before.p, current: after.p } });
    expect(report.concept).toMatchObject({ verdict: "drift", severity: "warning" });
    expect(report.concept?.change).toBeCloseTo(0.11, 1);
    expect(report.concept?.message).toMatch(/positive more often.*Retrain/);
    expect(report.verdict).toBe("drift");
    expect([report.prediction?.verdict, report.features.verdict]).toEqual(["stable", "stable"]);
    expect(report.target).toMatchObject({ verdict: "drift", drifted: ["churn"], compared: 1 });
    expect(report.message).toContain("equal predicted probability");
  });

  it("is seen where the relation turns about, which leaves the overall rate alone", () => {
    const found = conceptDrift(
      scored(4000, 3),
      scored(4000, 4, (p) => (p < 0.3 ? p + 0.15 : p - 0.2)),
    );
    expect(found).toMatchObject({ verdict: "drift" });
    expect(Math.abs(found?.change ?? 1)).toBeLessThan(0.05);
  });

  it("raises no more false alarms than its level", () => {
    let alarms = 0;
    for (let run = 0; run < 300; run++) {
      const found = conceptDrift(scored(400, 2 * run + 10), scored(250, 2 * run + 11));
      if ((found?.pValue ?? 0) <= 0.05) alarms++;
    }
    expect(alarms / 300).toBeLessThanOrEqual(0.05 + 2.5 * Math.sqrt(0.0475 / 300));
    expect(alarms).toBeGreaterThan(0);
  });

  it("has no value without labels or with one class, and leaves unknown labels out", () => {
    const none = { labels: new Int8Array(3).fill(-1), probabilities: Float64Array.of(0.1, 0.5, Number.NaN) };
    expect(conceptDrift(none, scored(10, 1))).toBeNull();
    expect(
      conceptDrift(
        { labels: [0, 0], probabilities: Float64Array.of(0.2, 0.3) },
        { labels: [0], probabilities: Float64Array.of(1) },
      ),
    ).toBeNull();
    expect(stratifiedRates([])).toBeUndefined();
    const before = customers(60, 5);
    const { columns } = before.table;
    const unlabeled = { ...before.table, columns: new Map([...columns].filter(([name]) => name !== "churn")) };
    const report = compareTables(before.table, unlabeled, { predictions: { reference: before.p, current: before.p } });
    expect([report.concept, report.target]).toEqual([null, null]);
  });

  it("is insufficient where so few labels could not show it, and says what they would show", () => {
    const few = conceptDrift(scored(40, 5), scored(32, 6));
    expect(few).toMatchObject({
      verdict: "insufficient",
      severity: "none",
      message: expect.stringMatching(/^Too few labeled rows: only a change of the positive rate by \d/) as string,
    });
    expect(few?.detectableChange).toBeGreaterThan(0.3);
    expect(conceptDrift(scored(400, 5), scored(29, 6))?.message).toBe(
      "Too few labeled rows: 400 in the reference, 29 now; 30 are needed on each side.",
    );
    const many = conceptDrift(scored(4000, 5), scored(4000, 6));
    expect(many?.verdict).toBe("stable");
    expect(many?.detectableChange).toBeLessThan(0.1);
    // A clear change is drift though few rows show it.
    const clear = {
      labels: Array.from({ length: 30 }, (_, i) => i % 2),
      probabilities: new Float64Array(30).fill(0.5),
    };
    expect(conceptDrift(clear, { ...clear, labels: clear.labels.map(() => 1) })?.verdict).toBe("drift");
  });

  it("finds the change that it calls detectable about four times out of five", () => {
    const half = (n: number, seed: number, rate: number) => {
      const random = uniform(seed);
      return {
        labels: Array.from({ length: n }, () => (random() < rate ? 1 : 0)),
        probabilities: new Float64Array(n).fill(0.5),
      };
    };
    const change = conceptDrift(half(600, 1, 0.4), half(400, 2, 0.4))?.detectableChange ?? 1;
    let found = 0;
    for (let run = 0; run < 300; run++)
      if ((conceptDrift(half(600, 2 * run + 3, 0.4), half(400, 2 * run + 4, 0.4 + change))?.pValue ?? 1) <= 0.01)
        found++;
    expect(found / 300).toBeGreaterThan(0.72);
    expect(found / 300).toBeLessThan(0.9);
  });

  it("refuses labels and probabilities of different number, and leaves out what is no probability", () => {
    const { labels, probabilities } = scored(200, 7);
    expect(() => conceptDrift({ labels: [1], probabilities }, { labels, probabilities })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
    const odd = { labels: [...labels, 1, 1, 1], probabilities: Float64Array.of(...probabilities, 7, -1, Number.NaN) };
    expect(conceptDrift(odd, odd)).toEqual(conceptDrift({ labels, probabilities }, { labels, probabilities }));
  });

  it("is finite for any labels and probabilities", () => {
    const rows = fc.array(
      fc.tuple(fc.constantFrom(0, 1, -1, 2), fc.oneof(fc.double(), fc.double({ min: 0, max: 1 }))),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const make = (of: typeof a) => ({
          labels: of.map(([y]) => y),
          probabilities: Float64Array.from(of, ([, p]) => p),
        });
        const found = conceptDrift(make(a), make(b));
        if (found !== null) expect(JSON.parse(JSON.stringify(found))).toEqual(found);
      }),
    );
  });
});

describe("target and prediction in the report", () => {
  it("have their own places, from tables and from profiles", () => {
    const before = customers(2000, 21);
    const after = customers(2000, 22);
    const moved = after.p.map((p) => Math.min(1, p + 0.3));
    const report = compareTables(before.table, after.table, { predictions: { reference: before.p, current: moved } });
    expect(report.prediction).toMatchObject({ verdict: "drift", severity: "critical", drifted: ["prediction"] });
    expect(report.columns.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "x feature",
      "churn target",
      "prediction prediction",
    ]);
    const baseline = withColumn(profileTable(before.table), profileOf(before.p, "prediction"));
    const against = driftAgainst(baseline, after.table, { predictions: moved });
    expect([against.prediction?.severity, against.target?.verdict]).toEqual(["critical", "stable"]);
    expect(
      compareProfiles(profileTable(before.table), profileAgainst(profileTable(before.table), after.table), {
        target: "churn",
      }).target?.verdict,
    ).toBe("stable");
  });

  it("refuse predictions of another length; a column called prediction is none", () => {
    const { table, p } = customers(30, 1);
    const compare = (before: Table, reference: Float64Array) => () =>
      compareTables(before, table, { predictions: { reference, current: p } });
    expect(compare(table, p.subarray(1))).toThrow(/29 predictions were given for the 30 rows/);
    const named = tableOf({ prediction: [...p] });
    const { columns } = compareTables(named, named, { predictions: { reference: p, current: p } });
    expect(columns.map(({ name, role }) => [name, role])).toEqual([
      ["prediction", "feature"],
      ["prediction (model)", "prediction"],
    ]);
  });
});

describe("ranking by importance x shift", () => {
  const draw = (seed: number, shift: number): number[] => {
    const random = uniform(seed);
    return Array.from({ length: 1500 }, () => random() + random() + shift);
  };
  const before = tableOf({ much: draw(1, 0), little: draw(2, 0), still: draw(3, 0) });
  const after = tableOf({ much: draw(4, 0.1), little: draw(5, 0.5), still: draw(6, 0) });
  const ranked = (importance: Importances) => compareTables(before, after, { importance }).ranking;

  it("puts a small move of what matters above a large one of what doesn't", () => {
    const found = ranked({ much: 8, little: 0.5, still: 1.5 });
    expect(found.map(({ name }) => name)).toEqual(["much", "little", "still"]);
    expect(found.reduce((sum, { importance }) => sum + importance, 0)).toBeCloseTo(1, 12);
    for (const { importance, shift, score } of found) expect(score).toBe(importance * shift);
    expect(found[2]).toMatchObject({ shift: 0, score: 0, severity: "none" });
    expect(ranked({ much: 1, little: 1 })[0]?.name).toBe("little");
    expect(ranked(new Map([["still", 1]]))[0]?.name).toBe("still");
    expect(compareTables(before, after).ranking).toEqual([]);
    expect(ranked({})).toHaveLength(3);
    expect(ranked({ much: 1e308, little: 1e308, still: 0 }).map(({ name, importance }) => [name, importance])).toEqual([
      ["little", 0.5],
      ["much", 0.5],
      ["still", 0],
    ]);
    expect(ranked({ much: 0 }).every(({ importance, score }) => importance === 0 && score === 0)).toBe(true);
  });

  it("works under a policy without shares, and for ignored columns", () => {
    const { ranking } = compareTables(before, after, { importance: { little: 1, much: 1 }, policy: "psi" });
    expect(ranking[0]?.name).toBe("little");
    expect(ranking[0]?.shift).toBeGreaterThan(0.1);
    expect(
      compareTables(before, after, { importance: { little: 1, much: 1 }, ignore: ["little"] }).ranking,
    ).toHaveLength(2);
  });

  it.each<[string, Record<string, number>]>([
    ["negative", { much: -1 }],
    ["NaN", { much: Number.NaN }],
    ["infinite", { much: Infinity }],
    ["not there", { mcuh: 1 }],
    ["inherited", { toString: 1 }],
  ])("refuses an importance that is %s", (_, importance) => expect(() => ranked(importance)).toThrow(/importance/));
});
