// Boosting beside LightGBM, and the forest beside scikit-learn's: processor seconds for the same rows, columns, trees, leaves and bins, and both AUCs on rows held
// out. Each runs in a process of its own, in turn, and is timed from the matrix to the held-out scores; the ratio is that
// of the medians. With more than one thread LightGBM's threads spin where the machine is busy: trust one thread.
//
//   npm run bench:boosting -- [--runs 3] [--rows 50000] [--width 58] [--rounds 100] [--threads 1] [--only boosting,forest] [--library path]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setUp } from "./train/setup.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    rows: { type: "string", default: "50000" },
    width: { type: "string", default: "58" },
    rounds: { type: "string", default: "100" },
    threads: { type: "string", default: "1" },
    only: { type: "string", default: "boosting,forest" },
    library: { type: "string", default: "churnkit/model" },
    job: { type: "string" },
    folder: { type: "string" },
  },
});
const here = fileURLToPath(import.meta.url);
const training = Number(options.rows);
const [rows, width] = [Math.ceil(1.2 * training), Number(options.width)];

/** Numbers in [0, 1), the same ones everywhere. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of ten columns eight are bell-shaped numbers, one is a small count, one a flag; a third of the labels are 1. */
function makeRows() {
  const random = seeded(1);
  const bell = () => random() + random() + random() + random() - 2;
  const x = new Float32Array(rows * width);
  const y = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = x.subarray(row * width, (row + 1) * width);
    for (let j = 0; j < width; j++)
      own[j] = j % 10 === 8 ? Math.floor(8 * random()) : j % 10 === 9 ? Number(random() < 0.3) : bell();
    let signal = -1 + Math.sin(3 * own[0]) + own[1] * own[2] + (own[9] === 1 ? 0.8 : -0.2) * (own[8] > 3 ? 1 : -1);
    for (let j = 3; j < 8; j++) signal += (j % 2 === 0 ? 0.8 : -0.8) * own[j];
    y[row] = random() < 1 / (1 + Math.exp(-signal)) ? 1 : 0;
  }
  return { x, y };
}

/** Scores in log-odds or as probabilities. */
function aucOf(labels, scores) {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let ranks = 0;
  let positives = 0;
  order.forEach((row, i) => {
    if (labels[row] === 1) [ranks, positives] = [ranks + i + 1, positives + 1];
  });
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (labels.length - positives));
}

const floats = (file, Kind) => {
  const bytes = readFileSync(file);
  return new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

async function fitOurs(job) {
  const { members, rounds, leaves, threads, rowShare, featureShare, learningRate, l2, minChildWeight } = job;
  const { boosting, forest } = await import(options.library);
  const [x, y] = [floats(join(options.folder, "x.f32"), Float32Array), readFileSync(join(options.folder, "y.u8"))];
  const part = (from, to) => ({
    matrix: x.slice(from * width, to * width),
    width,
    labels: Uint8Array.from(y.subarray(from, to)),
  });
  const [train, heldOut] = [part(0, training), part(training, rows)];
  const rest = { rowShare, featureShare, learningRate, l2, minChildWeight };
  const learner =
    job.leafRows === undefined
      ? boosting({ members, rounds, patience: rounds, leaves, depth: 64, ...rest })
      : forest({ trees: rounds, minLeafRows: job.leafRows });
  const [before, from] = [process.cpuUsage(), performance.now()];
  const { heldOut: made } = await learner.fit(train, heldOut, { seed: 0, workers: threads });
  const { user, system } = process.cpuUsage(before);
  writeFileSync(join(options.folder, "scores.f64"), Buffer.from(made.probabilities.buffer));
  return { cpu: (user + system) / 1e6, wall: (performance.now() - from) / 1000 };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

if (options.job !== undefined) {
  console.log(JSON.stringify(await fitOurs(JSON.parse(options.job))));
} else {
  const { python, peers } = setUp(["lightgbm", "sklearn"]);
  if (peers.length < 2) {
    console.log("skipped: LightGBM and scikit-learn can't be set up here");
    process.exit(0);
  }
  const folder = mkdtempSync(join(tmpdir(), "churnkit-boosting-"));
  const { x, y } = makeRows();
  writeFileSync(join(folder, "x.f32"), Buffer.from(x.buffer));
  writeFileSync(join(folder, "y.u8"), y);
  const base = {
    rows,
    width,
    training,
    members: 2,
    rounds: Number(options.rounds),
    leaves: 31,
    threads: Number(options.threads),
    learningRate: 0.1,
    l2: 1,
    minChildWeight: 1,
  };
  const own = (job) => ["node", [here, ...process.argv.slice(2), "--folder", folder, "--job", JSON.stringify(job)]];
  const peer = (script) => (job) => [python, [join(dirname(here), "boosting", script), folder, JSON.stringify(job)]];
  const boosters = { churnkit: own, LightGBM: peer("lightgbm_fit.py") };
  const forests = { churnkit: own, "scikit-learn": peer("forest_fit.py") };
  console.log(
    `${training} rows x ${width} columns, 2 models of ${base.rounds} trees of 31 leaves, 255 bins, threads: ${base.threads}`,
  );
  for (const [name, changes, contenders] of [
    ["boosting, all rows and columns", { rowShare: 1, featureShare: 1 }, boosters],
    ["boosting, 0.8 of the rows, 0.7 of the columns", { rowShare: 0.8, featureShare: 0.7 }, boosters],
    ["a forest of as many trees, 25 rows in a leaf", { leafRows: 25 }, forests],
  ]) {
    if (!options.only.split(",").some((kind) => name.includes(kind))) continue;
    const job = { ...base, ...changes };
    const results = Object.fromEntries(Object.keys(contenders).map((contender) => [contender, []]));
    for (let run = 0; run < Number(options.runs); run++) {
      for (const [contender, command] of Object.entries(contenders)) {
        const result = JSON.parse(
          execFileSync(...command(job), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
            .trim()
            .split("\n")
            .at(-1),
        );
        results[contender].push({
          ...result,
          auc: aucOf(y.subarray(training), floats(join(folder, "scores.f64"), Float64Array)),
        });
      }
    }
    console.log(`\n${name}`);
    for (const [contender, runs] of Object.entries(results)) {
      const of = (key) => median(runs.map((run) => run[key]));
      console.log(
        `${contender.padEnd(12)} ${of("cpu").toFixed(2)} s processor, ${of("wall").toFixed(2)} s wall, AUC ${of("auc").toFixed(4)}`,
      );
    }
    const [ours, theirs] = Object.values(results).map((runs) => median(runs.map(({ cpu }) => cpu)));
    console.log(`processor time: ${(ours / theirs).toFixed(2)}x that of ${Object.keys(contenders)[1]}`);
  }
  rmSync(folder, { recursive: true, force: true });
}
