// Compiles the AssemblyScript kernels to src/kernels/build/: a .wasm file each, and the same bytes as a TypeScript constant.
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const sources = new URL("src/kernels/assembly/", root);
const built = new URL("src/kernels/build/", root);

/**
 * What scores is embedded wherever a model scores; the whole kernel, which trains networks as well, and that of the trees only
 * where one trains. `kernel.wasm` is also the file that the package exports: it serves both.
 */
const kernels = [
  { entry: "index.ts", wasm: "kernel.wasm", bytes: "kernel-bytes.ts", constant: "kernelBase64" },
  { entry: "scoring.ts", wasm: "scoring.wasm", bytes: "scoring-bytes.ts", constant: "scoringBase64" },
  { entry: "trees.ts", wasm: "trees.wasm", bytes: "trees-bytes.ts", constant: "treesBase64" },
];

const modified = async (url) => (await stat(url).catch(() => undefined))?.mtimeMs;

async function isFresh({ wasm, bytes }) {
  const inputs = (await readdir(sources)).map((name) => new URL(name, sources));
  const newest = Math.max(...(await Promise.all([...inputs, new URL(import.meta.url)].map(modified))));
  const outputs = await Promise.all([wasm, bytes].map((name) => modified(new URL(name, built))));
  return outputs.every((time) => time !== undefined && time > newest);
}

/** Never half a file, also when two builds run at once. */
async function replace(url, content) {
  const fresh = new URL(`${url.href}.${process.pid}`);
  await writeFile(fresh, content);
  await rename(fresh, url);
}

/**
 * Pages of 64 kB that a kernel starts with, which cost nothing before they are used. Most models need no more, so memory does
 * not grow: growing detaches a buffer, and after that V8 checks every access of every typed array in the process.
 */
const pages = "128";

async function compile({ entry, wasm, bytes, constant }) {
  const { default: asc } = await import("assemblyscript/asc");
  await mkdir(built, { recursive: true });
  const fresh = new URL(`${wasm}.${process.pid}`, built);
  const { error, stderr } = await asc.main(
    [
      fileURLToPath(new URL(entry, sources)),
      ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub", "--initialMemory", pages],
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
    new URL(bytes, built),
    `/** The compiled kernel (made by scripts/build-kernels.mjs), as base64. */\n` +
      `export const ${constant} =\n  "${content.toString("base64")}";\n`,
  );
  await rename(fresh, new URL(wasm, built));
  return content.length;
}

/** Compiles what is out of date; also called by vitest before the tests. */
export async function setup() {
  for (const kernel of kernels) {
    if (!(await isFresh(kernel))) console.log(`${kernel.wasm}: ${await compile(kernel)} bytes`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
