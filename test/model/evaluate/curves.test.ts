import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { profitCurve, rocCurve, thin } from "../../../src/model/evaluate/curves.js";
import { sortScores } from "../../../src/model/evaluate/sorted-scores.js";
import { drawnRows, scoredRows } from "../../helpers/scored-rows.js";

const costs = { falseNegative: 500, falsePositive: 50 };

describe("profitCurve", () => {
  it("is the money that a threshold saves against contacting nobody", () => {
    const sorted = sortScores(Uint8Array.of(1, 0, 1, 0), Float64Array.of(0.9, 0.5, 0.5, 0.1));
    const { x, y, threshold } = profitCurve(sorted, costs);
    expect([...x]).toEqual([1, 0.9, 0.5, 0.1]);
    expect([...y]).toEqual([0, 500, 950, 900]);
    expect([...threshold]).toEqual([Infinity, 0.9, 0.5, 0.1]);
  });

  it("starts at the rows that are called at every threshold", () => {
    const { x, y } = profitCurve(sortScores(Uint8Array.of(0, 1), Float64Array.of(1, 0.4)), costs);
    expect([[...x], [...y]]).toEqual([
      [1, 0.4],
      [-50, 450],
    ]);
  });
});

describe("thin", () => {
  const { labels, scores } = drawnRows(5000, 3);
  const roc = rocCurve(sortScores(labels, scores));
  if (roc === null) throw new Error("both classes occur");

  it("keeps the ends, the order, and few points", () => {
    const points = thin(roc, 50);
    expect(points.length).toBeLessThanOrEqual(50);
    expect(points.length).toBeGreaterThan(40);
    expect(points[0]).toEqual({ x: 0, y: 0, threshold: null });
    expect(points.at(-1)).toMatchObject({ x: 1, y: 1 });
    for (const [i, point] of points.entries()) expect(point.x).toBeGreaterThanOrEqual(points[i - 1]?.x ?? 0);
  });

  it("keeps the area under a ROC curve", () => {
    const area = (points: readonly { x: number; y: number }[]): number =>
      points.reduce((sum, { x, y }, i) => {
        const before = points[i - 1] ?? { x: 0, y: 0 };
        return sum + ((x - before.x) * (y + before.y)) / 2;
      }, 0);
    expect(area(thin(roc, 100))).toBeCloseTo(area(thin(roc, 1e9)), 2);
    expect(thin(roc, 1e9)).toHaveLength(roc.x.length);
  });

  it("never exceeds the number asked for", () => {
    fc.assert(
      fc.property(scoredRows, fc.integer({ min: 2, max: 20 }), (rows, points) => {
        const curve = profitCurve(sortScores(rows.labels, rows.scores), costs);
        const kept = thin(curve, points);
        expect(kept.length).toBeLessThanOrEqual(points);
        expect(kept[0]?.x).toBe(curve.x[0]);
        expect(kept.at(-1)?.x).toBe(curve.x.at(-1));
      }),
    );
  });

  it("refuses fewer than two points", () => {
    expect(() => thin(roc, 1)).toThrowError(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});
