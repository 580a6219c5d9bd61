export type { OrphanBundle } from "./store/orphans.js";
export { storeRegistry } from "./store/store-registry.js";
