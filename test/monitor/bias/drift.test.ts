import { describe, expect, it } from "vitest";
import { biasDrift } from "../../../src/monitor/index.js";
import { countsOf, drawCells, facetOf } from "./groups.js";

const fair = [0.2, 0.1, 0.1, 0.6];
const counts = (rows: number, d: readonly number[], seed: number) =>
  countsOf(facetOf(drawCells(rows, d, seed), drawCells(rows, fair, seed + 1)));

describe("biasDrift", () => {
  it("raises at most the nominal rate of false alarms, all metrics together", () => {
    const RUNS = 300;
    let alarms = 0;
    const policy = { change: { warning: 0, critical: 10 } };
    for (let run = 0; run < RUNS; run++) {
      if (biasDrift(counts(600, fair, 10 * run), counts(400, fair, 10 * run + 5), { policy }).verdict === "drift")
        alarms++;
    }
    expect(alarms / RUNS).toBeLessThanOrEqual(0.055 + 2 * Math.sqrt(0.0475 / RUNS));
  });

  it("finds a group that is called less often than before", () => {
    const result = biasDrift(counts(2000, fair, 1), counts(2000, [0.08, 0.04, 0.22, 0.66], 3));
    expect(result).toMatchObject({ verdict: "drift", severity: "critical" });
    const changed = result.changes.filter(({ verdict }) => verdict === "drift").map(({ metric }) => metric);
    expect(changed).toEqual(expect.arrayContaining(["DPPL", "DI", "RD"]));
    const parity = result.changes.find(({ metric }) => metric === "DPPL");
    expect(parity?.change?.value).toBeCloseTo((parity?.current ?? 0) - (parity?.baseline ?? 0), 12);
    expect(parity).toMatchObject({ worse: true, range: "violated" });
    expect(result.message).toContain("DPPL of facet d");
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("a change for the better is drift without severity", () => {
    const result = biasDrift(counts(4000, [0.08, 0.04, 0.22, 0.66], 3), counts(4000, fair, 1));
    expect(result.verdict).toBe("drift");
    expect(result.severity).toBe("none");
  });

  it("a bias that was there before is no drift, but outside its range", () => {
    const unfair = [0.08, 0.04, 0.22, 0.66];
    const result = biasDrift(counts(4000, unfair, 3), counts(4000, unfair, 13));
    expect(result).toMatchObject({ verdict: "stable", severity: "critical" });
    expect(result.message).toContain("Outside the allowed range");
  });

  it("says what it cannot judge: few rows, empty groups, groups of one side", () => {
    const few = biasDrift(counts(10, fair, 1), counts(10, fair, 3));
    expect(few).toMatchObject({ verdict: "insufficient", severity: "none" });
    const empty = biasDrift(countsOf(facetOf([], [5, 5, 5, 5])), counts(100, fair, 1));
    expect(empty.changes[0]).toMatchObject({
      change: null,
      verdict: "insufficient",
      reason: "In the baseline: The disadvantaged group has no such rows.",
    });
    const apart = biasDrift(countsOf(facetOf([1], [1], "x")), countsOf(facetOf([1], [1], "y")));
    expect(apart).toMatchObject({
      verdict: "insufficient",
      onlyInBaseline: ["facet x"],
      onlyInCurrent: ["facet y"],
      changes: [],
    });
  });

  it("refuses counts of another good outcome", () => {
    const turned = { ...counts(10, fair, 1), favorable: "negative" as const };
    expect(() => biasDrift(counts(10, fair, 1), turned)).toThrow(
      expect.objectContaining({ code: "CONTRACT_MISMATCH" }) as Error,
    );
  });
});
