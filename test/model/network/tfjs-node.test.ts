import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import util from "node:util";
import { it } from "vitest";
import { tfjsEngine } from "../../../src/model/kinds/network/tfjs/engine.js";
import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { enginesAgree } from "./engines-agree.js";

// In a file of its own: native TF.js brings its own copy of the TF.js engine, and that is one per process.
const folder = resolve(process.env["CHURNKIT_TFJS_NODE"] ?? resolve(import.meta.dirname, "../../../.cache/tfjs-node"));
const binding = resolve(folder, "node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node");

// Nothing is skipped in CI: what is missing is built, once.
if (process.env["CI"] !== undefined && !existsSync(binding)) {
  spawnSync(process.execPath, [resolve(import.meta.dirname, "../../../bench/train/setup.mjs"), "tfjs-node"], {
    stdio: "inherit",
  });
  if (!existsSync(binding)) throw new Error("native tfjs-node could not be built, and CI skips nothing");
}

if (existsSync(binding)) {
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  const tf = createRequire(resolve(folder, "package.json"))("@tensorflow/tfjs-node") as object;
  enginesAgree("wasm and tfjs on native tfjs-node", wasmEngine(), tfjsEngine({ backend: "tensorflow", tf }));
} else {
  console.warn(`skipped: native tfjs-node (not built in ${folder}; node bench/train/setup.mjs builds it)`);
  it.skip("wasm and tfjs on native tfjs-node", () => undefined);
}
