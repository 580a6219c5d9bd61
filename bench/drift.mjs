// Drift on a million rows: 14 numbers and 6 text categories, KS + PSI + Jensen-Shannon + chi-square, beside scipy, Evidently,
// NannyML, alibi-detect and whylogs where they can be installed, and the exact KS test beside scipy's. Every contender runs
// in a process of its own, in turn; medians of processor milliseconds, and what is added to the peak of memory.
//
//   node bench/drift.mjs [--rows 1000000] [--runs 3] [--peers scipy,nannyml] [--library path-or-name]
//
// `--peers none` leaves the rivals out. Evidently takes minutes for a million rows.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setUp } from "./drift-peers/setup.mjs";
import { inner } from "./inner.mjs";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
    peers: { type: "string", default: "scipy,evidently,nannyml,alibi,whylogs" },
    library: { type: "string", default: "churnkit" },
    contender: { type: "string" },
  },
});
const rows = Number(options.rows);

const peers = {
  scipy: { python: "scipy", note: "the same statistics by hand" },
  nannyml: { python: "nannyml", note: "KS, Jensen-Shannon, chi-square" },
  evidently: { python: "evidently", note: "DataDriftPreset by default" },
  "evidently-ks": { python: "evidently", note: "DataDriftPreset with KS and chi-square" },
  alibi: { python: "alibi", note: "TabularDrift: KS, chi-square" },
  whylogs: { python: "whylogs", note: "both profiles, no comparison" },
};

function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
}

/** The columns that drift-peers/frames.py makes for the rivals, as churnkit's readers leave them. */
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
    const values = Float64Array.from({ length: rows }, shapes[c % shapes.length]);
    columns.set(`number ${c}`, { storage: "numeric", values });
    described.push({ name: `number ${c}`, kind: "number", integer: false });
  }
  for (let c = 0; c < 6; c++) {
    const levels = Array.from({ length: 3 + 4 * c }, (_, i) => `level ${i}`);
    const codes = Int32Array.from({ length: rows }, () => Math.floor(random() ** 2 * levels.length));
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

/** What a contender of ours does with both tables, after what it does beforehand. */
async function ours(name) {
  const part = (room) => (options.library === "churnkit" ? `churnkit/${room}` : options.library);
  const { profileAgainst, profileTable } = await import(part("data"));
  const { compareProfiles, compareTables } = await import(part("drift"));
  const { ksTest } = await inner("stats/hypothesis/index.ts");
  const works = {
    // The baseline is made once, when the model is trained.
    profile: {
      before: profileTable,
      work: (_, current, baseline) => compareProfiles(baseline, profileAgainst(baseline, current)),
    },
    both: {
      work: (reference, current) =>
        ((baseline) => compareProfiles(baseline, profileAgainst(baseline, current)))(profileTable(reference)),
    },
    exact: { work: (reference, current) => compareTables(reference, current) },
    "exact-ks": {
      work: (reference, current) =>
        ksTest(...[reference, current].map(({ columns }) => columns.get("number 1").values)),
    },
  };
  const { before, work } = works[name];
  const [reference, current] = [makeTable(1), makeTable(2)];
  const made = before?.(reference);
  // A full collection throws compiled code away, so it comes before the warming up: a monitor runs for days.
  globalThis.gc?.();
  const few = (table) => ({
    ...table,
    rows: 120_000,
    columns: new Map(
      [...table.columns].map(([key, data]) => [
        key,
        data.storage === "numeric"
          ? { ...data, values: data.values.slice(0, 120_000) }
          : { ...data, codes: data.codes.slice(0, 120_000) },
      ]),
    ),
  });
  for (let i = 0; i < 2; i++) work(few(reference), few(current), made);
  const resident = process.memoryUsage().rss;
  const used = process.cpuUsage();
  const started = performance.now();
  work(reference, current, made);
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(used);
  return { cpu: (user + system) / 1000, wall, added: Math.max(0, process.memoryUsage().rss - resident) / 2 ** 20 };
}

if (options.contender !== undefined) {
  console.log(JSON.stringify(await ours(options.contender)));
} else {
  const here = dirname(fileURLToPath(import.meta.url));
  const wanted = options.peers === "none" ? [] : options.peers.split(",");
  const pythons = setUp([...new Set(wanted.map((name) => peers[name].python))]);
  const mine = (name) => () => [
    process.execPath,
    ["--expose-gc", join(here, "drift.mjs"), "--contender", name, "--rows", options.rows, "--library", options.library],
  ];
  const theirs = (name, python) => () => [python, ["run.py", name, options.rows]];
  const contenders = [
    { name: "churnkit: counting against a profile, and comparing", group: "drift", call: mine("profile") },
    { name: "churnkit: profiling the reference too", group: "drift", call: mine("both") },
    { name: "churnkit: both tables, exact", group: "drift", call: mine("exact") },
    ...wanted
      .filter((name) => pythons[peers[name].python] !== undefined)
      .map((name) => ({
        name: `${name}: ${peers[name].note}`,
        group: "drift",
        call: theirs(name, pythons[peers[name].python]),
      })),
    { name: "churnkit: exact KS of two samples", group: "ks", call: mine("exact-ks") },
    ...(pythons.scipy === undefined
      ? []
      : [{ name: "scipy: ks_2samp", group: "ks", call: theirs("ks", pythons.scipy) }]),
  ];
  const results = new Map(contenders.map(({ name }) => [name, []]));
  for (let run = 0; run < Number(options.runs); run++) {
    for (const { name, call } of contenders) {
      const [command, args] = call();
      const done = spawnSync(command, args, { encoding: "utf8", cwd: join(here, "drift-peers"), maxBuffer: 1 << 26 });
      const line = done.stdout?.trim().split("\n").at(-1) ?? "";
      if (done.status === 0 && line.startsWith("{")) results.get(name).push(JSON.parse(line));
      else console.error(`skipped: ${name}: ${done.stderr?.trim().split("\n").at(-1)}`);
    }
  }
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const first = new Map();
  console.log(
    `${rows} rows, medians of ${options.runs} runs\n\n| contender | processor [ms] | clock [ms] | memory added [MB] | ratio of processor time |\n| --- | ---: | ---: | ---: | ---: |`,
  );
  for (const { name, group } of contenders) {
    const of = results.get(name);
    if (of.length === 0) continue;
    const [cpu, wall, added] = ["cpu", "wall", "added"].map((key) => median(of.map((result) => result[key])));
    if (!first.has(group)) first.set(group, cpu);
    console.log(
      `| ${name} | ${cpu.toFixed(0)} | ${wall.toFixed(0)} | ${added.toFixed(0)} | ${(cpu / first.get(group)).toFixed(1)} |`,
    );
  }
}
