// Nine kinds of drift, injected in 1 of 20 columns: at which sizes and from how many rows they are found, beside Evidently and
// NannyML with their defaults where these can be installed. A drift counts as found when its column is flagged in most of the
// runs; columns flagged in unchanged tables are false alarms. Both rivals judge each column by itself, so that they are given
// the unchanged tables whole and of the others the column in question. NannyML's thresholds depend on the size of chunks:
// it gets the reference in chunks of as many rows as there are current ones, or in ten. Seeded; prints tables in Markdown; ten minutes.
//
//   node bench/injected.mjs [--reference 20000] [--rows 300,1000,3000,10000] [--runs 5] [--peers evidently,nannyml] [--library path]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seeded } from "./calibration/random.mjs";
import { drifts, makeTable } from "./drift-kinds.mjs";
import { setUp } from "./drift-peers/setup.mjs";

const { values: options } = parseArgs({
  options: {
    reference: { type: "string", default: "20000" },
    rows: { type: "string", default: "300,1000,3000,10000" },
    runs: { type: "string", default: "5" },
    peers: { type: "string", default: "evidently,nannyml" },
    library: { type: "string", default: "churnkit/drift" },
  },
});
const { compareTables } = await import(options.library);
const sizes = options.rows.split(",").map(Number);
const runs = Number(options.runs);
const here = dirname(fileURLToPath(import.meta.url));

const cases = [
  { kind: "none", column: "", text: "unchanged" },
  ...drifts.flatMap(({ kind, column, sizes: of }) => of.map(({ value, text }) => ({ kind, column, value, text }))),
];
/** Each run has a reference of its own, so that one unlucky draw doesn't decide all. */
const references = Array.from({ length: runs }, (_, run) => makeTable(seeded(run), Number(options.reference)));
/** Current rows of a case: the same in every program. */
const currentOf = (c, n, run) =>
  makeTable(
    seeded(run, c + 1, n),
    n,
    cases[c].kind === "none" ? undefined : { kind: cases[c].kind, size: cases[c].value },
  );

/** What the rivals are given: concept drift could only show in the label. */
const columnsFor = ({ kind, column }) => (kind === "none" ? undefined : [kind === "concept" ? "churn" : column]);

function csvOf({ table }, names = [...table.columns.keys()]) {
  const cell = (data, row) => {
    if (data.storage === "numeric") return Number.isNaN(data.values[row]) ? "" : data.values[row];
    return data.codes[row] < 0 ? "" : data.levels[data.codes[row]];
  };
  const lines = Array.from({ length: table.rows }, (_, row) =>
    names.map((name) => cell(table.columns.get(name), row)).join(","),
  );
  return `${names.join(",")}\n${lines.join("\n")}\n`;
}

/** The columns that our report flags; concept drift is no column's. */
function flaggedByUs(reference, current) {
  const report = compareTables(reference.table, current.table, {
    predictions: { reference: reference.probabilities, current: current.probabilities },
  });
  const columns = report.columns
    .filter(({ verdict, name }) => verdict === "drift" && name !== "prediction")
    .map(({ name }) => name);
  return report.concept?.verdict === "drift" ? [...columns, "(concept)"] : columns;
}

/** file name -> flagged columns */
function flaggedBy(rival, python, folder) {
  const done = spawnSync(python, ["injected.py", rival, folder], {
    cwd: join(here, "drift-peers"),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const lines = (done.stdout ?? "").split("\n").filter((line) => line.startsWith("{"));
  if (lines.length === 0) console.error(`skipped: ${rival}: ${done.stderr?.trim().split("\n").at(-1)}`);
  return new Map(
    lines
      .map((line) => JSON.parse(line))
      .map(({ file, found, error }) => {
        if (error !== undefined) console.error(`${rival}: ${file}: ${error}`);
        return [file, found ?? []];
      }),
  );
}

/** program, case, rows -> [columns or drifts found, runs] */
const tally = new Map();
function note(program, c, n, found) {
  const key = `${program}|${c}|${n}`;
  const [hits, count] = tally.get(key) ?? [0, 0];
  const { kind, column } = cases[c];
  tally.set(key, [hits + (kind === "none" ? found.length : found.includes(column) ? 1 : 0), count + 1]);
}

for (let run = 0; run < runs; run++) {
  cases.forEach((_, c) =>
    sizes.forEach((n) => note("churnkit", c, n, flaggedByUs(references[run], currentOf(c, n, run)))),
  );
}
const pythons = options.peers === "none" ? {} : setUp(options.peers.split(","));
const folder = mkdtempSync(join(tmpdir(), "churnkit-injected-"));
try {
  if (Object.keys(pythons).length > 0) {
    for (let run = 0; run < runs; run++) {
      const inside = join(folder, String(run));
      mkdirSync(inside);
      writeFileSync(join(inside, "reference.csv"), csvOf(references[run]));
      cases.forEach((_, c) =>
        sizes.forEach((n) =>
          writeFileSync(join(inside, `${c}-${n}.csv`), csvOf(currentOf(c, n, run), columnsFor(cases[c]))),
        ),
      );
    }
  }
  for (const [rival, python] of Object.entries(pythons)) {
    for (let run = 0; run < runs; run++) {
      for (const [file, found] of flaggedBy(rival, python, join(folder, String(run)))) {
        const [c, n] = file.replace(".csv", "").split("-").map(Number);
        note(rival, c, n, found);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const programs = ["churnkit", ...Object.keys(pythons)];
/** The least number of rows from which on the drift is found in most of the runs. */
function foundFrom(program, c) {
  const found = sizes.map((n) => {
    const [hits, count] = tally.get(`${program}|${c}|${n}`) ?? [0, 0];
    return count > 0 && 2 * hits > count;
  });
  const last = found.lastIndexOf(false);
  return last === sizes.length - 1 ? "not found" : sizes[last + 1].toLocaleString("en-US");
}
console.log(
  `Reference of ${references[0].table.rows.toLocaleString("en-US")} rows; current rows ${sizes.map((n) => n.toLocaleString("en-US")).join(", ")}; ${runs} runs.\n`,
);
console.log(
  `| drift | size | ${programs.map((name) => `${name}: found from [rows]`).join(" | ")} |\n| --- | --- | ${programs.map(() => "---:").join(" | ")} |`,
);
cases.forEach(({ kind, text }, c) => {
  if (kind !== "none")
    console.log(`| ${kind} | ${text} | ${programs.map((program) => foundFrom(program, c)).join(" | ")} |`);
});
console.log(
  `\n| columns flagged in ${runs} unchanged tables of 20 | ${sizes.map((n) => `${n.toLocaleString("en-US")} rows`).join(" | ")} |\n| --- | ${sizes.map(() => "---:").join(" | ")} |`,
);
for (const program of programs)
  console.log(`| ${program} | ${sizes.map((n) => tally.get(`${program}|0|${n}`)?.[0] ?? "–").join(" | ")} |`);
