// Merges the chunks of the build: a file more takes as long to load as 20 KB of code, and esbuild cuts shared code into a chunk
// for each set of entries that reach it. A chunk joins the first group below whose entries all reach it before any function is
// called; what none reaches is loaded later, by the function that needs it, and stays as it is cut.
import { readdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { rollup } from "rollup";

const dist = new URL("../dist", import.meta.url).pathname;
const alone = ["score.js", "score-worker.js", "train-worker.js"];
/** Entries in the order in which their groups may import one another. */
const groups = [
  ["model", "data"],
  ["model"],
  ["data"],
  ["io"],
  ["drift"],
  ["export"],
  ["monitor"],
  ["registry"],
  ["report"],
  ["tracking"],
  ["jobs"],
  ["client"],
  ["serving"],
  ["deploy"],
  ["deploy/aws"],
  ["deploy/cdk"],
  ["deploy/sagemaker"],
  ["deploy/functions"],
  ["pipeline"],
  ["container"],
  ["rehearsal"],
];

const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".js") && !alone.includes(name),
);
const input = files.filter((name) => !name.startsWith("chunks")).map((name) => name.replace(/\.js$/, ""));

/** The entries that reach a file by static imports. */
function entriesOf(id, getModuleInfo, seen = new Set()) {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const importer of getModuleInfo(id).importers) entriesOf(importer, getModuleInfo, seen);
  return seen;
}

const build = await rollup({
  input: Object.fromEntries(input.map((name) => [name, resolve(dist, `${name}.js`)])),
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  treeshake: false,
  onwarn: (warning) => {
    throw new Error(warning.message);
  },
});
for (const name of files) rmSync(resolve(dist, name));
await build.write({
  dir: dist,
  chunkFileNames: "chunks/[name]-[hash].js",
  manualChunks(id, { getModuleInfo }) {
    if (getModuleInfo(id).isEntry) return undefined;
    const reached = entriesOf(id, getModuleInfo);
    const group = groups.find((names) => names.every((name) => reached.has(resolve(dist, `${name}.js`))));
    return group?.join("-");
  },
});
await build.close();
