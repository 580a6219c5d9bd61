// Compiles the AssemblyScript kernels to src/kernels/build/: kernel.wasm, and the same bytes as a TypeScript constant.
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
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

if (await isFresh()) {
  console.log("kernels: up to date");
} else {
  const { default: asc } = await import("assemblyscript/asc");
  await mkdir(new URL(".", wasm), { recursive: true });
  const path = (url) => fileURLToPath(url);
  const { error, stderr } = await asc.main(
    [
      path(new URL("index.ts", sources)),
      ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"],
      ...["--outFile", path(wasm)],
    ],
    { stderr: asc.createMemoryStream() },
  );
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  const content = await readFile(wasm);
  await writeFile(
    bytes,
    `/** The compiled kernel (made by scripts/build-kernels.mjs), as base64. */\n` +
      `export const kernelBase64 =\n  "${content.toString("base64")}";\n`,
  );
  console.log(`kernels: ${content.length} bytes`);
}
