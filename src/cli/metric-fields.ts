import { metricNames, type MetricName, type MetricSummary } from "../model/evaluate/index.js";

/** A summary as flat fields for `--json`: rows, threshold and each metric's value. */
export type MetricFields = { readonly rows: number; readonly threshold: number } & Readonly<
  Record<MetricName, number | null>
>;

export function metricFields(summary: MetricSummary): MetricFields {
  const values = Object.fromEntries(metricNames.map((name) => [name, summary.values[name].value])) as Record<
    MetricName,
    number | null
  >;
  return { rows: summary.rows, ...values, threshold: summary.threshold };
}
