import { describe, expect, it } from "vitest";
import { resampledT } from "../../src/stats/hypothesis/resampled-t.js";
import { studentTwoSidedTail } from "../../src/stats/special.js";

describe("Student's t", () => {
  // scipy 1.16: 2 * scipy.stats.t.sf(t, df)
  it.each([
    [1, 1, 0.5],
    [2, 4, 0.11611652351681556],
    [0.5, 9, 0.6290712998260263],
    [3.7, 29, 0.0008974731043762694],
    [0.01, 49, 0.9920618913083532],
    [40, 9, 1.8982998449339822e-11],
    [1e-8, 5, 0.9999999924078662],
    [3, 0.5, 0.3673081559859434],
  ])("at %d with %d degrees of freedom has both tails of scipy", (t, df, p) => {
    expect(studentTwoSidedTail(t, df).p / p).toBeCloseTo(1, 12);
    expect(studentTwoSidedTail(-t, df)).toEqual(studentTwoSidedTail(t, df));
  });

  it("ends at 1 and 0", () => {
    expect(studentTwoSidedTail(0, 3).p).toBe(1);
    expect(studentTwoSidedTail(1e200, 3).p).toBe(0);
  });
});

describe("the corrected resampled t-test", () => {
  it("has the values of Nadeau and Bengio's formula with scipy's t", () => {
    const differences = [0.0123, -0.0045, 0.031, 0.0088, 0.015, 0.0021, -0.0102, 0.0205, 0.0173, 0.0064];
    const { mean, standardError, t, degreesOfFreedom, p, low, high } = resampledT(differences, 1 / 9);
    expect(mean).toBeCloseTo(0.00987, 15);
    expect(standardError).toBeCloseTo(0.005584973114649526, 15);
    expect(t).toBeCloseTo(1.7672421688317066, 12);
    expect(degreesOfFreedom).toBe(9);
    expect(p).toBeCloseTo(0.11098816455206544, 12);
    expect(low).toBeCloseTo(-0.0027640869353398254, 12);
    expect(high).toBeCloseTo(0.022504086935339826, 12);
    // Without the correction it would be significant.
    expect(resampledT(differences, 0).p).toBeLessThan(0.05);
  });

  it("says something about equal values too", () => {
    expect(resampledT([0, 0, 0], 0.25)).toMatchObject({ mean: 0, standardError: 0, t: 0, p: 1, low: 0, high: 0 });
    expect(resampledT([0.5, 0.5], 0.25)).toMatchObject({ mean: 0.5, p: 0, low: 0.5, high: 0.5 });
  });

  it("needs two values", () => {
    expect(() => resampledT([1], 0.25)).toThrow(expect.objectContaining({ code: "TOO_FEW_ROWS" }));
  });
});
