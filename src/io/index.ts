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
