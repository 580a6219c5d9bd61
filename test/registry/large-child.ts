import { filesStore } from "../../src/io/store/files/files-store.js";
import { bundleSource } from "../../src/model/bundle/source.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";

/** Registers the bundle in a folder as a stream, verifies it, and tells the most memory that took (KB): `bundle folder`. */
const [bundle = "", folder = ""] = process.argv.slice(2);
const registry = storeRegistry(filesStore(folder), { name: "sample" });
await registry.register(await bundleSource(filesStore(bundle)));
const { sound } = await registry.verify();
console.log(JSON.stringify({ sound, peak: process.resourceUsage().maxRSS }));
