import type { MetricPoint } from "../../io/metrics/index.js";
import { driftPoints, driftSignals } from "../retraining/drift-points.js";
import type { RetrainingSignals } from "../retraining/observe.js";
import { monitorNames } from "./findings.js";
import { monitorLabels, type MonitorReport } from "./report.js";

/**
 * Returns a report's figures as points for a MetricSink: `model_accuracy` (from mature labels),
 * `estimated_model_accuracy`, `data_drift_score`, `feature_drift_score` for each feature, `prediction_drift_score`,
 * `data_quality_score`. A figure without a value gives no point.
 *
 * @param options `at`: when the figures were computed, by default the report's own time; `labels` are added to every
 * point, such as `{ model: "churn" }`.
 * @example
 * ```ts
 * import { monitorPoints, type Monitor } from "churnkit/monitor";
 * import type { MetricSink } from "churnkit/io";
 *
 * const tell = (monitor: Monitor, sink: MetricSink) => sink.write(monitorPoints(monitor.advance(Date.now()), { labels: { model: "churn" } }));
 * ```
 */
export function monitorPoints(
  report: MonitorReport,
  options: { readonly at?: Date | undefined; readonly labels?: Readonly<Record<string, string>> | undefined } = {},
): MetricPoint[] {
  const { at = new Date(report.at), labels = {} } = options;
  const { dataQuality, modelQuality } = report.monitors;
  const { drift, score } = dataQuality.finding;
  const point = (name: string, value: number | null | undefined): MetricPoint[] =>
    value === null || value === undefined ? [] : [{ name, value, labels, at }];
  return [
    ...point("model_accuracy", modelQuality.finding.realized?.values.accuracy.value),
    ...point("estimated_model_accuracy", modelQuality.finding.estimated?.values.accuracy.value),
    ...point("data_quality_score", score),
    ...(drift === null ? [] : driftPoints(drift, { at, labels })),
  ];
}

/**
 * Signals of a report for a retraining policy: accuracy from mature labels, the largest PSI of the features that drifted, and
 * which monitors are critical.
 *
 * @example
 * ```ts
 * import { monitorSignals, type Monitor, type RetrainingController } from "churnkit/monitor";
 *
 * const look = (monitor: Monitor, controller: RetrainingController) => controller.reconcile(monitorSignals(monitor.advance(Date.now())));
 * ```
 */
export function monitorSignals({
  at,
  monitors,
  advice,
}: Pick<MonitorReport, "at" | "monitors" | "advice">): RetrainingSignals {
  const time = new Date(at);
  const { drift } = monitors.dataQuality.finding;
  const { realized, outcomes } = monitors.modelQuality.finding;
  const accuracy = realized?.values.accuracy.value ?? null;
  const critical = monitorNames
    .filter((name) => monitors[name].severity === "critical")
    .map((name) => ({
      name: monitorLabels[name],
      message: monitors[name].message,
      action: advice.find(({ monitor }) => monitor === name)?.action ?? "",
      at: time,
    }));
  return {
    ...(drift === null ? {} : driftSignals(drift, time)),
    critical,
    ...(accuracy === null ? {} : { accuracy: { value: accuracy, labels: outcomes.labeled, at: time } }),
  };
}
