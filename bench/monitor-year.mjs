// A simulated year of an hourly monitor (createMonitor) of 19 columns and a model's predictions: alarms on unchanged data, and at
// the same settings how long each injected drift takes to be seen. A customer's outcome is known a day after the prediction.
// Seeded; each year and each drift in a process of its own, ten to twenty-five minutes a year; prints tables in Markdown.
//
//   node bench/monitor-year.mjs [--rows 200] [--years 3] [--first 0] [--hours 8766] [--processes 2] [--skip years|drifts] [--library path]
//
// --attribution 200 adds the monitor of attributions, whose verdict takes longest: --every 24 then reports once a day (periods
// are hours all the same, and the looks too).
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seeded } from "./calibration/random.mjs";
import { drifts, makeTable } from "./drift-kinds.mjs";
import { inProcesses } from "./processes.mjs";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "200" },
    reference: { type: "string", default: "20000" },
    years: { type: "string", default: "3" },
    first: { type: "string", default: "0" },
    hours: { type: "string", default: "8766" },
    processes: { type: "string", default: "2" },
    attribution: { type: "string", default: "0" },
    every: { type: "string", default: "1" },
    skip: { type: "string", default: "" },
    library: { type: "string", default: "churnkit" },
    job: { type: "string" },
  },
});
const rows = Number(options.rows);
/** Hours of unchanged data before a drift begins, and the most that are then waited for an alarm. */
const [CALM, PATIENCE] = [200, 720];
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

/** A trained model, and how to start a monitor of it. */
async function watched(seed) {
  const part = (room) => (options.library === "churnkit" ? `churnkit/${room}` : options.library);
  const { defineFeatures, recordOf } = await import(part("data"));
  const { createMonitor, monitorBaseline, monitorExplainer } = await import(part("monitor"));
  const { logistic, train } = await import(part("model"));
  const reference = Number(options.reference);
  const { table } = makeTable(seeded(seed, 1), reference);
  const { artifact, scorer } = await train(defineFeatures(table.contract), table, { learner: logistic(), workers: 0 });
  const baseline = await monitorBaseline({
    artifact,
    table: makeTable(seeded(seed, 2), reference).table,
    facets: [{ column: "plan 3", groups: ["One year"] }],
    attributionRows: Number(options.attribution),
  });
  const explainer = await monitorExplainer(artifact, baseline);
  /** A monitor, from a state or new, and a function that feeds it one hour and gives the alarms raised. */
  return (random, state) => {
    const monitor = createMonitor(baseline, {
      labels: { window: 24 * HOUR, absent: "negative" },
      explainer,
      samples: { attribution: 20 },
      state,
    });
    const step = (hour, drift) => {
      const at = START + hour * HOUR;
      const made = makeTable(random, rows, drift);
      const probabilities = scorer.score(made.table);
      const churned = [];
      for (let row = 0; row < rows; row++) {
        const id = `${hour}-${row}`;
        const { churn, ...record } = recordOf(made.table, row);
        monitor.add(record, probabilities[row], { at, id });
        if (churn === "Yes") churned.push({ id, time: at + HOUR, outcome: 1 });
      }
      monitor.addLabels(churned);
      return (hour + 1) % Number(options.every) === 0 ? monitor.advance(at + HOUR).raised : [];
    };
    return { monitor, step };
  };
}

const cases = drifts.flatMap(({ kind, sizes }) => sizes.map((size) => ({ kind, size })));

const jobs = {
  /** The alarms of a year of unchanged data. */
  async year(seed) {
    const { step } = (await watched(1000 + seed))(seeded(1000 + seed, 3));
    const raised = [];
    for (let hour = 0; hour < Number(options.hours); hour++) {
      for (const { monitor, subject, severity, window } of step(hour))
        raised.push({ monitor, subject, severity, window, hour });
    }
    return raised;
  },
  /** For every so-manieth drift: when it was first seen, by what, and when it was critical. */
  async drifts(part) {
    const start = await watched(1);
    const calm = start(seeded(1, 3));
    for (let hour = 0; hour < CALM; hour++) calm.step(hour);
    const state = calm.monitor.snapshot();
    return cases.map(({ kind, size }, at) => {
      const found = { first: null, by: null, critical: null };
      if (at % Number(options.processes) !== part) return found;
      const { step } = start(seeded(1, 4, at), state);
      for (let after = 1; after <= PATIENCE && found.critical === null; after++) {
        for (const { monitor, subject, severity } of step(CALM + after - 1, { kind, size: size.value })) {
          found.first ??= after;
          found.by ??= monitor === subject ? monitor : `${monitor}: ${subject}`;
          if (severity === "critical") found.critical ??= after;
        }
        if (found.first !== null && after > 2 * found.first + 168) break;
      }
      return found;
    });
  },
};

if (options.job !== undefined) {
  const [name, argument] = options.job.split(":");
  process.stdout.write(JSON.stringify(await jobs[name](Number(argument))));
} else {
  const run = (names, ended) => inProcesses(fileURLToPath(import.meta.url), names, Number(options.processes), ended);
  if (options.skip !== "years") {
    const names = Array.from({ length: Number(options.years) }, (_, year) => `year:${Number(options.first) + year}`);
    console.log(
      `${options.hours} hours of ${rows} rows, unchanged:\n\n| seed | critical alarms | warnings | which |\n| --- | ---: | ---: | --- |`,
    );
    await run(names, (name, raised) => {
      const of = (wanted) => raised.filter(({ severity }) => severity === wanted).length;
      const which = raised.map(
        ({ monitor, subject, severity, window, hour }) =>
          `${monitor} ${subject} ${severity} in hour ${hour}, window ${window}`,
      );
      console.log(`| ${name.split(":")[1]} | ${of("critical")} | ${of("warning")} | ${which.join("; ")} |`);
    });
  }
  if (options.skip !== "drifts") {
    const parts = await run(Array.from({ length: Number(options.processes) }, (_, part) => `drifts:${part}`));
    console.log(
      "\n| drift from one hour on | first alarm after [hours] | by | critical after [hours] |\n| --- | ---: | --- | ---: |",
    );
    cases.forEach(({ kind, size }, at) => {
      const { first, by, critical } = parts[at % parts.length][at];
      console.log(`| ${kind}: ${size.text} | ${first ?? "–"} | ${by ?? ""} | ${critical ?? "–"} |`);
    });
  }
}
