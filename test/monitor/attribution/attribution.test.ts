import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import {
  attributionBaseline,
  mergeAttributions,
  parseAttributionBaseline,
  type AttributionBaseline,
} from "../../../src/monitor/attribution/attribution-baseline.js";
import { attributionDrift } from "../../../src/monitor/attribution/compare.js";
import { ndcg } from "../../../src/monitor/attribution/ndcg.js";
import type { Explanation } from "../../../src/model/explain/explanation.js";
import { sampleArtifact, sampleTable } from "../../helpers/artifact.js";
import { explainerOf } from "../../../src/model/explain/explainer.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import { budget } from "../../helpers/budget.js";

const summary = (means: readonly number[], error = 0.01, rows = 1000): AttributionBaseline => ({
  format: 1,
  method: "linear",
  rows,
  columns: means.map((meanAbsolute, i) => ({ name: `c${i}`, meanAbsolute, standardError: error })),
});

/** An explanation whose attributions are drawn around the given means. */
function drawn(means: readonly number[], rows: number, seed: number): Explanation {
  const random = uniform(seed);
  const values = Float64Array.from(
    { length: rows * means.length },
    (_, i) => 2 * random() * (means[i % means.length] ?? 0) * (random() < 0.5 ? -1 : 1),
  );
  return {
    class: "Yes",
    columns: means.map((_, i) => ({ name: `c${i}`, madeOf: [`c${i}`], derived: false })),
    rows,
    base: 0,
    outputs: new Float64Array(rows),
    values,
    errors: new Float64Array(values.length),
    method: "linear",
    samples: 0,
    backgroundRows: 1,
  };
}

const numbersIn = (value: unknown): number[] =>
  typeof value === "number"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(numbersIn)
      : [];

describe("ndcg", () => {
  it("is that of Clarify's own example: college admission", () => {
    // DCG 0.05 / 1 + 0.5 / log2(3) + 0.7 / 2, ideal 0.7 + 0.5 / log2(3) + 0.05 / 2.
    const expected = (0.05 + 0.5 / Math.log2(3) + 0.35) / (0.7 + 0.5 / Math.log2(3) + 0.025);
    expect(ndcg([0.7, 0.5, 0.05], [0.1, 0.2, 0.7])).toBeCloseTo(expected, 14);
  });

  it("is 1 for the same ranking, lies in [0, 1], and does not depend on the columns' order", () => {
    const pairs = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pairs, fc.nat(1000), (columns, seed) => {
        const gains = columns.map(([gain]) => gain);
        const by = columns.map(([, value]) => value);
        const value = ndcg(gains, by);
        if (gains.every((gain) => gain === 0)) return value === null;
        if (value === null || value < 0 || value > 1) return false;
        const order = gains.map((_, i) => i).sort((a, b) => ((a * 7919 + seed) % 101) - ((b * 7919 + seed) % 101));
        const again = ndcg(
          order.map((i) => gains[i] ?? 0),
          order.map((i) => by[i] ?? 0),
        );
        return Math.abs((again ?? NaN) - value) < 1e-12 && Math.abs((ndcg(gains, gains) ?? NaN) - 1) < 1e-12;
      }),
    );
  });

  it("gives tied columns the mean of their places", () => {
    expect(ndcg([1, 0], [3, 3])).toBeCloseTo((1 + 1 / Math.log2(3)) / 2, 14);
  });
});

