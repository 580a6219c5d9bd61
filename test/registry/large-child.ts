import { filesStore } from "../../src/io/store/files/files-store.js";
import { bundleSource } from "../../src/model/bundle/source.js";
import { filesRegistry } from "../../src/registry/backends/store/files-registry.js";

/** Registers the bundle in a folder as a stream, verifies it, and tells the most memory that took (KB): `bundle folder`. */
const [bundle = "", folder = ""] = process.argv.slice(2);
const registry = filesRegistry(filesStore(folder), { name: "sample" });
await registry.register(await bundleSource(filesStore(bundle)));
const { sound } = await registry.verify();
console.log(JSON.stringify({ sound, peak: process.resourceUsage().maxRSS }));
