import { describe, expect, it } from "vitest";
import { rankAuc } from "../../src/stats/ranks/auc.js";
import { validateTable } from "../../src/data/quality/validate.js";
import { bestPossible, syntheticContract, syntheticCustomers } from "../../src/data/synthetic.js";
import { labels } from "../../src/data/table/labels.js";
import { tableFromRecords } from "../../src/data/read/records.js";

describe("synthetic customers", () => {
  const { records, probabilities } = syntheticCustomers({ rows: 20_000, seed: 1 });
  const table = tableFromRecords(syntheticContract, records);

  it("keep their contract", () => {
    expect(table.rejected).toEqual([]);
    expect(validateTable(table).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("churn at about 38 %, and can be predicted at best as the gate needs", () => {
    const best = bestPossible(probabilities);
    expect(best.rate).toBeCloseTo(0.38, 1.5);
    expect(best.accuracy).toBeGreaterThan(0.87);
    expect(best.accuracy).toBeLessThan(0.9);
    expect(best.f1).toBeGreaterThan(0.84);
    expect(best.f1).toBeLessThan(0.87);
  });

  it("have labels that follow their probabilities", () => {
    const truth = labels(table);
    expect(rankAuc(truth, probabilities)).toBeCloseTo(bestPossible(probabilities).auc, 2);
    const share = truth.reduce((sum, label) => sum + label, 0) / truth.length;
    expect(share).toBeCloseTo(bestPossible(probabilities).rate, 1.7);
  });

  it("depend on the seed and row alone", () => {
    expect(syntheticCustomers({ rows: 10, seed: 1 }).records).toEqual(records.slice(0, 10));
    expect(syntheticCustomers({ rows: 10, seed: 2 }).records).not.toEqual(records.slice(0, 10));
  });

  it("shift when the market does", () => {
    const mean = (rows: readonly Record<string, unknown>[]): number =>
      rows.reduce((sum, row) => sum + Number(row["monthlyCharges"]), 0) / rows.length;
    const shifted = syntheticCustomers({ rows: 2000, scenario: "shifted" }).records;
    expect(mean(shifted)).toBeGreaterThan(mean(records.slice(0, 2000)) + 10);
  });

  it.each([0, -1, 1.5, NaN, 1e8])("refuse %d rows", (rows) => {
    expect(() => syntheticCustomers({ rows })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});

describe("bestPossible", () => {
  it("knows the perfect and the hopeless", () => {
    expect(bestPossible(Float64Array.of(0, 0, 1, 1))).toEqual({ accuracy: 1, f1: 1, auc: 1, rate: 0.5 });
    expect(bestPossible(Float64Array.of(0.5, 0.5))).toMatchObject({ accuracy: 0.5, rate: 0.5 });
    expect(() => bestPossible(new Float64Array())).toThrow(
      expect.objectContaining({ code: "METRIC_UNDEFINED" }) as Error,
    );
  });
});
