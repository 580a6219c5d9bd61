export { capturedFiles } from "./node/captured-files.js";
export { listen } from "./node/node-server.js";
export { captureToFile } from "./node/capture-file.js";
