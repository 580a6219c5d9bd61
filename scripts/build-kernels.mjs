// Compiles the AssemblyScript kernels to src/kernels/build/: kernel.wasm, and the same bytes as a TypeScript constant.
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const sources = new URL("src/kernels/assembly/", root);
const wasm = new URL("src/kernels/build/kernel.wasm", root);
const bytes = new URL("src/kernels/build/kernel-bytes.ts", root);

const modified = async (url) => (await stat(url).catch(() => undefined))?.mtimeMs;

async function isFresh() {
  const inputs = (await readdir(sources)).map((name) => new URL(name, sources));
  const newest = Math.max(...(await Promise.all([...inputs, new URL(import.meta.url)].map(modified))));
  const outputs = await Promise.all([wasm, bytes].map(modified));
  return outputs.every((time) => time !== undefined && time > newest);
}

/** Never half a file, also when two builds run at once. */
async function replace(url, content) {
  const fresh = new URL(`${url.href}.${process.pid}`);
  await writeFile(fresh, content);
  await rename(fresh, url);
}

if (await isFresh()) {
  console.log("kernels: up to date");
} else {
  const { default: asc } = await import("assemblyscript/asc");
  await mkdir(new URL(".", wasm), { recursive: true });
  const fresh = new URL(`${wasm.href}.${process.pid}`);
  const { error, stderr } = await asc.main(
    [
      fileURLToPath(new URL("index.ts", sources)),
      ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"],
      ...["--outFile", fileURLToPath(fresh)],
    ],
    { stderr: asc.createMemoryStream() },
  );
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  const content = await readFile(fresh);
  await replace(
    bytes,
    `/** The compiled kernel (made by scripts/build-kernels.mjs), as base64. */\n` +
      `export const kernelBase64 =\n  "${content.toString("base64")}";\n`,
  );
  await rename(fresh, wasm);
  console.log(`kernels: ${content.length} bytes`);
}
