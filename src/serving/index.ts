/**
 * The request handler, its Node server, and the hosts of the monitors.
 *
 * @module churnkit/serving
 */
export { createHandler, type HandlerOptions } from "./handler.js";
export { compareVariants } from "./models/compare-variants.js";
export { exposureLog } from "./models/exposure-log.js";
export { modelHost, type HostedModel, type ModelHost } from "./models/host.js";
export { modelsOnDemand } from "./models/models-on-demand.js";
export type { Models, ServedModel } from "./models/models.js";
export { loadForService, rollBackToCopy } from "./models/load-for-service.js";
export type { Handler, Middleware, ServeRequest, ServeResponse } from "./http.js";
export { prometheusMetrics, type ServingMetrics } from "./metrics.js";
export { listen, type NodeServer, type NodeServerOptions } from "./hosts/node/node-server.js";
export { fastifyPlugin } from "./hosts/fastify/fastify-plugin.js";
export { listenGrpc } from "./hosts/grpc/grpc-server.js";
export { fetchHandler } from "./hosts/fetch/fetch-handler.js";
export { lambdaBatch } from "./hosts/lambda/lambda-batch.js";
export { lambdaHandler } from "./hosts/lambda/lambda-handler.js";
export { lambdaMessages } from "./hosts/lambda/lambda-messages.js";
export { nodeListener } from "./hosts/node/node-listener.js";
export { withSink } from "./with-sink.js";
export { captureToFile } from "./hosts/node/capture-file.js";
export { withMonitor } from "./monitor.js";
export { monitorProcessingJob } from "./hosts/processing/monitor-job.js";
export { monitorLambda } from "../monitor/index.js";
export {
  apiKeys,
  cors,
  loadLimit,
  rateLimit,
  requestIds,
  requestLog,
  securityHeaders,
  timeLimit,
} from "./protection/index.js";
export { watchKeys } from "./hosts/node/watch-keys.js";
export { memoryCache, redisCache, type AnswerCache } from "./cache/index.js";
export { connectRedis } from "./redis/index.js";
