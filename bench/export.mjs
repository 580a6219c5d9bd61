// What an exported model costs: its size, and for JavaScript its quality on test rows and its time, beside the library, which has the
// kernel. Trains on the rows of a split of the shared data sets and measures on its test rows, each record by itself.
//
//   npm run bench:export -- [--sets telco-churn,bank-churn] [--split 0] [--learners logistic,boosting,network]
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { readTable, recordOf } from "churnkit/data";
import { toJavaScript, toOnnx, toSql } from "churnkit/export";
import { evaluateScores, loadBundle } from "churnkit/model";

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: "telco-churn,bank-churn" },
    split: { type: "string", default: "0" },
    learners: { type: "string", default: "logistic,boosting,network" },
    data: { type: "string", default: "../shared/data" },
  },
});
if (!existsSync(values.data)) {
  console.log(`skipped: no data sets at ${values.data}`);
  process.exit(0);
}
const scratch = mkdtempSync(join(tmpdir(), "churnkit-export-"));
const kb = (content) => `${Math.round(Buffer.byteLength(content) / 1000)} KB`;

/** Microseconds of processor time for a record, of the best of some rounds. */
function microseconds(score, records) {
  let best = Infinity;
  for (let round = 0; round < 7; round++) {
    const start = process.cpuUsage();
    for (const record of records) score(record);
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / records.length);
  }
  return best.toFixed(1);
}

async function scorerOf(text) {
  const file = join(scratch, `scorer-${Math.random()}.mjs`);
  writeFileSync(file, text);
  const start = performance.now();
  const { score } = await import(file);
  return { score, load: `${(performance.now() - start).toFixed(0)} ms` };
}

async function measure(set, learner, testRows) {
  const [bundle, rows] = [join(scratch, `${set.name}-${learner}`), join(scratch, "rows.json")];
  const file = join(values.data, set.file);
  writeFileSync(rows, JSON.stringify(testRows));
  const args = ["dist/cli.js", "train", file, "--target", set.target, "--positive", set.positive, "--learner", learner];
  args.push(
    "--out",
    bundle,
    "--test-rows",
    rows,
    "--seed",
    "0",
    ...(set.drop.length > 0 ? ["--id", set.drop.join(",")] : []),
  );
  execFileSync("node", args, { stdio: "ignore" });
  const { artifact, scorer } = await loadBundle(bundle);
  const { contract } = artifact;
  const table = await readTable(contract, file);
  const wanted = new Set(testRows);
  const places = [...table.rowNumbers.keys()].filter((place) => wanted.has(table.rowNumbers[place]));
  const records = places.map((place) => recordOf(table, place));
  const labels = Uint8Array.from(records, (record) => (record[set.target] === contract.target.positive ? 1 : 0));
  for (const record of records) delete record[set.target];
  const quality = (score) => {
    const scores = Float64Array.from(records, (record) => score(record).probability);
    const { auc, logLoss } = evaluateScores(labels, scores, { threshold: 0.5, bootstrap: false }).values;
    return `${auc.value.toFixed(4)} / ${logLoss.value.toFixed(4)}`;
  };
  const show = (form, size, gzip, load = "", time = "", figures = "", most = "") =>
    console.log(`| ${[set.name, learner, form, size, gzip, load, time, figures, most].join(" | ")} |`);
  const library = (record) => scorer.scoreRecord(record);
  const change = (score) =>
    Math.max(...records.map((record) => Math.abs(score(record).probability - library(record).probability)));
  show("library", "", "", "", microseconds(library, records), quality(library), "");
  for (const int8 of learner === "network" ? [false, true] : [false]) {
    const text = toJavaScript(artifact, { int8 });
    const { score, load } = await scorerOf(text);
    const form = int8 ? "JavaScript, int8" : "JavaScript";
    show(
      form,
      kb(text),
      kb(gzipSync(text)),
      load,
      microseconds(score, records),
      quality(score),
      change(score).toPrecision(2),
    );
  }
  for (const int8 of learner === "network" ? [false, true] : [false]) {
    const onnx = toOnnx(artifact, { int8 });
    show(int8 ? "ONNX, int8" : "ONNX", kb(onnx), kb(gzipSync(onnx)));
  }
  if (learner === "network") return;
  const sql = toSql(artifact, { dialect: "duckdb" });
  show("SQL", kb(sql), kb(gzipSync(sql)));
}

console.log(
  "| set | learner | form | size | compressed | load | µs of processor time a record | test AUC / log loss | largest change of a score |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
try {
  const sets = JSON.parse(readFileSync(join(values.data, "datasets.json"), "utf8"));
  for (const name of values.sets.split(",")) {
    const splits = JSON.parse(readFileSync(join(values.data, "splits", `${name}.json`), "utf8"));
    for (const learner of values.learners.split(",")) {
      await measure(
        sets.find((set) => set.name === name),
        learner,
        splits[Number(values.split)],
      );
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
