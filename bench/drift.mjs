// Drift on a million rows: the exact two-sample KS test, profiles of 20 columns and their comparison. Milliseconds of
// processor time and of the clock (medians), and what each step adds to the process's peak memory.
//
//   node bench/drift.mjs [--rows 1000000] [--runs 5]
import { parseArgs } from "node:util";
import { profileAgainst, profileTable } from "churnkit/data";
import { compareProfiles, compareTables, ksTest } from "churnkit/drift";

const { values: options } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, runs: { type: "string", default: "5" } },
});
const rows = Number(options.rows);
const runs = Number(options.runs);

function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
}

/** 14 numeric columns of several shapes and 6 categories. */
function makeTable(seed) {
  const random = randomNumbers(seed);
  const shapes = [
    () => random(),
    () => random() + random() + random(),
    () => random() ** 4 * 1e4,
    () => Math.floor(random() * 72),
    () => 1.5e12 + Math.floor(random() * 2e8),
  ];
  const columns = new Map();
  const described = [];
  for (let c = 0; c < 14; c++) {
    const values = new Float64Array(rows);
    for (let i = 0; i < rows; i++) values[i] = random() < 0.01 ? NaN : shapes[c % shapes.length]();
    columns.set(`number ${c}`, { storage: "numeric", values });
    described.push({ name: `number ${c}`, kind: "number", integer: false });
  }
  for (let c = 0; c < 6; c++) {
    const levels = Array.from({ length: 3 + 4 * c }, (_, i) => `level ${i}`);
    const codes = new Int32Array(rows);
    for (let i = 0; i < rows; i++) codes[i] = Math.floor(random() ** 2 * levels.length);
    columns.set(`category ${c}`, { storage: "coded", codes, levels });
    described.push({ name: `category ${c}`, kind: "category", levels, open: true });
  }
  const base = { role: "feature", nullable: true, optional: false, missing: [] };
  const contract = {
    format: 1,
    name: "bench",
    origin: "inferred",
    columns: described.map((column) => ({ ...base, ...column })),
  };
  return { contract, rows, columns, rowNumbers: new Uint32Array(rows), rejected: [], source: "bench" };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Peak of the resident set over what it is now, megabytes, watched after each run. */
function measure(name, action) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const wall = [];
  const processor = [];
  let added = 0;
  let result;
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const used = process.cpuUsage();
    result = action();
    const { user, system } = process.cpuUsage(used);
    wall.push(performance.now() - started);
    processor.push((user + system) / 1000);
    added = Math.max(added, process.memoryUsage().rss - before);
  }
  console.log(
    `${name.padEnd(58)}${median(processor).toFixed(0).padStart(9)}${median(wall).toFixed(0).padStart(9)}${(added / 2 ** 20).toFixed(0).padStart(9)}`,
  );
  return result;
}

console.log(`${rows} rows, ${runs} runs${" ".repeat(40)}`.slice(0, 58) + " cpu [ms]  wall [ms]  added [MB]");
const reference = makeTable(1);
const current = makeTable(2);
const [a, b] = [reference, current].map((table) => table.columns.get("number 1").values);
const test = measure("exact KS of two samples, unsorted", () => ksTest(a, b));
const baseline = measure("profile 14 numbers + 6 categories, 1,024 cut points", () => profileTable(reference));
const profile = measure("count the same columns against that profile", () => profileAgainst(baseline, current));
const report = measure("compare the two profiles: KS, PSI, JS, chi-square", () => compareProfiles(baseline, profile));
const exact = measure("compare the two tables, KS exact", () => compareTables(reference, current));
const gap = Math.max(...report.columns.map(({ effectError }) => effectError));
console.log(
  `D ${test.statistic.toFixed(6)}, verdicts ${report.verdict} and ${exact.verdict}, largest certified error of D ${gap.toFixed(5)}, profile ${(JSON.stringify(baseline).length / 1024).toFixed(0)} KB of JSON`,
);
