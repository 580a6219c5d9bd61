import type { MetricPoint } from "../../io/metrics/index.js";
import { driftAdvice } from "../../drift/compare/index.js";
import type { ColumnDrift, DriftReport } from "../../drift/report.js";
import type { RetrainingSignals } from "./observe.js";

/**
 * Returns a report's figures as points for a MetricSink: `data_drift_score`, `prediction_drift_score` and, for each
 * feature, `feature_drift_score`, all population stability indices. A figure without a value gives no point.
 *
 * @param options.labels are added to every point, such as `{ model: "churn" }`.
 * @example
 * ```ts
 * import { readTable, inferFromFile } from "churnkit/data";
 * import { compareTables } from "churnkit/drift";
 * import { driftPoints } from "churnkit/monitor";
 * import { memorySink } from "churnkit/io";
 *
 * const { contract } = await inferFromFile("customers.csv", { target: "churn", positive: "Yes", id: "customerId" });
 * const report = compareTables(await readTable(contract, "customers.csv"), await readTable(contract, "customers-later.csv"));
 * const sink = memorySink();
 * await sink.write(driftPoints(report, { at: new Date(), labels: { model: "churn" } }));
 * console.assert(sink.points().some(({ name, labels }) => name === "feature_drift_score" && labels?.["feature"] === "tenureMonths"));
 * ```
 */
export function driftPoints(
  report: DriftReport,
  options: { at: Date; labels?: Readonly<Record<string, string>> },
): MetricPoint[] {
  const { at, labels = {} } = options;
  const point = (name: string, value: number | null | undefined, own: Record<string, string> = {}): MetricPoint[] =>
    value === null || value === undefined ? [] : [{ name, value, labels: { ...labels, ...own }, at }];
  return [
    ...point("data_drift_score", report.features.psi),
    ...point("prediction_drift_score", report.prediction?.psi),
    ...features(report).flatMap(({ name, psi }) => point("feature_drift_score", psi, { feature: name })),
  ];
}

/**
 * Signals of a report for a retraining policy: the largest PSI of the features whose verdict is drift, or 0 without
 * any. So a PSI that is chance in a few rows retrains nothing. A critical report is passed on, whatever its PSI.
 */
export function driftSignals(report: DriftReport, at: Date): RetrainingSignals {
  const drifted = features(report).filter(({ verdict, psi }) => verdict === "drift" && psi !== null);
  const [worst] = drifted.sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0));
  const [advice] = report.severity === "critical" ? driftAdvice(report) : [];
  return {
    psi: { value: worst?.psi ?? 0, column: worst?.name, at },
    ...(advice === undefined
      ? {}
      : { critical: [{ name: "Drift", message: report.message, action: advice.action, at }] }),
  };
}

const features = (report: DriftReport): ColumnDrift[] => report.columns.filter(({ role }) => role === "feature");
