// What a benchmark measures and the package does not export: a file of src, bundled by itself.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Imports a file of src by its path there. */
export async function inner(path) {
  const folder = resolve(import.meta.dirname, "../.cache/bench", String(process.pid));
  mkdirSync(folder, { recursive: true });
  const outfile = resolve(folder, path.replaceAll("/", "-").replace(/\.ts$/, ".mjs"));
  const entryPoints = [resolve(import.meta.dirname, "../src", path)];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  return import(pathToFileURL(outfile).href);
}
