import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { calibrationTests } from "../../../src/monitor/performance/calibration-drift.js";
import { calibrationDrift, calibrationSummary, parseCalibrationSummary } from "../../../src/monitor/index.js";
import { scoredRows } from "../../helpers/scored-rows.js";

interface Rows {
  readonly labels: Uint8Array;
  readonly probabilities: Float64Array;
}

/** Skewed probabilities; outcomes drawn with `truth(p)`. */
function draw(rows: number, seed: number, truth: (p: number) => number = (p) => p, skew = 2): Rows {
  const random = uniform(seed);
  const probabilities = Float64Array.from({ length: rows }, () => {
    let u = random();
    for (let i = 1; i < skew; i++) u *= random();
    return u;
  });
  return { probabilities, labels: Uint8Array.from(probabilities, (p) => (random() < truth(p) ? 1 : 0)) };
}

describe("the tests, by hand", () => {
  it("level and Spiegelhalter's z", () => {
    const { tests, change, expectedRate, observedRate } = calibrationDrift(
      Uint8Array.of(1, 1, 0, 1),
      Float64Array.of(0.8, 0.4, 0.3, 0.2),
    );
    expect(expectedRate).toBeCloseTo(0.425, 12);
    expect(observedRate).toBe(0.75);
    expect(change.value).toBeCloseTo(0.325, 12);
    const variance = 0.16 + 0.24 + 0.21 + 0.16;
    // 3 - 1.7 = 1.3, less half a row for continuity.
    expect(tests.find(({ what }) => what === "level")?.statistic).toBeCloseTo(0.8 / Math.sqrt(variance), 10);
    // sum (y - p)(1 - 2p) = .2(-.6) + .6(.2) - .3(.4) + .8(.6) = .36
    const spread = 0.36 * 0.16 + 0.04 * 0.24 + 0.16 * 0.21 + 0.36 * 0.16;
    expect(tests.find(({ what }) => what === "score")?.statistic).toBeCloseTo(0.36 / Math.sqrt(spread), 10);
  });
});

describe("false alarms on unchanged outcomes", () => {
  const RUNS = 400;
  /** p-values at or below 5 %, by test. */
  const count = (
    judge: (run: number) => ReturnType<typeof calibrationDrift>,
  ): { alarms: Map<string, number>; drift: number } => {
    const alarms = new Map<string, number>();
    let drift = 0;
    for (let run = 0; run < RUNS; run++) {
      const result = judge(run);
      if (result.verdict === "drift") drift++;
      for (const { what, pValue } of result.tests) alarms.set(what, (alarms.get(what) ?? 0) + (pValue <= 0.05 ? 1 : 0));
    }
    return { alarms, drift };
  };
  const limit = 0.055 + 2 * Math.sqrt((0.05 * 0.95) / RUNS);

  it.each([100, 1000])(
    "of calibrated probabilities, %i rows: at most 5.5 %% at the level 5 %%, and sampling error",
    (rows) => {
      const { alarms, drift } = count((run) => {
        const { labels, probabilities } = draw(rows, run);
        return calibrationDrift(labels, probabilities);
      });
      expect([...alarms.keys()]).toEqual(Object.keys(calibrationTests));
      for (const [what, found] of alarms) {
        expect(found / RUNS, what).toBeLessThanOrEqual(limit);
        expect(found / RUNS, what).toBeGreaterThan(0.01);
      }
      expect(drift / RUNS).toBeLessThanOrEqual(0.01 + 2 * Math.sqrt(0.0099 / RUNS));
    },
  );

  it("of a model that never was calibrated, against its baseline", () => {
    const truth = (p: number): number => 0.1 + 0.5 * p;
    const { alarms, drift } = count((run) => {
      const before = draw(1500, 10_000 + run, truth);
      const now = draw(1000, 20_000 + run, truth);
      return calibrationDrift(now.labels, now.probabilities, {
        baseline: calibrationSummary(before.labels, before.probabilities),
      });
    });
    for (const [what, found] of alarms) expect(found / RUNS, what).toBeLessThanOrEqual(limit);
    expect(drift / RUNS).toBeLessThanOrEqual(0.01 + 2 * Math.sqrt(0.0099 / RUNS));
    const alone = draw(4000, 1, truth);
    expect(calibrationDrift(alone.labels, alone.probabilities).verdict).toBe("drift");
  });

  it("of other customers with the same concept", () => {
    const before = draw(20_000, 1);
    const now = draw(20_000, 2, (p) => p, 1);
    const baseline = calibrationSummary(before.labels, before.probabilities);
    expect(calibrationDrift(now.labels, now.probabilities, { baseline }).verdict).toBe("stable");
    expect(calibrationDrift(now.labels, now.probabilities).verdict).toBe("stable");
  });
});

