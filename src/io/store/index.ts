export { openLog, type RecordLog } from "./record-log.js";
export { filesStore } from "./files/files-store.js";
export { memoryStore } from "./memory-store.js";
export { checkKey, type ObjectInfo, type ObjectStore, type StoredStream } from "./object-store.js";
export { typedStore } from "./typed-store.js";