describe("the verdict", () => {
  it("is stable for the same columns, whatever their scale", () => {
    const found = attributionDrift(summary([0.8, 0.5, 0.2, 0.1]), summary([1.6, 1, 0.4, 0.2]));
    expect(found).toMatchObject({ verdict: "stable", severity: "none", ndcg: 1 });
    expect(found.message).toContain("NDCG 1.000");
  });

  it("is drift when the ranking turns around, with a severity", () => {
    const turned = attributionDrift(summary([0.7, 0.5, 0.05]), summary([0.1, 0.2, 0.7]));
    expect(turned).toMatchObject({ verdict: "drift", severity: "critical" });
    expect(turned.message).toContain("c2 went from rank 3 to 1");
    expect(turned.columns.map(({ name, reference, current }) => [name, reference.rank, current.rank])).toEqual([
      ["c0", 1, 3],
      ["c1", 2, 2],
      ["c2", 3, 1],
    ]);
    const milder = attributionDrift(summary([0.7, 0.5, 0.05]), summary([0.7, 0.1, 0.2]), { warning: 0.97 });
    expect(milder.ndcg).toBeGreaterThan(0.9);
    expect(milder).toMatchObject({ verdict: "drift", severity: "warning" });
  });

  it("is insufficient where chance alone could have turned it", () => {
    expect(attributionDrift(summary([0.7, 0.5, 0.05], 0.6), summary([0.1, 0.2, 0.7], 0.6)).verdict).toBe(
      "insufficient",
    );
    expect(attributionDrift(summary([0.7, 0.5, 0.05]), summary([0.1, 0.2, 0.7], 0.01, 29)).verdict).toBe(
      "insufficient",
    );
    expect(attributionDrift(summary([0, 0]), summary([1, 2]))).toMatchObject({
      verdict: "insufficient",
      ndcg: null,
      pValue: null,
    });
  });

  it("hardly ever cries wolf on rows of the same kind", () => {
    const means = [1, 0.9, 0.8, 0.5, 0.45, 0.2, 0.19, 0.18, 0.02, 0.01];
    const baseline = attributionBaseline(drawn(means, 2000, 1));
    const verdicts = Array.from({ length: 40 }, (_, i) => attributionDrift(baseline, drawn(means, 60, i + 2)).verdict);
    expect(verdicts.filter((verdict) => verdict === "drift").length).toBe(0);
    const shifted = Array.from(
      { length: 10 },
      (_, i) => attributionDrift(baseline, drawn([...means].reverse(), 60, i + 2)).verdict,
    );
    expect(shifted).toEqual(new Array(10).fill("drift"));
  });

  it("states the error of the NDCG, and what it comes to by chance", () => {
    const means = [1, 0.9, 0.8, 0.3];
    const seen = Array.from(
      { length: 200 },
      (_, i) =>
        ndcg(
          means,
          attributionBaseline(drawn(means, 50, i + 1)).columns.map(({ meanAbsolute }) => meanAbsolute),
        ) ?? NaN,
    );
    const mean = seen.reduce((a, b) => a + b / seen.length, 0);
    const found = attributionDrift(attributionBaseline(drawn(means, 100_000, 9)), drawn(means, 50, 300));
    expect(Math.abs((found.ndcgExpected ?? NaN) - mean)).toBeLessThan(0.01);
    expect(found.standardError).toBeGreaterThan(0);
    expect(found.standardError).toBeLessThan(0.05);
  });

  it("is plain JSON without NaN, the same for the same summaries", () => {
    const amounts = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1e100, noNaN: true }), fc.double({ min: 0, max: 1e100, noNaN: true })),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(amounts, fc.double({ min: 0, max: 1e50, noNaN: true }), (columns, error) => {
        const [a, b] = [
          summary(
            columns.map(([x]) => x),
            error,
          ),
          summary(
            columns.map(([, y]) => y),
            error,
          ),
        ];
        const found = attributionDrift(a, b);
        return (
          numbersIn(found).every(Number.isFinite) && JSON.stringify(attributionDrift(a, b)) === JSON.stringify(found)
        );
      }),
      { numRuns: budget(30) },
    );
  });

  it("refuses other columns, another method and a policy out of range", () => {
    const other = {
      ...summary([1, 2]),
      columns: summary([1, 2]).columns.map((column, i) => (i === 1 ? { ...column, name: "x" } : column)),
    };
    expect(() => attributionDrift(summary([1, 2]), other)).toThrow(/"c1"/);
    expect(() => attributionDrift(summary([1]), summary([1, 2]))).toThrow(/"c1"/);
    expect(() => attributionDrift(summary([1]), { ...summary([1]), method: "treeShap" })).toThrow(/treeShap/);
    expect(() => attributionDrift(summary([1]), summary([1]), { critical: 0.95 })).toThrow(/critical is 0.95/);
    expect(() => attributionDrift(summary([1]), summary([1]), { alpha: NaN })).toThrow(/alpha is NaN/);
  });
});

describe("a baseline", () => {
  it("merges batch by batch to that of all rows", async () => {
    const explainer = await explainerOf(await sampleArtifact({ networks: 0 }));
    const table = sampleTable(101);
    const part = (from: number, to: number): AttributionBaseline =>
      attributionBaseline(
        explainer.explain(
          takeRows(
            table,
            Array.from({ length: to - from }, (_, i) => from + i),
          ),
        ),
      );
    const whole = part(0, 101);
    const merged = [part(1, 40), part(40, 41), part(41, 101)].reduce(mergeAttributions, part(0, 1));
    expect(merged.rows).toBe(101);
    merged.columns.forEach(({ meanAbsolute, standardError }, i) => {
      expect(meanAbsolute).toBeCloseTo(whole.columns[i]?.meanAbsolute ?? NaN, 12);
      expect(standardError).toBeCloseTo(whole.columns[i]?.standardError ?? NaN, 12);
    });
  });

  it("reads back from JSON", () => {
    const baseline = summary([0.5, 0.25]);
    expect(parseAttributionBaseline(JSON.parse(JSON.stringify(baseline)))).toEqual(baseline);
  });

  it.each([
    [null, "\\$ must"],
    [{ ...summary([1]), format: 2 }, "format"],
    [{ ...summary([1]), method: "toString" }, "method"],
    [{ ...summary([1]), rows: 0 }, "rows"],
    [{ ...summary([1]), columns: [] }, "columns"],
    [{ ...summary([1]), columns: [{ name: "a", meanAbsolute: -1, standardError: 0 }] }, "meanAbsolute"],
    [{ ...summary([1]), columns: [{ name: "a", meanAbsolute: 1, standardError: null }] }, "standardError"],
    [{ ...summary([1]), columns: [...summary([1]).columns, ...summary([1]).columns] }, "name"],
  ])("broken in one place is refused by that place (%#)", (json, place) => {
    expect(() => parseAttributionBaseline(json)).toThrow(new RegExp(place));
  });
});
