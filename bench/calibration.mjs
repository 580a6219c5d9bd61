// False alarms of each drift test at a nominal level of 5 % on unchanged data, and how often a shift of D = 0.05 (missing values
// 3 % to 5 %, 1 % of rows with a new level) is found at that level. Up to 10,000 rows as tables; beyond as counts between the
// reference's cut points, which have the same law. Seeded; two processes by default; prints tables in Markdown.
//
//   node bench/calibration.mjs [--runs 2000] [--processes 2] [--sizes 100,1000,10000,100000,1000000] [--library path]
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { names, profiles, table } from "./calibration/columns.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    processes: { type: "string", default: "2" },
    sizes: { type: "string", default: "100,1000,10000,100000,1000000" },
    library: { type: "string", default: "churnkit/drift" },
    chunk: { type: "string" },
  },
});
const sizes = options.sizes.split(",").map(Number);
const processes = Number(options.processes);
/** Runs at each size: fewer of the large tables, whose rows are drawn one by one. */
const runsAt = (n) => (n === 10_000 ? Math.ceil(Number(options.runs) / 2) : Number(options.runs));

function seeded(seed) {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bf03635) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
  };
}

/** Rows of a probability and whether they churn, at the rate of the probability or 0.05 above it. */
function scored(random, n, moved) {
  const probabilities = Float64Array.from({ length: n }, () => random() ** 2);
  return { probabilities, labels: Int8Array.from(probabilities, (p) => (random() < p + (moved ? 0.05 : 0) ? 1 : 0)) };
}

async function runChunk(chunk) {
  const { compareProfiles, compareTables, conceptDrift, cramerVonMises } = await import(options.library);
  /** key -> [tests, alarms at 5 %] */
  const found = {};
  const note = (key, p) => {
    const at = (found[key] ??= [0, 0]);
    at[0]++;
    if (p <= 0.05) at[1]++;
  };
  for (const [s, n] of sizes.entries()) {
    for (let run = chunk; run < runsAt(n); run += processes) {
      const random = seeded(run * 16 + s);
      for (const moved of [false, true]) {
        const tables = n <= 10_000 ? [table(random, n, false), table(random, n, moved)] : undefined;
        const report = tables ? compareTables(...tables) : compareProfiles(...profiles(random, n, moved));
        for (const { name, shifts } of report.columns) {
          for (const { what, test, pValue } of shifts) note(`${what === "missing" || what === "newLevels" ? what : test}|${name}|${n}|${moved}`, pValue);
        }
        note(`verdict|all columns|${n}|${moved}`, report.verdict === "drift" ? 0 : 1);
        if (tables === undefined) continue;
        for (const name of ["smooth", "skewed, 40 % zeros", "30 values"]) {
          note(`cramerVonMises|${name}|${n}|${moved}`, cramerVonMises(...tables.map(({ columns }) => columns.get(name).values)).p);
        }
        const concept = conceptDrift(scored(random, n, false), scored(random, n, moved));
        if (concept !== null) note(`concept|rate at equal probability|${n}|${moved}`, concept.pValue);
      }
    }
  }
  return found;
}

const order = ["ks", "cramerVonMises", "chiSquare", "psi", "missing", "newLevels", "concept", "verdict"];

function print(found) {
  // A test that has nothing to test in a run, such as new levels where there are none, raises no alarm in it.
  const rate = (key) => {
    const at = found.get(key);
    return at === undefined ? "–" : ((100 * at[1]) / runsAt(Number(key.split("|")[2]))).toFixed(1);
  };
  const rows = [...new Set([...found.keys()].map((key) => key.split("|").slice(0, 2).join("|")))];
  const rank = (row) => 100 * order.indexOf(row.split("|")[0]) + names.indexOf(row.split("|")[1]);
  const head = sizes.map((n) => n.toLocaleString("en-US"));
  for (const [moved, title] of [[false, "False alarms on unchanged data [%]"], [true, "Shifts found [%]"]]) {
    console.log(`\n| ${title} | of | ${head.join(" | ")} |\n| --- | --- | ${head.map(() => "---:").join(" | ")} |`);
    for (const row of rows.sort((a, b) => rank(a) - rank(b))) {
      const [test, of] = row.split("|");
      console.log(`| \`${test}\` | ${of} | ${sizes.map((n) => rate(`${row}|${n}|${moved}`)).join(" | ")} |`);
    }
  }
  const error = (runs) => (200 * Math.sqrt((0.05 * 0.95) / runs)).toFixed(1);
  console.log(`\nTwo standard errors at 5 %: ${sizes.map((n) => `${error(runsAt(n))} (${runsAt(n)} runs of ${n.toLocaleString("en-US")})`).join(", ")}`);
}

if (options.chunk !== undefined) {
  process.stdout.write(JSON.stringify(await runChunk(Number(options.chunk))));
} else {
  const self = fileURLToPath(import.meta.url);
  const chunks = await Promise.all(
    Array.from({ length: processes }, (_, chunk) => {
      const child = spawn(process.execPath, [self, ...process.argv.slice(2), "--chunk", String(chunk)], { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
      return new Promise((done, failed) => child.on("close", (code) => (code === 0 ? done(JSON.parse(text)) : failed(new Error(`chunk ${chunk} ended with ${code}`)))));
    }),
  );
  const all = new Map();
  for (const found of chunks) {
    for (const [key, [tests, alarms]] of Object.entries(found)) {
      const sum = all.get(key) ?? [0, 0];
      all.set(key, [sum[0] + tests, sum[1] + alarms]);
    }
  }
  print(all);
}
