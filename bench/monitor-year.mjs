// A simulated year of an hourly monitor of 20 columns: alarms on unchanged data, and at the same settings how long each
// injected drift takes to be seen. Seeded; prints tables in Markdown.
//
//   node bench/monitor-year.mjs [--rows 200] [--reference 20000] [--hours 8760] [--library path]
import { parseArgs } from "node:util";
import { drifts, makeTable, seeded } from "./drift-kinds.mjs";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "200" },
    reference: { type: "string", default: "20000" },
    hours: { type: "string", default: "8760" },
    library: { type: "string", default: "churnkit" },
  },
});
const part = (room) => (options.library === "churnkit" ? `churnkit/${room}` : options.library);
const { profileAgainst, profileTable } = await import(part("data"));
const { addPeriod, compareProfiles, conceptDrift, hourlyPlan, sequentialStart, sequentialStep, startWindows } = await import(part("drift"));

const rows = Number(options.rows);
const random = seeded(2024);
const reference = makeTable(random, Number(options.reference));
const baseline = profileTable(reference.table, { cutPoints: 128 });

/** A monitor with the windows of labelled rows that concept drift needs. */
function monitor() {
  let windows = startWindows();
  let state = sequentialStart();
  const labelled = new Map(hourlyPlan.windows.map((length) => [length, []]));
  return (hour) => {
    const added = addPeriod(windows, profileAgainst(baseline, hour.table));
    windows = added.state;
    for (const [length, hours] of labelled) {
      hours.push(hour);
      if (hours.length > length) hours.shift();
    }
    const looks = added.due.map(({ window, profile }) => {
      const report = compareProfiles(baseline, profile, { target: "churn" });
      return { window, report: { ...report, concept: conceptDrift(reference, joined(labelled.get(window))) } };
    });
    const next = sequentialStep(state, looks);
    state = next.state;
    return { decision: next.decision, looks };
  };
}

function joined(hours) {
  const length = hours.reduce((sum, { labels }) => sum + labels.length, 0);
  const [labels, probabilities] = [new Int8Array(length), new Float64Array(length)];
  let at = 0;
  for (const hour of hours) {
    labels.set(hour.labels, at);
    probabilities.set(hour.probabilities, at);
    at += hour.labels.length;
  }
  return { labels, probabilities };
}

const started = performance.now();
const calm = monitor();
const hours = Number(options.hours);
const raised = { warning: 0, critical: 0 };
/** What an alarm at each look's own verdict would have cost: the plain policy, hour by hour. */
const plain = { warning: 0, critical: 0 };
let spent;
for (let hour = 0; hour < hours; hour++) {
  const { decision, looks } = calm(makeTable(random, rows));
  for (const { severity } of decision.raised) raised[severity]++;
  const now = looks.find(({ window }) => window === 1)?.report.severity;
  if (now === "warning" || now === "critical") plain[now]++;
  spent = decision.spent;
}
console.log(`${hours} hours of ${rows} rows, 20 columns, unchanged: ${raised.critical} critical alarms and ${raised.warning} warnings.`);
console.log(`At most ${spent.critical.toFixed(2)} and ${spent.warning.toFixed(2)} were to be expected. Each hour judged by itself: ${plain.critical} and ${plain.warning}.`);
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s\n`);

console.log("| drift in one column, from hour 200 on | first alarm after [hours] | critical after [hours] | other alarms |\n| --- | ---: | ---: | ---: |");
for (const { kind, sizes, column } of drifts) {
  for (const size of sizes) {
    const watch = monitor();
    const draws = seeded(77);
    let first;
    let critical;
    let others = 0;
    for (let hour = 0; hour < 200 + 744 && critical === undefined; hour++) {
      const { decision } = watch(makeTable(draws, rows, hour < 200 ? undefined : { kind, size: size.value }));
      for (const alarm of decision.raised) {
        // A label that changes with the concept is the same finding.
        if (hour < 200 || (alarm.column !== column && !(kind === "concept" && alarm.column === "churn") && !(kind === "label" && alarm.column === "(concept)"))) {
          others++;
          continue;
        }
        first ??= hour - 199;
        if (alarm.severity === "critical") critical = hour - 199;
      }
      if (first !== undefined && hour - 200 > 2 * first + 168) break;
    }
    console.log(`| ${kind}: ${size.text} | ${first ?? "–"} | ${critical ?? "–"} | ${others} |`);
  }
}
