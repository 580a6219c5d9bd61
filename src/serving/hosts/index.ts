export type { Certificate } from "./certificate.js";
export { capturedFiles } from "./node/captured-files.js";
export { listenGrpc } from "./grpc/grpc-server.js";
export { listen } from "./node/node-server.js";
export { watchKeys } from "./node/watch-keys.js";
export { captureToFile } from "./node/capture-file.js";
