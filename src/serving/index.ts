export { createHandler, type Handler, type HandlerOptions, type ServedModel } from "./handler.js";
export { loadForService, rollBackToCopy, type ServiceOptions } from "./load-for-service.js";
export type { ErrorBody, RequestProblem, ServeRequest, ServeResponse } from "./http.js";
export { prometheusMetrics, type ServingMetrics } from "./metrics.js";
export { listen, type NodeServer, type NodeServerOptions } from "./node-server.js";
export { withSink } from "./with-sink.js";
