export type { Certificate } from "./certificate.js";
export { capturedFiles } from "./node/captured-files.js";
export { listenGrpc } from "./grpc/grpc-server.js";
export { monitorProcessingJob } from "./processing/monitor-job.js";
export { type HostPart, partOfHost } from "./processing/monitor-job-hosts.js";
export { listen } from "./node/node-server.js";
export { watchKeys } from "./node/watch-keys.js";
export { captureToFile } from "./node/capture-file.js";
