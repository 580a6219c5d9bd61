/**
 * Object stores, metric sinks and atomic writes.
 *
 * @module churnkit/io
 */
export { filesStore } from "./store/files/files-store.js";
export { memoryStore } from "./store/memory-store.js";
export type { ObjectStore } from "./store/object-store.js";
export { embeddedMetricSink } from "./metrics/embedded-metric-sink.js";
export { jsonLinesSink, readMetricLines } from "./metrics/json-lines-sink.js";
export { memorySink } from "./metrics/memory-sink.js";
export { undeliveredPoints } from "./metrics/metric-points.js";
export type { MetricPoint, MetricSink } from "./metrics/metric-sink.js";
export { prometheusSink, type PrometheusSink } from "./metrics/prometheus-sink.js";
