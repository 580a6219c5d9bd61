// Three and more classes: churnkit's models of each class against the others, joined by a fitted softmax, beside scikit-learn's learners
// with a softmax of their own, on the same five folds. Every figure is of rows that the model did not see; all settings are chosen
// within the training rows. A difference is paired over the folds, with its standard error: below 0, churnkit has the lower log loss.
//   npm run bench:classes -- [--sets wine,digits,...] [--learners logistic,...] [--rows 2000] [--python venv/bin/python] [--data ../shared/data]
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defineFeatures, inferFromFile, readCsv } from "churnkit/data";
import * as churnkit from "churnkit/model";
import { inner } from "./inner.mjs";
import { setUp } from "./train/setup.mjs";

const { values: options } = parseArgs({
  options: {
    sets: { type: "string", default: "wine,digits,telco-contract,telco-payment,bank-country" },
    learners: { type: "string", default: "logistic,boosting,forest,network" },
    rows: { type: "string", default: "Infinity" },
    python: { type: "string" },
    data: { type: "string", default: "../shared/data" },
  },
});
const learners = options.learners.split(",");
const make = { ...churnkit, network: churnkit.churnNetwork };
const scratch = mkdtempSync(join(tmpdir(), "churnkit-classes-"));
const script = join(dirname(fileURLToPath(import.meta.url)), "classes", "sklearn_classes.py");
const python = options.python ?? (setUp(["sklearn"]).peers.includes("sklearn") ? setUp(["sklearn"]).python : undefined);

function peer(...args) {
  const { stdout, stderr, status } = spawnSync(python, ["-W", "ignore", script, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 29,
    // Threads that wait for each other would count as processor time.
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const given = (file) => join(options.data, file);
const drawn = (file) => join(scratch, file);
const sets = {
  wine: { file: drawn("wine.csv"), target: "label", positive: "c0", drop: [] },
  digits: { file: drawn("digits.csv"), target: "label", positive: "c0", drop: [] },
  "telco-contract": { file: given("telco-churn.csv"), target: "Contract", positive: "Two year", drop: ["customerID"] },
  "telco-payment": {
    file: given("telco-churn.csv"),
    target: "PaymentMethod",
    positive: "Electronic check",
    drop: ["customerID"],
  },
  "bank-country": {
    file: given("bank-churn.csv"),
    target: "Geography",
    positive: "Guinea",
    drop: ["RowNumber", "CustomerId", "Surname"],
  },
};
if (python !== undefined) peer("write", scratch);
const { kFold } = await inner("data/split/index.ts");
const { classCodes, takeRows } = await inner("data/table/index.ts");

/** Out-of-fold probabilities of all classes, and the processor seconds of training and scoring. */
async function ours(table, folds, learner, count) {
  const probabilities = new Float64Array(table.rows * count);
  const start = process.cpuUsage();
  for (const { train, test } of folds) {
    const { scorer } = await churnkit.train(defineFeatures(table.contract), takeRows(table, train), {
      learner: make[learner](),
      baseline: false,
    });
    const own = scorer.scoreClasses(takeRows(table, test));
    test.forEach((row, i) => probabilities.set(own.subarray(i * count, (i + 1) * count), row * count));
  }
  const { user, system } = process.cpuUsage(start);
  return { probabilities, seconds: (user + system) / 1e6 };
}

/** Log loss and accuracy by fold. */
function measured(probabilities, codes, folds, count) {
  return folds.map(({ test }) => {
    let [loss, right] = [0, 0];
    for (const row of test) {
      const own = probabilities.slice(row * count, (row + 1) * count);
      loss -= Math.log(Math.max(1e-15, own[codes[row]]));
      right += own.indexOf(Math.max(...own)) === codes[row];
    }
    return { loss: loss / test.length, accuracy: right / test.length };
  });
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length);
const by = (folds, key) => folds.map((fold) => fold[key]);

for (const name of options.sets.split(",")) {
  const { file, target, drop, positive } = sets[name];
  if (!existsSync(file)) {
    console.log(`skipped: ${name}: there is no ${file}`);
    continue;
  }
  const { contract } = await inferFromFile(file, { target, positive, id: drop, multiclass: true });
  const whole = await readCsv(contract, file);
  const every = Math.max(1, Math.floor(whole.rows / Number(options.rows)));
  const kept = Uint32Array.from(Array.from({ length: whole.rows }, (_, row) => row).filter((row) => row % every === 0));
  const table = takeRows(whole, kept);
  const { classes } = contract.target;
  const codes = classCodes(table);
  const folds = kFold(table, 5, 0);
  const foldOf = new Array(table.rows);
  folds.forEach(({ test }, fold) => test.forEach((row) => (foldOf[row] = fold)));
  console.log(`\n${name}: ${table.rows} rows, ${classes.length} classes, five folds`);
  for (const learner of learners) {
    const { probabilities, seconds } = await ours(table, folds, learner, classes.length);
    const own = measured(probabilities, codes, folds, classes.length);
    const line = (who, figures, took) =>
      `  ${who.padEnd(22)} log loss ${mean(by(figures, "loss")).toFixed(4)}, accuracy ${mean(by(figures, "accuracy")).toFixed(4)}; ${took.toFixed(0)} s processor`;
    console.log(line(learner, own, seconds));
    if (python === undefined) continue;
    const job = join(scratch, "job.json");
    writeFileSync(job, JSON.stringify({ file, target, drop, classes, rows: [...kept], foldOf, learners: [learner] }));
    const { version, results } = JSON.parse(peer("run", job));
    const rival = measured(results[learner].probabilities, codes, folds, classes.length);
    console.log(line(`scikit-learn ${version}`, rival, results[learner].seconds));
    const difference = (key) => own.map((fold, i) => fold[key] - rival[i][key]);
    const [loss, accuracy] = [difference("loss"), difference("accuracy")];
    console.log(
      `  ${"difference".padEnd(22)} log loss ${mean(loss).toFixed(4)} ± ${spread(loss).toFixed(4)}, accuracy ${mean(accuracy).toFixed(4)} ± ${spread(accuracy).toFixed(4)}`,
    );
  }
}
rmSync(scratch, { recursive: true, force: true });
