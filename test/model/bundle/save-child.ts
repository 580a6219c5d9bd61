import { fromBundleFiles, toBundleFiles } from "../../../src/model/bundle/format.js";
import { loadBundle } from "../../../src/model/bundle/load.js";
import { saveBundle } from "../../../src/model/bundle/save.js";

/** Saves the bundle `from` to `to` over and over, with another decision each time: `from to`. */
const [from = "", to = ""] = process.argv.slice(2);
const { artifact } = await loadBundle(from);
await fromBundleFiles(await toBundleFiles(artifact));
console.log("at work");
for (let i = 1; ; i++) await saveBundle({ ...artifact, decision: { threshold: (i % 100) / 100, rule: "given" } }, to);
