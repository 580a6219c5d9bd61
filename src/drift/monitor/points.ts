import type { MetricPoint } from "../../io/metric-sink.js";
import { driftPoints } from "../metric-points.js";
import type { MonitorReport } from "./report.js";

/**
 * A report's figures as points for a MetricSink: `model_accuracy` (from mature labels), `estimated_model_accuracy`,
 * `data_drift_score`, `feature_drift_score` for each feature, `prediction_drift_score`, `data_quality_score`. What has no
 * value gives no point.
 *
 * @param options.at when the figures were computed; the report's own time by default.
 * @param options.labels go with every point, such as `{ model: "churn" }`.
 * @example
 * ```ts
 * import { monitorPoints, type Monitor } from "churnkit/drift";
 * import type { MetricSink } from "churnkit/io";
 *
 * const tell = (monitor: Monitor, sink: MetricSink) => sink.write(monitorPoints(monitor.report(Date.now()), { labels: { model: "churn" } }));
 * ```
 */
export function monitorPoints(
  report: MonitorReport,
  { at = new Date(report.at), labels = {} }: { readonly at?: Date | undefined; readonly labels?: Readonly<Record<string, string>> | undefined } = {},
): MetricPoint[] {
  const { dataQuality, modelQuality } = report.monitors;
  const { drift, score } = dataQuality.finding;
  const point = (name: string, value: number | null | undefined): MetricPoint[] =>
    value === null || value === undefined ? [] : [{ name, value, labels, at }];
  return [
    ...point("model_accuracy", modelQuality.finding.realised?.values.accuracy.value),
    ...point("estimated_model_accuracy", modelQuality.finding.estimated?.values.accuracy.value),
    ...point("data_quality_score", score),
    ...(drift === null ? [] : driftPoints(drift, { at, labels })),
  ];
}
