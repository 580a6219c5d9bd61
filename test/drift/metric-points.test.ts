import { describe, expect, it } from "vitest";
import { driftPoints, driftSignals } from "../../src/monitor/retraining/drift-points.js";
import type { ColumnDrift, DriftReport } from "../../src/drift/report.js";
import { memorySink } from "../../src/io/metrics/memory-sink.js";

const at = new Date("2026-11-21T12:00:00Z");
const column = (
  name: string,
  psi: number | null,
  verdict: ColumnDrift["verdict"] = "drift",
  role: ColumnDrift["role"] = "feature",
) => ({ name, psi, verdict, role });
const reportOf = (columns: object[], prediction: number | null): DriftReport =>
  ({
    columns,
    features: { psi: 0.4 },
    prediction: prediction === null ? null : { psi: prediction },
  }) as unknown as DriftReport;
const report = reportOf(
  [
    column("tenure", 0.4),
    column("age", 0.9, "insufficient"),
    column("plan", null),
    column("score", 5, "drift", "prediction"),
    column("fee", 0.3),
  ],
  0.2,
);

describe("driftPoints", () => {
  it("gives scores that every sink takes", async () => {
    const sink = memorySink();
    await sink.write(driftPoints(report, { at, labels: { model: "churn" } }));
    expect(sink.points().map(({ name, value, labels }) => [name, value, labels?.["feature"]])).toEqual([
      ["data_drift_score", 0.4, undefined],
      ["prediction_drift_score", 0.2, undefined],
      ["feature_drift_score", 0.4, "tenure"],
      ["feature_drift_score", 0.9, "age"],
      ["feature_drift_score", 0.3, "fee"],
    ]);
    expect(sink.points().every(({ labels }) => labels?.["model"] === "churn")).toBe(true);
    expect(driftPoints(reportOf([], null), { at })).toHaveLength(1);
  });
});

describe("driftSignals", () => {
  it("gives the worst PSI of a feature that has drifted", () => {
    expect(driftSignals(report, at)).toEqual({ psi: { value: 0.4, column: "tenure", at } });
    expect(driftSignals(reportOf([column("age", 0.9, "stable")], null), at)).toEqual({
      psi: { value: 0, column: undefined, at },
    });
  });
});
