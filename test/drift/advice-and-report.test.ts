import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { compareTables, driftAdvice, type DriftReport } from "../../src/drift/index.js";
import { driftReportHtml } from "../../src/report/index.js";
import { tableOf } from "./tables.js";

const draw = (seed: number, scale = 1, n = 1200): number[] => {
  const random = uniform(seed);
  return Array.from({ length: n }, () => scale * (40 + 30 * random() + 30 * random()));
};
const plans = (seed: number, names: readonly string[], n = 1200): string[] => {
  const random = uniform(seed);
  return Array.from({ length: n }, () => names[Math.floor(random() * names.length)] ?? "");
};
const actions = (report: DriftReport): string =>
  driftAdvice(report)
    .map(({ action }) => action)
    .join("\n");
const calm = tableOf(
  { charges: draw(1), plan: plans(2, ["a", "b"]), churn: plans(3, ["Yes", "No", "No"]) },
  { churn: "target" },
);
const target = { column: "churn", classes: ["No", "Yes"], positive: "Yes" } as const;
const before = { ...calm, contract: { ...calm.contract, target } };
const later = (columns: Parameters<typeof tableOf>[0]) => ({
  ...tableOf(
    { charges: draw(11), plan: plans(12, ["a", "b"]), churn: plans(13, ["Yes", "No", "No"]), ...columns },
    { churn: "target" },
  ),
});

describe("what to do", () => {
  it("is not to keep watching where nothing was compared", () => {
    const nothing = { ...before, contract: { ...before.contract, columns: [] } };
    expect(actions(compareTables(nothing, before))).toMatch(/^Nothing was compared/);
  });

  it("is nothing when nothing moved", () => {
    expect(driftAdvice(compareTables(before, later({})))).toEqual([
      { severity: "none", action: "Nothing to do. Keep watching.", columns: [] },
    ]);
  });

  it("puts faults of the data first: broken rows, missing values, new levels, a changed unit", () => {
    const current = later({
      charges: draw(14, 100).map((value, i) => (i % 3 ? value : null)),
      plan: plans(15, ["a", "b", "c"]),
    });
    const rejected = Array.from({ length: 400 }, (_, row) => ({ row, issues: [] }));
    const found = driftAdvice(compareTables(before, { ...current, rejected }));
    expect(found.map(({ action }) => action)).toEqual([
      expect.stringMatching(/^More rows break the contract/),
      expect.stringMatching(/^Ask where "charges" comes from: 33\.\d % of its values are missing now, 0 % before/),
      expect.stringMatching(/^Find out what the new levels of "plan" \("c"\) mean/),
      expect.stringMatching(/^Check the unit of "charges"/),
      expect.stringMatching(/^If the sources are correct/),
    ]);
    expect(
      actions(compareTables(later({ charges: draw(16).map((value, i) => (i % 3 ? value : null)) }), before)),
    ).toMatch(/missing less often/);
  });

  it("tells a changed unit in the column's words, and only then", () => {
    const words = (charges: number[]): string => compareTables(before, later({ charges })).columns[0]?.message ?? "";
    expect(words(draw(14, 100))).toContain("as if the unit had changed by a factor of 100");
    expect(words(draw(14, 1 / 12))).toContain("by a factor of 0.08333");
    expect(words(draw(14).map((value) => value + 30))).not.toContain("unit");
  });

  it("tells target drift, concept drift, stable predictions and slices", () => {
    const probabilities = (of: { readonly rows: number }) =>
      Float64Array.from({ length: of.rows }, (_, i) => ((i * 7919) % 1000) / 1000);
    expect(actions(compareTables(before, later({ churn: plans(17, ["Yes", "No"]) })))).toMatch(
      /share of positives changed/,
    );
    const moved = later({ churn: plans(18, ["Yes"]), charges: draw(19, 1.3) });
    const report = compareTables(before, moved, {
      predictions: { reference: probabilities(before), current: probabilities(moved) },
    });
    expect(actions(report)).toMatch(/leave at a different rate\. Retrain/);
    expect(actions(report)).toMatch(/inputs moved but the predictions did not/);
    expect(actions(report)).not.toMatch(/share of positives changed/);
    const twist = later({
      charges: draw(20).map((value, i) => (i % 2 ? value : value + 0)),
      plan: draw(20).map((value) => (value > 70 ? "a" : "b")),
    });
    const sliced = compareTables(before, twist, { segments: ["plan"] });
    expect(actions(sliced)).toMatch(/Look at the rows whose "plan" is "[ab]": "charges" moved there alone/);
    expect(
      actions(compareTables(before, later({ charges: draw(21, 1.3) }), { importance: { charges: 1, plan: 1 } })),
    ).toMatch(/Start with "charges"/);
  });

  it("asks for rows where there are too few", () => {
    const few = tableOf({ charges: [50, 60], plan: ["a", "b"] });
    expect(driftAdvice(compareTables(few, few))).toEqual([
      { severity: "none", action: "Collect more rows before you decide.", columns: ["charges", "plan"] },
    ]);
    const rare = (seed: number) =>
      tableOf({ charges: draw(seed), rare: draw(seed + 1).map((value, i) => (i < 12 ? value : null)) });
    expect(actions(compareTables(rare(41), rare(43)))).toMatch(/Collect more rows for the columns/);
  });
});

describe("the HTML report", () => {
  it(
    "shows what to do, predictions, slices, ranking and drift over time, with hostile names escaped",
    { timeout: 30_000 },
    async () => {
      const hostile = '<script>alert(1)</script>"&';
      const one = tableOf({ [hostile]: draw(31, 1, 600), plan: plans(32, [hostile, "b"], 600) });
      const two = tableOf({ [hostile]: draw(33, 1.5, 600), plan: plans(34, [hostile, "b"], 600) });
      const p = Float64Array.from({ length: 600 }, (_, i) => i / 600);
      const report = compareTables(one, two, {
        segments: ["plan"],
        importance: new Map([[hostile, 1]]),
        predictions: { reference: p, current: p },
      });
      const history = ["May", "June", hostile].map((period) => ({ period, report }));
      const html = await driftReportHtml(report, { history });
      for (const title of [
        "What to do",
        "What moved",
        "Over time",
        "What matters to the model",
        "Segments",
        "All columns",
      ])
        expect(html).toContain(`<h2>${title}</h2>`);
      expect(html).toContain("predictions");
      expect(html).toContain("plan = b");
      expect(html).not.toContain("<script");
      expect(await driftReportHtml(report, { history })).toBe(html);
      const plain = await driftReportHtml(compareTables(one, one), { policy: undefined });
      for (const title of ["Over time", "What matters to the model", "Segments"])
        expect(plain).not.toContain(`<h2>${title}</h2>`);
      expect(plain).toContain("Nothing to do");
    },
  );
});
