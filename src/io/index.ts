/**
 * Object stores, metric sinks and atomic writes.
 *
 * @module churnkit/io
 */
export { writeFileAtomic, type FileContent } from "./atomic.js";
export { filesStore } from "./store/files/files-store.js";
export { memoryStore } from "./store/memory-store.js";
export {
  checkKey,
  type ObjectInfo,
  type ObjectStore,
  type PutOptions,
  type StoreCapabilities,
  type StoredObject,
  type StoredStream,
} from "./store/object-store.js";
export { replaceDirectory } from "./replace-directory.js";
export { embeddedMetricSink, type EmbeddedMetricSinkOptions } from "./metrics/embedded-metric-sink.js";
export { jsonLinesSink, readMetricLines, type MetricLines } from "./metrics/json-lines-sink.js";
export { memorySink, type MemorySink } from "./metrics/memory-sink.js";
export { undeliveredPoints } from "./metrics/metric-points.js";
export type { MetricPoint, MetricSink, SinkCapabilities } from "./metrics/metric-sink.js";
export {
  metricTable,
  metricUnits,
  type MetricDefinition,
  type MetricTable,
  type MetricType,
  type MetricUnit,
  type MonitorMetric,
} from "./metrics/metric-table.js";
export { prometheusSink, type PrometheusSink } from "./metrics/prometheus-sink.js";
