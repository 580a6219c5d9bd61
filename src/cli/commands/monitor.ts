import { join } from "node:path";
import type { Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { readTable } from "../../data/read/read-file.js";
import { monitorBaseline, monitorExplainer, type MonitorBaseline } from "../../drift/monitor/baseline.js";
import { monitorBaselineOf, parseMonitorBaseline } from "../../drift/monitor/parse-baseline.js";
import type { MonitorReport } from "../../drift/monitor/report.js";
import { runMonitor, type MonitorRun } from "../../drift/monitor/run.js";
import { mergeTallies, type Tally } from "../../drift/monitor/tally.js";
import { days } from "../../drift/performance/labelled/join.js";
import { constraintsJson, constraintViolations, statisticsJson } from "../../drift/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/load.js";
import { capturedFiles } from "../../serving/captured-files.js";
import { columnsOption, countOption, noteSetAside } from "../input.js";
import { readJson } from "../json-file.js";
import { columns, exit, note, print } from "../output.js";

interface Options {
  labels?: string;
  window: number;
  absent?: boolean;
  baseline?: string;
  reference?: string;
  facets?: readonly string[];
  saveBaseline?: string;
  ignore?: readonly string[];
  from?: string;
  to?: string;
  now?: string;
  out?: string;
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("monitor <bundle> <captured...>")
    .description("data quality, model quality, bias and attribution of captured predictions; exit 1 on critical")
    .option("--labels <file>", "what became of them: JSON lines or CSV of id, outcome, time, or Model Monitor's ground truth")
    .option("--window <days>", "outcome window: who churns within so many days is a positive", countOption, 30)
    .option("--absent", "whoever has no label has stayed")
    .option("--baseline <file>", "monitor.json; without it the bundle's own")
    .option("--reference <file>", "make the baseline from these labelled rows, which the model has not seen")
    .option("--facets <columns>", "with --reference: columns whose groups are compared, separated by commas", columnsOption)
    .option("--save-baseline <file>", "with --reference: also write the baseline")
    .option("--ignore <columns>", "columns to leave out, separated by commas", columnsOption)
    .option("--from <time>", "predictions from here on, ISO 8601")
    .option("--to <time>", "predictions before this, ISO 8601")
    .option("--now <time>", "when to look, ISO 8601: decides which outcomes are known; the present without it")
    .option("--out <folder>", "also write statistics.json, constraints.json, constraint_violations.json and report.json")
    .option("--html <file>", "also write a report with plots")
    .option("--json", "print one line of JSON")
    .action(run);
}

async function run(bundle: string, captured: readonly string[], options: Options): Promise<void> {
  const { artefact, scorer } = await loadBundle(bundle);
  const baseline = await baselineFor(options, artefact, scorer.contract);
  const { labels, window, absent, from, to, now = new Date().toISOString(), ignore } = options;
  const result = await runMonitor({
    baseline,
    store: capturedFiles(),
    prefix: captured,
    ...(labels === undefined ? {} : { labelsPrefix: labels, labels: { window: days(window), ...(absent === true ? { absent: "negative" as const } : {}) } }),
    from,
    to,
    now,
    explainer: await monitorExplainer(artefact, baseline),
    policies: { ignore },
  });
  if (result.read.predictions === 0) {
    const first = result.read.issues[0];
    const why = first === undefined ? "no file ends in .jsonl, .json or .ndjson" : `${first.issue} at ${first.examples[0] ?? ""}`;
    throw new ChurnkitError("INPUT_EMPTY", `There is no captured prediction in ${captured.join(", ").slice(0, 200)}: ${why}.`, { where: { file: captured[0] } });
  }
  noteRead(result);
  await writeFiles(result, baseline, options);
  const { report, read } = result;
  print(options.json, { ...report, read }, textOf(report));
  if (report.severity === "critical") process.exitCode = exit.checkFailed;
}

async function baselineFor(options: Options, artefact: Parameters<typeof monitorBaselineOf>[0], contract: MonitorBaseline["contract"]): Promise<MonitorBaseline> {
  const { baseline, reference, facets = [], saveBaseline } = options;
  if (baseline !== undefined) return parseMonitorBaseline(await readJson(baseline, "The baseline"), baseline);
  if (reference === undefined) return monitorBaselineOf(artefact);
  const table = await readTable(contract, reference, { target: "optional", ragged: "reject-row" });
  noteSetAside(table);
  const made = await monitorBaseline({ artefact, table, facets: facets.map((column) => ({ column })) });
  if (saveBaseline !== undefined) {
    await writeFileAtomic(saveBaseline, `${JSON.stringify(made)}\n`);
    note(`wrote ${saveBaseline}`);
  }
  return made;
}

function noteRead({ read }: MonitorRun): void {
  note(`read ${read.predictions} predictions from ${read.objects} files, ${read.labels} labels`);
  for (const { issue, count, examples } of read.issues) note(`note: ${issue}: ${count}, such as ${examples[0] ?? ""}`);
  if (read.badLabels > 0) note(`note: ${read.badLabels} lines of labels hold none`);
}

async function writeFiles({ report, state, read }: MonitorRun, baseline: MonitorBaseline, { out, html }: Options): Promise<void> {
  if (html !== undefined) {
    const { monitorReportHtml } = await import("../../report/monitor-report.js");
    await writeFileAtomic(html, await monitorReportHtml(report));
    note(`wrote ${html}`);
  }
  const tally = state.periods.reduce<Tally | null>((sum, each) => (sum === null ? each.tally : mergeTallies(sum, each.tally, 0)), null);
  if (out === undefined || tally === null) return;
  const constraints = constraintsJson(baseline);
  const files = {
    "statistics.json": statisticsJson(baseline, tally),
    "constraints.json": constraints,
    "constraint_violations.json": constraintViolations(constraints, baseline, tally),
    "report.json": { ...report, read },
  };
  for (const [name, value] of Object.entries(files)) await writeFileAtomic(join(out, name), `${JSON.stringify(value, null, 1)}\n`);
  note(`wrote ${Object.keys(files).join(", ")} to ${out}`);
}

function textOf({ verdict, severity, rows, monitors, advice }: MonitorReport): string {
  const lines = Object.entries(monitors).map(([name, each]) => [name, each.verdict, each.severity, each.message.slice(0, 160)]);
  return [
    `${verdict} (${severity}): ${rows.kept} rows, ${rows.rejected} set aside, ${rows.unscored} without a score`,
    columns([["monitor", "verdict", "severity", "finding"], ...lines]),
    advice.map(({ action }) => `- ${action}`).join("\n"),
  ].join("\n\n");
}
