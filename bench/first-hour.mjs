// What the first hour costs: trains by the command line on a generated file that nobody tuned anything for, and prints wall
// and processor time, the time that was estimated after the first epoch, and the model's figures. The default file has
// 120,000 rows x 29 columns (numbers, dates, categories of up to 178 levels, 37 % positive); `--wide` makes 2,000 rows x
// 1,000 numbers and trains logistic regression, and scikit-learn beside it where a Python with it is given.
//
//   npm run bench:first-hour -- [--rows 120000] [--learner network] [--budget 10m] [--wide] [--python path]
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string" },
    learner: { type: "string" },
    budget: { type: "string" },
    wide: { type: "boolean", default: false },
    python: { type: "string" },
  },
});
const rows = Number(options.rows ?? (options.wide ? 2000 : 120_000));
const learner = options.learner ?? (options.wide ? "logistic" : "network");

/** Numbers in [0, 1), the same ones everywhere. */
function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(1);
const bell = () => random() + random() + random() + random() - 2;
const whole = (most) => Math.floor(random() * most);
/** A number below `most`, small ones more often. */
const skewed = (most) => Math.floor(most * random() ** 3);
const names = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
const pulls = (count, strength) => Array.from({ length: count }, () => strength * bell());
const dayOf = (day) => new Date(Date.UTC(2023, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);

/** A category: its labels, the frequent ones first, and what each does to the odds. */
const category = (prefix, count, strength) => ({ labels: names(prefix, count), pulls: pulls(count, strength) });
const categories = {
  country: category("C", 178, 1.2),
  agent: category("agency ", 150, 1),
  month: category("month ", 12, 0.4),
  plan: category("plan ", 8, 0.8),
  segment: category("segment ", 7, 0.9),
  channel: category("channel ", 5, 0.4),
  room: category("R", 10, 0.3),
  given: category("G", 12, 0.3),
  deposit: category("deposit ", 3, 1.5),
  customer: category("type ", 4, 0.7),
  meal: category("meal ", 5, 0.2),
};

function bookings() {
  const lines = [
    `booking,${Object.keys(categories).join(",")},lead,nights,weekend,adults,children,earlier,canceled,changes,waiting,rate,parking,requests,repeated,visits,age,score,booked,arrival,cancels`,
  ];
  for (let i = 0; i < rows; i++) {
    let signal = -1.35;
    const labels = Object.values(categories).map(({ labels: all, pulls: own }) => {
      const at = skewed(all.length);
      signal += own[at];
      return all[at];
    });
    const [lead, nights, changes, requests, canceled] = [skewed(500), 1 + skewed(14), skewed(6), whole(5), skewed(4)];
    const rate = Math.round(100 * (95 + 40 * bell() + nights)) / 100;
    const booked = whole(700);
    signal +=
      0.006 * lead -
      0.5 * requests -
      0.4 * changes +
      0.9 * canceled +
      0.01 * (rate - 95) +
      0.5 * Math.sin(booked / 58) +
      (lead > 200 && nights < 3 ? 0.8 : 0);
    const numbers = [
      lead,
      nights,
      whole(4),
      1 + whole(3),
      skewed(4),
      skewed(9),
      canceled,
      changes,
      skewed(90),
      rate,
      whole(2),
      requests,
      random() < 0.03 ? 1 : 0,
      skewed(40),
    ];
    const others = [
      random() < 0.1 ? "" : Math.round(45 + 18 * bell()),
      bell().toFixed(3),
      dayOf(booked),
      dayOf(booked + lead),
    ];
    lines.push(
      [`B${i}`, ...labels, ...numbers, ...others, random() < 1 / (1 + Math.exp(-signal)) ? "yes" : "no"].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

function wide() {
  const columns = 1000;
  const lines = [`booking,${names("x", columns).join(",")},cancels`];
  for (let i = 0; i < rows; i++) {
    const x = Array.from({ length: columns }, bell);
    const signal = x.slice(0, 20).reduce((sum, value, j) => sum + (j % 2 === 0 ? 0.7 : -0.7) * value, -0.5);
    lines.push(
      [`B${i}`, ...x.map((value) => value.toFixed(4)), random() < 1 / (1 + Math.exp(-signal)) ? "yes" : "no"].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Prints the whole process's processor time as it ends, its threads' included. */
const meter = `data:text/javascript,${encodeURIComponent(
  `import { isMainThread } from "node:worker_threads"; import { writeFileSync } from "node:fs";
  if (isMainThread) process.on("exit", () => writeFileSync(process.env.METER, JSON.stringify(process.resourceUsage())));`,
)}`;

const folder = mkdtempSync(join(tmpdir(), "churnkit-first-hour-"));
const [training, later, bundle] = [join(folder, "training.csv"), join(folder, "later.csv"), join(folder, "model")];
const make = options.wide ? wide : bookings;
writeFileSync(training, make());
writeFileSync(later, make());
const churnkit = resolve(import.meta.dirname, "../dist/cli.js");

const budget = options.budget === undefined ? [] : ["--budget", options.budget];
const args = [
  "train",
  training,
  "--target",
  "cancels",
  "--positive",
  "yes",
  "--id",
  "booking",
  "--learner",
  learner,
  "--out",
  bundle,
  "--json",
  ...budget,
];
const started = performance.now();
const child = spawn(process.execPath, ["--import", meter, churnkit, ...args], {
  env: { ...process.env, METER: join(folder, "usage.json") },
});
let told = "";
let estimate;
child.stderr.on("data", (bytes) => {
  process.stderr.write(bytes);
  told += bytes;
  const found = /takes at most about (\d+) (s|min)/.exec(told);
  if (found && estimate === undefined)
    estimate = { seconds: Number(found[1]) * (found[2] === "min" ? 60 : 1), at: (performance.now() - started) / 1000 };
});
let answer = "";
child.stdout.on("data", (bytes) => (answer += bytes));
const code = await new Promise((end) => child.on("close", end));
if (code !== 0) throw new Error(`churnkit ended with code ${code}`);
const wall = (performance.now() - started) / 1000;
const usage = JSON.parse(readFileSync(join(folder, "usage.json"), "utf8"));
const trained = JSON.parse(answer);
const judged = JSON.parse(
  spawnSync(process.execPath, [churnkit, "evaluate", bundle, later, "--json"], { encoding: "utf8" }).stdout,
);

console.log(
  `${rows} rows x ${options.wide ? 1000 : 29} columns, ${learner}${budget.length > 0 ? ` with ${budget.join(" ")}` : ""}; load average at the end ${loadavg()[0].toFixed(1)}`,
);
console.log(
  `${wall.toFixed(1)} s wall, ${((usage.userCPUTime + usage.systemCPUTime) / 1e6).toFixed(1)} s processor, ${Math.round(usage.maxRSS / 1024)} MB`,
);
if (estimate)
  console.log(
    `estimate of ${estimate.seconds} s after ${estimate.at.toFixed(0)} s: it took ${(wall - estimate.at).toFixed(0)} s from there`,
  );
console.log(
  `${trained.learner}, ${trained.networks} networks; AUC ${trained.test.auc.toFixed(4)} held out, ${judged.auc.toFixed(4)} on ${judged.rows} rows made later; logistic regression ${trained.baseline.test.auc.toFixed(4)}`,
);
for (const { message } of trained.caps) console.log(`cap: ${message}`);
if (options.wide && options.python) {
  const { stdout, stderr } = spawnSync(
    options.python,
    [join(import.meta.dirname, "first-hour/sklearn_fit.py"), training, later],
    { encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" } },
  );
  console.log(stdout.trim() || stderr.trim());
}
rmSync(folder, { recursive: true, force: true });
