/**
 * The request handler, its Node server, and the hosts of the monitors.
 *
 * @module churnkit/serving
 */
export { createHandler, type Handler, type HandlerOptions, type ServedModel } from "./handler.js";
export { loadForService, rollBackToCopy, type LoadedModel, type ServiceOptions } from "./load-for-service.js";
export type { ErrorBody, RequestProblem, ServeRequest, ServeResponse } from "./http.js";
export { prometheusMetrics, type ServingMetrics } from "./metrics.js";
export { listen, type NodeServer, type NodeServerOptions } from "./hosts/node/node-server.js";
export { withSink } from "./with-sink.js";
export { captureToFile, type CaptureFileOptions } from "./capture-file.js";
export { capturedFiles } from "./captured-files.js";
export { withMonitor, type MonitoredHandler, type WithMonitorOptions } from "./monitor.js";
export type { MonitorTraffic } from "./monitor-queue.js";
export { monitorProcessingJob, type MonitorJobOptions, type MonitorJobResult } from "./hosts/processing/monitor-job.js";
export { monitorLambda, type MonitorLambdaOptions, type MonitorLambdaResult } from "./hosts/lambda/monitor-lambda.js";
