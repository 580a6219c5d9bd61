// False alarms of each drift test at a nominal level of 5 % on unchanged data, and how often a shift of d = 2 / sqrt(n) is found
// at that level (bench/calibration/columns.mjs says what it moves). Seeded; prints tables in Markdown. A quarter of an hour on
// two cores.
//
//   node bench/calibration.mjs [--runs 8000] [--processes 2] [--sizes 100,1000,10000,100000,1000000] [--library path]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { names } from "./calibration/columns.mjs";
import { seeded } from "./calibration/random.mjs";
import { reportTrial, valuesTrial } from "./calibration/trial.mjs";
import { inner } from "./inner.mjs";
import { inProcesses } from "./processes.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "8000" },
    processes: { type: "string", default: "2" },
    sizes: { type: "string", default: "100,1000,10000,100000,1000000" },
    library: { type: "string", default: "churnkit/drift" },
    job: { type: "string" },
  },
});
const sizes = options.sizes.split(",").map(Number);
const processes = Number(options.processes);

const trials = { report: reportTrial, values: valuesTrial };
/** Runs on unchanged data: fewer where a run takes longer. A quarter as many on moved data, where nobody asks for tenths. */
const runsOf = {
  report: (n) => Math.ceil(Number(options.runs) / (n <= 1000 ? 1 : 4)),
  values: (n) => Math.ceil(Number(options.runs) / (n <= 1000 ? 1 : n <= 10_000 ? 4 : n <= 100_000 ? 16 : 64)),
};
const runsAt = (kind, n, moved) => Math.ceil(runsOf[kind](n) / (moved ? 4 : 1));
const shiftAt = (n) => Number((2 / Math.sqrt(n)).toPrecision(1));

/** key -> alarms */
async function runChunk(chunk) {
  const library = {
    ...(await import(options.library)),
    ...(await inner("stats/hypothesis/index.ts")),
  };
  const found = {};
  for (const n of sizes) {
    for (const [k, kind] of Object.keys(trials).entries()) {
      for (const moved of [false, true]) {
        const note = (test, of, p) => {
          const key = [kind, test, of, n, moved].join("|");
          found[key] = (found[key] ?? 0) + (p <= 0.05 ? 1 : 0);
        };
        for (let run = chunk; run < runsAt(kind, n, moved); run += processes) {
          trials[kind](library, seeded(run, 2 * n + k, moved ? 1 : 0), n, moved ? shiftAt(n) : 0, note);
        }
      }
    }
  }
  return found;
}

const order = [
  "ks",
  "ksTest",
  "chiSquare",
  "chiSquareHomogeneity",
  "gTest",
  "psi",
  "missing",
  "twoProportions",
  "fisherExact",
  "newLevels",
  "concept",
  "verdict",
];
const standardError = (runs) => Math.sqrt((0.05 * 0.95) / runs);

function print(found) {
  const rateOf = (row, n, moved) =>
    (found.get(`${row}|${n}|${moved}`) ?? Number.NaN) / runsAt(row.split("|")[0], n, moved);
  const rows = [...new Set([...found.keys()].map((key) => key.split("|").slice(0, 3).join("|")))];
  const rank = (row) => 100 * order.indexOf(row.split("|")[1]) + names.indexOf(row.split("|")[2]);
  rows.sort((a, b) => rank(a) - rank(b));
  const count = (value) => value.toLocaleString("en-US");
  for (const moved of [false, true]) {
    const head = sizes.map((n) => (moved ? `${count(n)} (${shiftAt(n)})` : count(n)));
    console.log(
      `\n| ${moved ? "Shifts found [%]" : "False alarms [%]"} | of | ${head.join(" | ")} |\n| --- | --- | ${head.map(() => "---:").join(" | ")} |`,
    );
    for (const row of rows) {
      const [, test, of] = row.split("|");
      // A test that has nothing to test in a run, such as new levels where there are none, raises no alarm in it.
      const cells = sizes
        .map((n) => rateOf(row, n, moved))
        .map((rate) => (Number.isNaN(rate) ? "–" : (100 * rate).toFixed(1)));
      console.log(`| \`${test}\` | ${of} | ${cells.join(" | ")} |`);
    }
  }
  for (const kind of Object.keys(trials)) {
    const told = sizes.map(
      (n) =>
        `${count(runsAt(kind, n, false))} runs of ${count(n)} rows (${(100 * standardError(runsAt(kind, n, false))).toFixed(2)})`,
    );
    console.log(`\nTests of ${kind}, with the standard error of 5 % in points: ${told.join(", ")}.`);
  }
  const over = rows.flatMap((row) => {
    const kind = row.split("|")[0];
    return sizes
      .filter((n) => rateOf(row, n, false) > 0.055 + 2 * standardError(runsAt(kind, n, false)))
      .map((n) => `${row} at ${count(n)}`);
  });
  console.log(`\nAbove 5.5 % by more than two standard errors: ${over.join("; ") || "none"}.`);
}

if (options.job !== undefined) {
  process.stdout.write(JSON.stringify(await runChunk(Number(options.job))));
} else {
  const chunks = await inProcesses(
    fileURLToPath(import.meta.url),
    Array.from({ length: processes }, (_, chunk) => String(chunk)),
    processes,
  );
  const all = new Map();
  for (const [key, alarms] of chunks.flatMap(Object.entries)) all.set(key, (all.get(key) ?? 0) + alarms);
  print(all);
}
