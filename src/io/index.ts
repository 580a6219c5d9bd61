/**
 * Object stores, metric sinks and atomic writes.
 *
 * @module churnkit/io
 */
export { writeFileAtomic, type FileContent } from "./atomic.js";
export { filesStore } from "./files-store.js";
export { memoryStore } from "./memory-store.js";
export {
  checkKey,
  type ObjectInfo,
  type ObjectStore,
  type PutOptions,
  type StoreCapabilities,
  type StoredObject,
  type StoredStream,
} from "./object-store.js";
export { replaceDirectory } from "./replace-directory.js";
export { embeddedMetricSink, type EmbeddedMetricSinkOptions } from "./embedded-metric-sink.js";
export { jsonLinesSink, readMetricLines, type MetricLines } from "./json-lines-sink.js";
export { memorySink, type MemorySink } from "./memory-sink.js";
export { undeliveredPoints } from "./metric-points.js";
export type { MetricPoint, MetricSink, SinkCapabilities } from "./metric-sink.js";
export { metricTable, metricUnits, type MetricDefinition, type MetricTable, type MetricType, type MetricUnit, type MonitorMetric } from "./metric-table.js";
export { prometheusSink, type PrometheusSink } from "./prometheus-sink.js";
