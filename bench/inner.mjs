// What a benchmark measures and the package does not export: a file of src, bundled by itself.
import { resolve } from "node:path";
import { build } from "esbuild";

/** Imports a file of src by its path there. */
export async function inner(path) {
  const entryPoints = [resolve(import.meta.dirname, "../src", path)];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
