// Reading a CSV into typed columns: rows per processor second and peak memory, against papaparse and a parse written by
// hand for this very file. Each contender runs in a process of its own, in turn; medians are shown.
//
//   node bench/read.mjs [--rows 1000000] [--runs 3]
import { spawnSync } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
    contender: { type: "string" },
    file: { type: "string" },
    library: { type: "string" },
  },
});

const levels = {
  gender: ["Female", "Male"],
  contract: ["Month-to-month", "One year", "Two year"],
  payment: ["Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"],
  internet: ["DSL", "Fiber optic", "No"],
  yesNo: ["Yes", "No"],
};

/** The columns, in order: a kind, and how a value is made of a random generator. */
const columns = {
  customerID: ["id", (_, i) => `${1_000_000 + i}-CUST`],
  gender: ["category", (r) => pick(r, levels.gender)],
  partner: ["category", (r) => pick(r, levels.yesNo)],
  tenure: ["number", (r) => Math.floor(r() * 72)],
  internet: ["category", (r) => pick(r, levels.internet)],
  security: ["category", (r) => pick(r, levels.yesNo)],
  contract: ["category", (r) => pick(r, levels.contract)],
  payment: ["category", (r) => pick(r, levels.payment)],
  region: ["category", (r) => `region-${Math.floor(r() * 300)}`],
  signup: ["date", (r) => new Date(1.5e12 + Math.floor(r() * 2000) * 864e5).toISOString().slice(0, 10)],
  monthlyCharges: ["number", (r) => (20 + r() * 100).toFixed(2)],
  totalCharges: ["number", (r) => (r() < 0.01 ? "" : (r() * 8000).toFixed(2))],
  calls: ["number", (r) => Math.floor(r() * 1000)],
  minutes: ["number", (r) => (r() * 50_000).toFixed(3)],
  gigabytes: ["number", (r) => (r() * 900).toFixed(5)],
  lastLogin: ["number", (r) => Math.floor(r() * 100_000)],
  usageTrend: ["number", (r) => (r() * 2 - 1).toFixed(6)],
  satisfaction: ["number", (r) => 1 + Math.floor(r() * 10)],
  engagement: ["number", (r) => (r() * 10).toFixed(6)],
  churn: ["category", (r) => pick(r, levels.yesNo)],
};

const pick = (random, from) => from[Math.floor(random() * from.length)];

function writeFile(path, rows) {
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  const makers = Object.values(columns).map(([, make]) => make);
  const file = openSync(path, "w");
  let block = `${Object.keys(columns).join(",")}\n`;
  for (let i = 0; i < rows; i++) {
    block += `${makers.map((make) => make(random, i)).join(",")}\n`;
    if (block.length > 1e6 || i === rows - 1) {
      writeSync(file, block);
      block = "";
    }
  }
  closeSync(file);
}

const base = { role: "feature", nullable: true, optional: false, missing: [] };
const contract = {
  format: 1,
  name: "bench",
  origin: "declared",
  columns: Object.entries(columns).map(([name, [kind]]) => {
    if (kind === "number") return { ...base, name, kind, integer: false };
    if (kind === "date") return { ...base, name, kind, precision: "date" };
    return { ...base, name, kind: "category", levels: [], open: true, role: kind === "id" ? "id" : "feature" };
  }),
};

/** Columns as the rivals fill them: the same kind of result, so that the comparison is fair. */
function growingColumns() {
  return contract.columns.map(({ kind }) => {
    if (kind === "category") {
      const codes = [];
      const known = new Map();
      return (text) => {
        let code = known.get(text);
        if (code === undefined) known.set(text, (code = known.size));
        codes.push(code);
      };
    }
    const numbers = [];
    const convert = kind === "date" ? (text) => Date.parse(text) : (text) => (text === "" ? NaN : Number(text));
    return (text) => void numbers.push(convert(text));
  });
}

const contenders = {
  churnkit: async (file, library) => {
    const { readTable } = await import(pathToFileURL(library).href);
    return (await readTable(contract, file)).rows;
  },
  "churnkit, contract inferred first": async (file, library) => {
    const { inferFromFile, readTable } = await import(pathToFileURL(library).href);
    const { contract: inferred } = await inferFromFile(file, { id: "customerID", target: "churn", positive: "Yes" });
    return (await readTable(inferred, file)).rows;
  },
  papaparse: async (file) => {
    const { default: Papa } = await import("papaparse");
    const filled = growingColumns();
    let rows = -1;
    await new Promise((done, failed) => {
      Papa.parse(createReadStream(file, "utf8"), {
        step: ({ data }) => {
          if (rows++ >= 0 && data.length === filled.length) filled.forEach((add, i) => add(data[i]));
        },
        complete: done,
        error: failed,
        skipEmptyLines: true,
      });
    });
    return rows;
  },
  "split by hand (no quotes, no checks)": async (file) => {
    const filled = growingColumns();
    let rows = -1;
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (rows++ < 0) continue;
      const cells = line.split(",");
      for (let i = 0; i < filled.length; i++) filled[i](cells[i]);
    }
    return rows;
  },
};

async function runContender() {
  const before = process.cpuUsage();
  const started = performance.now();
  const rows = await contenders[options.contender](options.file, options.library);
  const wall = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({ rows, cpu: (user + system) / 1e6, wall, megabytes: process.resourceUsage().maxRSS / 1024 }),
  );
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function compare() {
  const { build } = await import("esbuild");
  const folder = mkdtempSync(join(tmpdir(), "churnkit-bench-"));
  try {
    const file = join(folder, "customers.csv");
    const library = join(folder, "read.mjs");
    const entry = resolve(import.meta.dirname, "../src/data/read/read-file.ts");
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: library,
      logLevel: "error",
    });
    writeFile(file, Number(options.rows));
    console.log(
      `${options.rows} rows x ${contract.columns.length} columns, ${(statSync(file).size / 1e6).toFixed(0)} MB, Node ${process.version}`,
    );
    const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (let run = 0; run < Number(options.runs); run++) {
      for (const [name, runs] of Object.entries(results)) {
        const args = [import.meta.filename, "--contender", name, "--file", file, "--library", library];
        const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
        if (status !== 0) throw new Error(`${name}: ${stderr}`);
        const result = JSON.parse(stdout);
        if (result.rows !== Number(options.rows)) throw new Error(`${name} read ${result.rows} rows`);
        runs.push(result);
      }
    }
    const rate = (runs) => median(runs.map(({ rows, cpu }) => rows / cpu));
    for (const [name, runs] of Object.entries(results)) {
      console.log(
        [
          name.padEnd(38),
          `${Math.round(rate(runs) / 1000)}k rows per processor second`.padStart(34),
          `${median(runs.map(({ wall }) => wall)).toFixed(2)} s wall`.padStart(14),
          `${Math.round(Math.max(...runs.map(({ megabytes }) => megabytes)))} MB peak`.padStart(14),
          `x${(rate(results.churnkit) / rate(runs)).toFixed(2)}`.padStart(8),
        ].join(""),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await (options.contender === undefined ? compare() : runContender());
