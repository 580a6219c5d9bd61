// Sentiment of reviews: five folds over the three sources (each source and label evenly in each fold), accuracy, log loss and AUC on the
// folds' test rows, of churnkit's logistic regression on a text column beside scikit-learn's TfidfVectorizer and LogisticRegression on
// the same folds. Nothing is chosen on test rows: churnkit chooses its penalties by folds of the training rows, and so does scikit-learn
// where the name says "C chosen" (cross_val on the training rows, log loss).
//   npm run bench:sentiment -- [--seeds 0,1,2] [--learner logistic] [--python venv/bin/python] [--data ../shared/data/reviews.tsv]
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defineDataset, defineFeatures, tableFromRecords } from "churnkit/data";
import * as churnkit from "churnkit/model";
import { z } from "zod";
import { setUp } from "./train/setup.mjs";

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "0" },
    learner: { type: "string", default: "logistic" },
    encode: { type: "string", default: "auto" },
    python: { type: "string" },
    data: { type: "string", default: "../shared/data/reviews.tsv" },
  },
});
if (!existsSync(options.data)) {
  console.log(`skipped: no data set at ${options.data}`);
  process.exit(0);
}
const folds = 5;
const reviews = readFileSync(options.data, "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split("\t"))
  .map(([source, label, text]) => ({ source, label, text }));
const dataset = defineDataset({
  name: "reviews",
  schema: z.object({ text: z.string().meta({ kind: "text" }), label: z.enum(["0", "1"]) }),
  target: "label",
  positive: "1",
});
const features = defineFeatures(dataset, { columns: { text: { encode: options.encode } } });

/** The fold of each review: those of one source and label are dealt in a seeded order. */
function foldsOf(seed) {
  const keyOf = (i) => {
    let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return (h ^ (h >>> 15)) >>> 0;
  };
  const turns = new Map();
  const foldOf = new Array(reviews.length);
  for (const i of reviews.map((_, row) => row).sort((a, b) => keyOf(a) - keyOf(b))) {
    const kind = `${reviews[i].source} ${reviews[i].label}`;
    const turn = turns.get(kind) ?? 0;
    foldOf[i] = turn % folds;
    turns.set(kind, turn + 1);
  }
  return foldOf;
}

/** Out-of-fold probabilities, and the processor seconds of training and scoring. */
async function ours(foldOf) {
  const probabilities = new Array(reviews.length);
  const start = process.cpuUsage();
  for (let fold = 0; fold < folds; fold++) {
    const training = reviews.filter((_, i) => foldOf[i] !== fold);
    const { artifact } = await churnkit.train(features, tableFromRecords(dataset, training), {
      learner: churnkit[options.learner](),
      seed: 0,
    });
    const test = reviews.map((_, i) => i).filter((i) => foldOf[i] === fold);
    const scores = (await churnkit.compile(artifact)).score(
      tableFromRecords(
        dataset,
        test.map((i) => reviews[i]),
      ),
    );
    test.forEach((i, k) => (probabilities[i] = scores[k]));
  }
  const { user, system } = process.cpuUsage(start);
  return { probabilities, seconds: (user + system) / 1e6 };
}

function measured(probabilities, foldOf) {
  const right = (i) => probabilities[i] >= 0.5 === (reviews[i].label === "1");
  const rows = reviews.map((_, i) => i);
  const share = (some) => some.filter(right).length / some.length;
  const byFold = Array.from({ length: folds }, (_, fold) => share(rows.filter((i) => foldOf[i] === fold)));
  const loss = rows.reduce(
    (sum, i) => sum - Math.log(reviews[i].label === "1" ? probabilities[i] : 1 - probabilities[i]),
    0,
  );
  const bySource = [...new Set(reviews.map(({ source }) => source))].map((source) => {
    return `${source} ${share(rows.filter((i) => reviews[i].source === source)).toFixed(3)}`;
  });
  const accuracy = share(rows);
  const spread = Math.sqrt(byFold.reduce((sum, x) => sum + (x - accuracy) ** 2, 0) / (folds - 1));
  return `accuracy ${accuracy.toFixed(4)} (sd of folds ${spread.toFixed(4)}), log loss ${(loss / rows.length).toFixed(4)}; ${bySource.join(", ")}`;
}

const python = options.python ?? (setUp(["sklearn"]).peers.includes("sklearn") ? setUp(["sklearn"]).python : undefined);
const scratch = mkdtempSync(join(tmpdir(), "churnkit-sentiment-"));
const script = join(dirname(fileURLToPath(import.meta.url)), "sentiment", "sklearn_folds.py");
for (const seed of options.seeds.split(",").map(Number)) {
  const foldOf = foldsOf(seed);
  console.log(
    `\n${reviews.length} reviews, five folds, seed ${seed}; every figure is of rows that the model did not see`,
  );
  const { probabilities, seconds } = await ours(foldOf);
  console.log(
    `churnkit ${options.learner} (text: ${options.encode}): ${measured(probabilities, foldOf)}; ${seconds.toFixed(1)} s processor`,
  );
  if (python === undefined) continue;
  const job = join(scratch, "job.json");
  writeFileSync(
    job,
    JSON.stringify({
      foldOf,
      texts: reviews.map(({ text }) => text),
      labels: reviews.map(({ label }) => Number(label)),
    }),
  );
  const { stdout, stderr, status } = spawnSync(python, [script, job], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr);
  for (const peer of JSON.parse(stdout)) {
    console.log(`${peer.name}: ${measured(peer.probabilities, foldOf)}; ${peer.seconds.toFixed(1)} s processor`);
  }
}
rmSync(scratch, { recursive: true, force: true });
