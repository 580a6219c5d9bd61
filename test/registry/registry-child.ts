import { filesStore } from "../../src/io/store/files/files-store.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";

/** Registers other models and promotes them, `times` times: `bundle folder seed times`. */
const [bundle = "", folder = "", seed = "0", times = "1"] = process.argv.slice(2);
const { artifact } = await loadBundle(bundle);
const registry = storeRegistry(filesStore(folder), { name: "sample", by: `process ${seed}` });
console.log("at work");
for (let i = 0; i < Number(times); i++) {
  const threshold = (Number(seed) * 1000 + i) / 1e6;
  const { version } = await registry.register({ ...artifact, decision: { threshold, rule: "given" } });
  await registry.promote(version.number, "champion");
}
