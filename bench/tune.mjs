// Tuning on Telco: 100 configurations of the churn network (one network each) x 5 folds, all epochs against ASHA, and the
// same configurations and epochs in Optuna and Keras. Processor seconds are those of all threads, so that other work on the
// machine counts little.
//   npm run bench:tune -- [--trials 100] [--peer-trials 4] [--peer-epochs 10] [--python venv/bin/python]
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defineFeatures, fitRecipe, inferFromFile, readCsv } from "churnkit/data";
import { tune } from "churnkit/model";
import { setUp } from "./train/setup.mjs";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "100" },
    "peer-trials": { type: "string", default: "4" },
    "peer-epochs": { type: "string", default: "10" },
    python: { type: "string" },
    data: { type: "string", default: "../shared/data/telco-churn.csv" },
  },
});
if (!existsSync(values.data)) {
  console.log(`skipped: no data set at ${values.data}`);
  process.exit(0);
}
const { contract } = await inferFromFile(values.data, { target: "Churn", positive: "Yes", id: "customerID" });
const rows = await readCsv(contract, values.data);
const features = defineFeatures(contract);
const workers = Math.min(2, availableParallelism());

/** A search, with its wall and processor seconds without the training of its best. */
async function measured(options) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let last = { wall: 0, cpu: 0 };
  const found = await tune(features, rows, {
    learners: [{ learner: "network", options: { members: 1, ...options.fixed } }],
    folds: 5,
    workers,
    ...options,
    onTrial() {
      const { user, system } = process.cpuUsage(cpu);
      last = { wall: (performance.now() - start) / 1e3, cpu: (user + system) / 1e6 };
    },
  });
  return { ...found, ...last };
}

const line = (name, { wall, cpu }, more = "") =>
  console.log(
    `${name.padEnd(42)} ${cpu.toFixed(1).padStart(8)} s processor ${wall.toFixed(1).padStart(8)} s wall  ${more}`,
  );
const lossOf = ({ best }) => `best log loss ${best.value.toFixed(4)} (on the folds that chose it)`;

console.log(`Telco, ${rows.rows} rows, node ${process.version}, ${workers} threads`);
const trials = Number(values.trials);
const full = await measured({ method: "tpe", trials });
line(`${trials} configurations x 5 folds, TPE`, full, lossOf(full));
const halved = await measured({ method: "asha", trials });
line(`${trials} configurations x 5 folds, ASHA`, halved, lossOf(halved));
console.log(`ASHA saves ${(100 * (1 - halved.cpu / full.cpu)).toFixed(0)} % of the processor time`);

const epochs = Number(values["peer-epochs"]);
const same = { method: "random", trials: Number(values["peer-trials"]), fixed: { epochs, patience: epochs } };
const ours = await measured(same);
line(`${same.trials} configurations x 5 folds x ${epochs} epochs`, ours, lossOf(ours));
const { python, peers } = values.python
  ? { python: values.python, peers: ["keras", "optuna"] }
  : setUp(["keras", "optuna"]);
if (!["keras", "optuna"].every((peer) => peers.includes(peer))) {
  console.log("skipped: no Optuna and Keras");
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), "churnkit-tune-"));
try {
  const { matrix, encoder } = fitRecipe(features, rows, { seed: 0 });
  const { codes, levels } = rows.columns.get("Churn");
  writeFileSync(join(folder, "x.f32"), new Uint8Array(matrix.buffer, matrix.byteOffset, matrix.byteLength));
  writeFileSync(
    join(folder, "y.f32"),
    new Uint8Array(Float32Array.from(codes, (code) => Number(levels[code] === "Yes")).buffer),
  );
  const plan = ours.trials.map(({ options: { units, dropout, learningRate, l2, batchSize } }) => ({
    units: units.join(),
    dropout: dropout[0],
    learningRate,
    l2,
    batchSize,
  }));
  const units = [...new Set(plan.map((trial) => trial.units))];
  writeFileSync(join(folder, "trials.json"), JSON.stringify({ trials: plan, units, epochs, folds: 5 }));
  const script = resolve(dirname(fileURLToPath(import.meta.url)), "tune-peers/optuna_keras.py");
  const { stdout, stderr, status } = spawnSync(python, [script, folder, String(rows.rows), String(encoder.width)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
  const theirs = JSON.parse(stdout.trim().split("\n").at(-1));
  line("the same in Optuna and Keras", theirs, `best log loss ${theirs.best.toFixed(4)}`);
  console.log(
    `ratio: ${(theirs.cpu / ours.cpu).toFixed(1)} x processor, ${(theirs.wall / ours.wall).toFixed(1)} x wall`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