describe("concept drift is found", () => {
  it.each([
    ["a higher level", (p: number) => Math.min(1, p + 0.08), "level"],
    ["a flatter relation, level kept", (p: number) => 0.25 + 0.5 * (p - 0.25) * 0.5 + 0, "shape"],
    ["probabilities turned round", (p: number) => 1 - p, "score"],
  ] as const)("%s", (_, truth, what) => {
    let found = 0;
    for (let run = 0; run < 20; run++) {
      const { labels, probabilities } = draw(2000, 300 + run, truth);
      const { verdict, tests } = calibrationDrift(labels, probabilities);
      if (verdict === "drift" && tests.find((test) => test.what === what)?.severity !== "none") found++;
    }
    expect(found).toBeGreaterThanOrEqual(19);
  });

  it("also against a baseline, and the bins say where", () => {
    const before = draw(4000, 1);
    const now = draw(4000, 2, (p) => (p > 0.5 ? p - 0.3 : p));
    const baseline = calibrationSummary(before.labels, before.probabilities);
    const result = calibrationDrift(now.labels, now.probabilities, { baseline });
    expect(result).toMatchObject({ verdict: "drift", against: "baseline" });
    const top = result.bins.at(-1);
    expect((top?.observed ?? 0) - (top?.expected ?? 0)).toBeLessThan(-0.15);
    expect(Math.abs(result.bins[0]?.baselineResidual ?? 1)).toBeLessThan(0.05);
  });

  it("the detectable change is found about four times out of five", () => {
    const size = calibrationDrift(draw(1000, 1).labels, draw(1000, 1).probabilities).detectableChange ?? 0;
    let found = 0;
    for (let run = 0; run < 200; run++) {
      const { labels, probabilities } = draw(1000, 500 + run, (p) => Math.min(1, p + size));
      const level = calibrationDrift(labels, probabilities).tests.find(({ what }) => what === "level");
      if ((level?.pValue ?? 1) <= 0.01) found++;
    }
    expect(found / 200).toBeGreaterThan(0.68);
    expect(found / 200).toBeLessThan(0.92);
  });
});

describe("odd input", () => {
  it("too few rows: insufficient, with what would be found", () => {
    const few = draw(20, 1);
    const result = calibrationDrift(few.labels, few.probabilities);
    expect(result.verdict).toBe("insufficient");
    expect(result.message).toContain("too few");
    expect(calibrationDrift(new Uint8Array(0), new Float64Array(0))).toMatchObject({
      verdict: "insufficient",
      tests: [],
    });
  });

  it("certain probabilities that are wrong: critical, with finite numbers", () => {
    const result = calibrationDrift(
      Uint8Array.from({ length: 50 }, () => 0),
      new Float64Array(50).fill(1),
    );
    expect(result.severity).toBe("critical");
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("the baseline survives JSON, and nothing else is taken for one", () => {
    const { labels, probabilities } = draw(500, 1);
    const good = calibrationSummary(labels, probabilities);
    expect(parseCalibrationSummary(JSON.parse(JSON.stringify(good)))).toEqual(good);
    const [first, ...rest] = good.bins;
    const bad: unknown[] = [
      null,
      3,
      {},
      { ...good, format: 2 },
      { ...good, bins: rest },
      { ...good, edges: "x" },
      { ...good, bins: [null, ...rest] },
    ];
    bad.push({ ...good, edges: [...good.edges].reverse() }, { ...good, bins: [{ ...first, positives: 1e9 }, ...rest] });
    bad.push(
      { ...good, bins: [{ ...first, expected: Number.NaN }, ...rest] },
      { ...good, bins: [{ ...first, variance: "1" }, ...rest] },
    );
    for (const value of bad)
      expect(() => parseCalibrationSummary(value)).toThrow(
        expect.objectContaining({ code: "INPUT_MALFORMED" }) as Error,
      );
  });

  it("any rows give JSON without NaN", () => {
    fc.assert(
      fc.property(scoredRows, scoredRows, (a, b) => {
        const baseline = calibrationSummary(b.labels, b.scores);
        for (const result of [
          calibrationDrift(a.labels, a.scores),
          calibrationDrift(a.labels, a.scores, { baseline }),
        ]) {
          expect(JSON.parse(JSON.stringify(result))).toEqual(result);
        }
      }),
    );
  });

  it.each([
    ["OPTION_INVALID", () => calibrationDrift(Uint8Array.of(1), new Float64Array(0))],
    ["VALUE_INVALID", () => calibrationDrift(Uint8Array.of(2), Float64Array.of(0.5))],
    ["VALUE_INVALID", () => calibrationDrift(Uint8Array.of(1), Float64Array.of(Number.NaN))],
    ["OPTION_INVALID", () => calibrationDrift(Uint8Array.of(1), Float64Array.of(0.5), { policy: { alpha: 2 } })],
    [
      "OPTION_INVALID",
      () =>
        calibrationDrift(Uint8Array.of(1), Float64Array.of(0.5), {
          policy: { level: { warning: 0.2, critical: 0.1 } },
        }),
    ],
    [
      "INPUT_MALFORMED",
      () =>
        calibrationDrift(Uint8Array.of(1), Float64Array.of(0.5), { baseline: { format: 1, edges: [0.5], bins: [] } }),
    ],
    ["OPTION_INVALID", () => calibrationSummary(Uint8Array.of(1), Float64Array.of(0.5), 1)],
    ["TOO_FEW_ROWS", () => calibrationSummary(new Uint8Array(0), new Float64Array(0))],
  ])("%s", (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }) as Error);
  });
});
