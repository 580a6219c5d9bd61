// Time to load a bundle and give the first score, on top of Node's own start. Each way runs in a process of its own, in
// turn; medians of wall time and processor time. The bundle is the default ensemble (8 networks) on synthetic customers.
// node bench/load.mjs [--bundle DIR] [--runs 30] [--dist DIR] [--beside DIR]
// --beside measures another build in the same run, in turn with this one: machines differ less in turn than from run to run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    bundle: { type: "string" },
    runs: { type: "string", default: "30" },
    dist: { type: "string", default: new URL("../dist", import.meta.url).pathname },
    beside: { type: "string" },
  },
});
const runs = Number(values.runs);
const scratch = mkdtempSync(join(tmpdir(), "churnkit-bench-"));
const entry = (name, dist = values.dist) => pathToFileURL(resolve(dist, `${name}.js`)).href;

/** Trains the default ensemble for one epoch: what it knows does not matter here, only how large it is. */
async function makeBundle() {
  const { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } = await import(entry("data"));
  const { churnNetwork, saveBundle, train } = await import(entry("model"));
  const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 7000 }).records);
  const { artifact } = await train(defineFeatures(syntheticContract), table, { learner: churnNetwork({ epochs: 1 }) });
  const folder = join(scratch, "model");
  await saveBundle(artifact, folder);
  return folder;
}

/** Loads and scores, and tells on its last line the processor time so far (ms): what Node's shutdown takes is no part. */
const told = `const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);`;
const scriptsOf = (dist) => ({
  "loadBundle of churnkit/model": (
    bundle,
    record,
  ) => `import { loadBundle } from ${JSON.stringify(entry("model", dist))};
const { scorer } = await loadBundle(${JSON.stringify(bundle)});
if (!(scorer.scoreRecord(${record}).probability > 0)) throw new Error("no score");
${told}`,
  "openBundle of churnkit/score": (bundle, record) => `import { readFile } from "node:fs/promises";
import { openBundle } from ${JSON.stringify(entry("score", dist))};
const { scorer } = await openBundle((path) => readFile(${JSON.stringify(bundle)} + "/" + path));
if (!(scorer.scoreRecord(${record}).probability > 0)) throw new Error("no score");
${told}`,
});

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

try {
  const bundle = resolve(values.bundle ?? (await makeBundle()));
  const golden = JSON.parse(readFileSync(join(bundle, "golden.json"), "utf8"));
  const record = JSON.stringify(golden.rows[0].record);
  const files = readdirSync(bundle, { recursive: true })
    .map((name) => statSync(join(bundle, name)))
    .filter((file) => file.isFile());
  const size = files.reduce((total, file) => total + file.size, 0);
  const beside =
    values.beside === undefined
      ? []
      : Object.entries(scriptsOf(values.beside)).map(([name, script]) => [`${name}, beside`, script]);
  const scripts = [["node alone", () => told], ...Object.entries(scriptsOf(values.dist)), ...beside];
  const ways = scripts.map(([name, script]) => {
    const file = join(scratch, `${name.replaceAll(/\W/g, "-")}.mjs`);
    writeFileSync(file, script(bundle, record));
    return { name, file, wall: [], cpu: [] };
  });
  for (let run = -2; run < runs; run++) {
    for (const way of ways) {
      const started = performance.now();
      const { status, stdout, stderr } = spawnSync(process.execPath, [way.file], { encoding: "utf8" });
      const wall = performance.now() - started;
      if (status !== 0) throw new Error(stderr);
      if (run < 0) continue;
      way.wall.push(wall);
      way.cpu.push(Number(stdout));
    }
  }
  const [alone] = ways;
  const over = (way, key) => {
    const more = median(way[key]) - median(alone[key]);
    return `${more.toFixed(1)} ms ${key === "wall" ? "wall" : "processor"} (${(more / median(alone[key])).toFixed(2)} of Node's start)`;
  };
  console.log(
    `Node ${process.version}, bundle of ${files.length} files and ${(size / 1024).toFixed(0)} KB, medians of ${runs} runs`,
  );
  for (const way of ways) {
    const { name, wall, cpu } = way;
    const more = way === alone ? "" : `  on top of Node: ${over(way, "wall")}, ${over(way, "cpu")}`;
    console.log(
      `${name.padEnd(38)} ${median(wall).toFixed(1).padStart(6)} ms wall ${median(cpu).toFixed(1).padStart(6)} ms processor${more}`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
