// Scoring a file with `churnkit predict`: rows per processor second, reading and writing CSV included, and peak memory, for
// boosting and the default ensemble of eight networks. The figures of one run: wall time, processor time, resident memory.
// Customers have an id, the 19 features of IBM's Telco data and the label, or (`wide`) the 27 columns of churnkit's own.
//
//   node bench/batch.mjs [--customers telco|wide] [--rows 1000000] [--train 7043] [--workers 1] [--runs 3]
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { syntheticCustomers } from "../dist/data.js";
import { customers } from "./serving/records.mjs";

const { values: options } = parseArgs({
  options: {
    customers: { type: "string", default: "telco" },
    rows: { type: "string", default: "1000000" },
    train: { type: "string", default: "7043" },
    workers: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
    models: { type: "string", default: "boosting,network" },
  },
});

const cli = resolve(import.meta.dirname, "../dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "churnkit-bench-"));

/** Writes customers: blocks of a few thousand, again and again under new ids, since only reading and scoring are measured. */
function write(path, rows) {
  const different = Math.min(rows, 20_000);
  const records =
    options.customers === "wide"
      ? syntheticCustomers({ rows: different, seed: 11 }).records
      : customers(different).map(({ features, left }) => ({ customerId: "", ...features, churn: left ? "Yes" : "No" }));
  const lines = records.map((record) => Object.values(record).slice(1).join(","));
  const file = openSync(path, "w");
  writeSync(file, `${Object.keys(records[0]).join(",")}\n`);
  for (let first = 0; first < rows; first += lines.length) {
    const block = lines.slice(0, rows - first).map((line, i) => `C${String(first + i).padStart(8, "0")},${line}`);
    writeSync(file, `${block.join("\n")}\n`);
  }
  closeSync(file);
}

/** Runs the command line; returns wall and processor seconds, and the most resident memory in MB. */
function run(args) {
  const report = join(folder, "resources.json");
  const hook = `data:text/javascript,import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(report)},JSON.stringify(process.resourceUsage())))`;
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--import", hook, cli, ...args], { encoding: "utf8" });
  if (status !== 0 || !existsSync(report)) throw new Error(stderr);
  const wall = (performance.now() - began) / 1000;
  const used = JSON.parse(readFileSync(report, "utf8"));
  return { wall, cpu: (used.userCPUTime + used.systemCPUTime) / 1e6, memory: used.maxRSS / 1024 };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  write(join(folder, "train.csv"), Number(options.train));
  write(join(folder, "rows.csv"), Number(options.rows));
  for (const learner of options.models.split(",")) {
    const model = join(folder, learner);
    run([
      "train",
      join(folder, "train.csv"),
      "--target",
      "churn",
      "--positive",
      "Yes",
      "--id",
      "customerId",
      "--learner",
      learner,
      "--out",
      model,
    ]);
    const out = join(folder, "scores.csv");
    const runs = Array.from({ length: Number(options.runs) }, () =>
      run(["predict", model, join(folder, "rows.csv"), "--out", out, "--workers", options.workers]),
    );
    const rate = Number(options.rows) / median(runs.map(({ cpu }) => cpu));
    console.log(
      `${learner.padEnd(9)} ${Math.round(rate).toLocaleString("en")} rows per processor second, ` +
        `${median(runs.map(({ wall }) => wall)).toFixed(1)} s wall, ${Math.max(...runs.map(({ memory }) => memory)).toFixed(0)} MB`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
