// Bundles the code of exported JavaScript scorers, src/export/javascript/runtime.ts, into a TypeScript constant, so that an export
// works in every runtime, without a bundler.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { tsImport } from "tsx/esm/api";

const source = new URL("../src/export/", import.meta.url);

/** Also called by vitest before the tests. */
export async function setup() {
  const { doors } = await tsImport("./through-doors.ts", import.meta.url);
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("javascript/runtime.ts", source))],
    plugins: [doors],
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "churnkit",
    target: "es2022",
    platform: "neutral",
    charset: "ascii",
    legalComments: "none",
    lineLimit: 120,
    write: false,
  });
  const text = `/** The code of a scorer (made by scripts/build-scorer.mjs). */\nexport const runtimeText =\n  ${JSON.stringify(outputFiles[0].text.trim())};\n`;
  const made = new URL("build/runtime-text.ts", source);
  // Left alone where it is the same, so that nothing that watches it starts again.
  if ((await readFile(made, "utf8").catch(() => "")) === text) return;
  await mkdir(new URL(".", made), { recursive: true });
  // Never half a file, also when two builds run at once.
  const fresh = new URL(`${made.href}.${process.pid}`);
  await writeFile(fresh, text);
  await rename(fresh, made);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
