import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { evaluateGate, type Gate, type GateEvidence } from "../../src/registry/gates/gate.js";
import { gates } from "../../src/registry/gates/gates.js";

const metrics = (accuracy: number | null, f1: number | null): GateEvidence => ({
  metrics: { accuracy: { value: accuracy }, f1: { value: f1 } },
});

/** Labels and two models' scores: the better one has less noise. */
function comparison(rows: number, noiseCandidate: number, noiseRival: number): GateEvidence {
  const random = uniform(3);
  const labels = Uint8Array.from({ length: rows }, () => (random() < 0.4 ? 1 : 0));
  const scores = (noise: number): { probabilities: Float64Array; threshold: number } => ({
    probabilities: Float64Array.from(labels, (label) =>
      Math.min(0.99, Math.max(0.01, 0.5 + (label - 0.5) * 0.5 + (random() - 0.5) * noise)),
    ),
    threshold: 0.5,
  });
  return {
    metrics: {},
    comparison: {
      labels,
      candidate: scores(noiseCandidate),
      champion: scores(noiseRival),
      baseline: scores(noiseRival),
    },
  };
}

describe("evaluateGate", () => {
  it("holds absolute limits, also when met exactly", () => {
    expect(evaluateGate(gates.aws, metrics(0.84, 0.79)).passed).toBe(true);
    expect(evaluateGate(gates.aws, metrics(0.8399, 0.9)).passed).toBe(false);
    expect(evaluateGate(gates.basic, metrics(0.75, 0.7)).passed).toBe(true);
    expect(evaluateGate(gates.basic, metrics(0.9, 0.69)).checks.map(({ passed }) => passed)).toEqual([true, false]);
    const most: Gate = { name: "most", requirements: [{ metric: "logLoss", max: 0.4 }] };
    expect(evaluateGate(most, { metrics: { logLoss: { value: 0.4 } } }).passed).toBe(true);
    expect(evaluateGate(most, { metrics: { logLoss: { value: 0.41 } } }).passed).toBe(false);
  });

  it("fails where a metric has no value or was not measured", () => {
    expect(evaluateGate(gates.aws, metrics(null, 0.9)).passed).toBe(false);
    expect(evaluateGate(gates.aws, { metrics: {} }).checks[0]).toMatchObject({ passed: false, observed: null });
    expect(evaluateGate(gates.aws, metrics(NaN, 0.9)).passed).toBe(false);
  });

  it("compares with the champion on the same rows", () => {
    expect(evaluateGate(gates.champion, comparison(2000, 1, 1)).passed).toBe(false); // equal, but not provably: intervals are wide
    expect(evaluateGate(gates.champion, comparison(2000, 0.8, 1.4)).passed).toBe(true);
    const worse = evaluateGate(gates.champion, comparison(2000, 1.4, 0.8));
    expect(worse.passed).toBe(false);
    expect(worse.checks[0]?.improvement?.value).toBeLessThan(0);
    expect(worse.checks[1]?.improvement?.value).toBeLessThan(0); // log loss: lower is better, so the sign is turned
    expect(worse.checks[0]?.reason).toMatch(
      /ROC AUC 0\.\d+, the champion's 0\.\d+: improvement -0\.\d+ \(95 % -?0\.\d+ to -0\.\d+\)/,
    );
  });

  it("lets an equal model pass as not worse, and none as better", () => {
    const same = comparison(500, 1, 1);
    const { candidate } = same.comparison ?? {};
    const evidence: GateEvidence = {
      metrics: {},
      ...(same.comparison && candidate ? { comparison: { ...same.comparison, champion: candidate } } : {}),
    };
    expect(evaluateGate(gates.champion, evidence).passed).toBe(true);
    const better: Gate = { name: "better", requirements: [{ metric: "auc", betterThan: "champion" }] };
    expect(evaluateGate(better, evidence).passed).toBe(false);
    expect(evaluateGate(better, comparison(2000, 0.8, 1.4)).passed).toBe(true);
    const much: Gate = { name: "much", requirements: [{ metric: "auc", betterThan: "champion", margin: 0.5 }] };
    expect(evaluateGate(much, comparison(2000, 0.8, 1.4)).passed).toBe(false);
  });

  it("lets the first champion pass, but no model without its baseline", () => {
    const { comparison: all } = comparison(100, 1, 1);
    if (all === undefined) throw new Error("no comparison");
    const alone = { labels: all.labels, candidate: all.candidate };
    expect(evaluateGate(gates.champion, { metrics: {}, comparison: alone }).passed).toBe(true);
    expect(evaluateGate(gates.champion, { metrics: {} }).passed).toBe(true);
    expect(evaluateGate(gates.baseline, { metrics: {}, comparison: alone }).passed).toBe(false);
  });

  it("refuses a gate that makes no sense", () => {
    const refused = expect.objectContaining({ code: "OPTION_INVALID" }) as Error;
    for (const requirement of [
      { metric: "accurracy", min: 1 },
      { metric: "toString", min: 1 },
      { metric: "f1", min: NaN },
      { metric: "f1", betterThan: "champion", margin: NaN },
    ]) {
      expect(() => evaluateGate({ name: "odd", requirements: [requirement as never] }, metrics(1, 1))).toThrow(refused);
    }
  });

  it("gives plain JSON, and the same every time", () => {
    const verdict = evaluateGate(gates.champion, comparison(300, 1, 1.2));
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
    expect(evaluateGate(gates.champion, comparison(300, 1, 1.2))).toEqual(verdict);
  });

  it("has the presets by name", () => {
    expect(Object.values(gates).map(({ name }) => name)).toEqual([
      "aws",
      "basic",
      "baseline",
      "champion",
      "retraining",
    ]);
  });
});
