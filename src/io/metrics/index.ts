export { embeddedMetricSink } from "./embedded-metric-sink.js";
export type { MetricPoint, MetricSink } from "./metric-sink.js";
export { checkNamespace } from "./cloudwatch-data.js";
export { metricTable, type MonitorMetric } from "./metric-table.js";
export { type PrometheusSink, prometheusSink } from "./prometheus-sink.js";
export {
  type PrometheusMetric,
  type PrometheusState,
  prometheusText,
  prometheusType,
  renderState,
  sumOfStates,
} from "./prometheus-text.js";
