import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { realizedPerformance } from "../../../src/monitor/performance/realized.js";
import { estimatePerformance, modelQuality } from "../../../src/monitor/index.js";

function draw(rows: number, seed: number, noise: number) {
  const random = uniform(seed);
  const truth = Float64Array.from({ length: rows }, () => random() ** 2);
  const labels = Uint8Array.from(truth, (p) => (random() < p ? 1 : 0));
  return { labels, probabilities: truth.map((p) => (1 - noise) * p + noise * random()) };
}

const realized = (rows: number, seed: number, noise = 0) => {
  const { labels, probabilities } = draw(rows, seed, noise);
  return realizedPerformance(labels, probabilities, { threshold: 0.5, bootstrap: { resamples: 100, seed } }).values;
};

describe("modelQuality", () => {
  it("by hand: the errors are those of the intervals", () => {
    const { metrics, verdict, severity } = modelQuality(
      { accuracy: { value: 0.85, low: 0.84, high: 0.86 } },
      { accuracy: { value: 0.82, low: 0.8, high: 0.84 } },
      { policy: { floors: { accuracy: { warning: 0.02, critical: 0.05 } } } },
    );
    const error = Math.sqrt(0.02 ** 2 + 0.04 ** 2) / (2 * 1.959963984540054);
    const [change] = metrics;
    expect(change?.loss).toBeCloseTo(0.03, 12);
    expect(change?.change.high).toBeCloseTo(-0.03 + 1.959963984540054 * error, 12);
    // z = 2.6296
    expect(change?.pValue).toBeCloseTo(0.00855, 5);
    expect({ verdict, severity }).toEqual({ verdict: "drift", severity: "warning" });
  });

  it("finds a worse model, not a better one, whichever way a metric points", () => {
    const [good, poor] = [realized(4000, 1), realized(4000, 2, 0.6)];
    expect(modelQuality(good, poor)).toMatchObject({ verdict: "drift", severity: "critical" });
    const better = modelQuality(poor, good);
    expect(better).toMatchObject({ verdict: "stable", severity: "none" });
    expect(better.metrics.every(({ loss }) => (loss ?? 0) < 0)).toBe(true);
  });

  it("raises at most the nominal rate of false alarms", () => {
    const RUNS = 150;
    let alarms = 0;
    const free = {
      accuracy: { warning: 0, critical: 1 },
      auc: { warning: 0, critical: 1 },
      brier: { warning: 0, critical: 1 },
    };
    for (let run = 0; run < RUNS; run++) {
      const result = modelQuality(realized(400, 1000 + run), realized(400, 5000 + run), {
        policy: { alpha: 0.05, floors: free },
      });
      if (result.verdict === "drift") alarms++;
    }
    expect(alarms / RUNS).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt(0.0475 / RUNS));
  });

  it("takes nothing for certain of a few rows that happen to agree, where it knows how many they are", () => {
    const baseline = { f1: { value: 0.55, low: 0.53, high: 0.57 } };
    const none = { f1: { value: 0, low: 0, high: 0 } };
    expect(modelQuality(baseline, none).severity).toBe("critical");
    const log10p = (current: number) =>
      modelQuality(baseline, none, { rows: { baseline: 8000, current } }).metrics.find(({ metric }) => metric === "f1")
        ?.log10p;
    expect(log10p(30)).toBeGreaterThan(-4);
    expect(log10p(3000)).toBeLessThan(-100);
  });

  it("judges estimates by their population error", () => {
    const baseline = realized(5000, 3);
    const random = uniform(9);
    const same = Float64Array.from({ length: 5000 }, () => random() ** 2);
    const harder = Float64Array.from({ length: 5000 }, () => 0.3 + 0.4 * random());
    expect(modelQuality(baseline, estimatePerformance(same, { threshold: 0.5 }).values).verdict).toBe("stable");
    expect(modelQuality(baseline, estimatePerformance(harder, { threshold: 0.5 }).values).severity).toBe("critical");
  });

  it("says what it cannot judge", () => {
    const without = modelQuality({ accuracy: { value: 0.8 } }, { accuracy: { value: 0.5, low: 0.4, high: 0.6 } });
    expect(without.verdict).toBe("insufficient");
    expect(without.metrics[0]?.message).toContain("without intervals");
    expect(modelQuality({ auc: { value: null } }, {}).metrics.every(({ verdict }) => verdict === "insufficient")).toBe(
      true,
    );
    const wide = modelQuality(
      { accuracy: { value: 0.8, low: 0.6, high: 0.9 } },
      { accuracy: { value: 0.75, low: 0.5, high: 0.9 } },
    );
    expect(wide.metrics[0]).toMatchObject({ verdict: "insufficient", severity: "none" });
    const certain = modelQuality(
      { accuracy: { value: 0.8, low: 0.8, high: 0.8 } },
      { accuracy: { value: 0.7, low: 0.7, high: 0.7 } },
    );
    expect(certain.severity).toBe("critical");
    expect(JSON.parse(JSON.stringify(certain))).toEqual(certain);
  });

  it.each([
    { alpha: 0 },
    { coarsest: Number.NaN },
    { floors: { profit: { warning: 0, critical: 1 } } },
    { floors: { auc: { warning: 0.2, critical: 0.1 } } },
  ])("OPTION_INVALID for %j", (policy) => {
    expect(() => modelQuality({}, {}, { policy })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });
});
