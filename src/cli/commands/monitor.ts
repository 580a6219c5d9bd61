import { counted } from "../../base/counted.js";
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import { Option, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { readTable } from "../../data/read/index.js";
import { predictionsName } from "../../data/profile/index.js";
import { captureOutputs, type CaptureOutput, captureIssues } from "../../monitor/capture/index.js";
import {
  monitorBaseline,
  type MonitorBaseline,
  monitorBaselineOf,
  parseMonitorBaseline,
} from "../../monitor/baseline/index.js";
import { unjoinedCauses } from "../../monitor/counting/index.js";
import type { MonitorReport } from "../../monitor/judging/index.js";
import { monitorModel, type MonitorModelRun } from "../../monitor/monitor-model.js";
import { days } from "../../monitor/performance/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/index.js";
import { capturedFiles } from "../../serving/hosts/index.js";
import type { TrackedRun } from "../../tracking/index.js";
import { example } from "../help.js";
import { columnsOption, countOption, ignoreOption, noteSetAside } from "../input.js";
import { readJson } from "../json-file.js";
import { columns, exit, note, print } from "../output.js";
import { trackOptions, withRun, type TrackOptions } from "../trackers.js";

interface Options extends TrackOptions {
  labels?: string;
  window?: number;
  absent?: boolean;
  baseline?: string;
  reference?: string;
  facets?: readonly string[];
  saveBaseline?: string;
  ignore?: readonly string[];
  columns?: readonly string[];
  outputForm?: CaptureOutput;
  modelVersion?: string;
  from?: string;
  to?: string;
  now?: string;
  out?: string;
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("monitor <bundle> <captured...>")
    .description("judge captured predictions: data quality, model quality, bias, attribution; exit code 1 if critical")
    .option(
      "--labels <file>",
      "the customers' outcomes: JSON lines or CSV of id, outcome, time, or SageMaker Model Monitor's ground truth",
    )
    .option(
      "--window <days>",
      "outcome window: a customer who churns within this many days is a positive; default: 30",
      countOption,
    )
    .option("--absent", "with --labels: treat customers without a label as staying")
    .option("--baseline <file>", "the baseline, a monitor.json; default: the bundle's own")
    .option("--reference <file>", "make the baseline from these labeled rows, which the model was not trained on")
    .option(
      "--facets <columns>",
      "with --reference: columns whose groups the bias monitor compares, separated by commas",
      columnsOption,
    )
    .option("--save-baseline <file>", "with --reference: also write the baseline here")
    .addOption(ignoreOption())
    .option(
      "--columns <columns>",
      "names of the cells of captured CSV without a header, in order, separated by commas",
      columnsOption,
    )
    .addOption(
      new Option("--output-form <form>", "the content of captured outputs without names").choices(
        Object.keys(captureOutputs),
      ),
    )
    .option("--model-version <version>", "only predictions of this version; default: all")
    .option("--from <time>", "only predictions from this time on, ISO 8601")
    .option("--to <time>", "only predictions before this time, ISO 8601")
    .option("--now <time>", "the time of the report, ISO 8601, which decides which outcomes are known; default: now")
    .option(
      "--out <dir>",
      "also write statistics.json, constraints.json, constraint_violations.json and report.json here",
    )
    .option("--html <file>", "also write a report with plots");
  trackOptions(command)
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit monitor model captured.jsonl --labels churned.csv"))
    .action(run);
}

const run = (bundle: string, captured: readonly string[], options: Options): Promise<void> =>
  withRun(options, { name: `monitor of ${basename(bundle)}`, command: "monitor" }, (tracked) =>
    monitorFiles(bundle, captured, options, tracked),
  );

async function monitorFiles(
  bundle: string,
  captured: readonly string[],
  options: Options,
  tracked: TrackedRun | undefined,
): Promise<void> {
  checkTogether(options);
  const { artifact, scorer } = await loadBundle(bundle);
  const baseline = await baselineFor(options, artifact, scorer.contract);
  const {
    labels,
    window = 30,
    absent,
    from,
    to,
    now = new Date().toISOString(),
    ignore,
    columns: cells,
    outputForm,
  } = options;
  if (labels !== undefined) await checkLabels(labels);
  checkColumns(ignore, baseline.contract);
  const result = await monitorModel({
    artifact,
    baseline,
    store: capturedFiles(),
    prefix: captured,
    ...(labels === undefined
      ? {}
      : {
          labelsPrefix: labels,
          labels: { window: days(window), ...(absent === true ? { absent: "negative" as const } : {}) },
        }),
    from,
    to,
    now,
    version: options.modelVersion,
    policies: { ignore },
    columns: cells,
    outputForm,
  });
  if (result.read.predictions === 0) {
    const first = result.read.issues[0];
    const none = result.read.objects === 0 ? "no file ends in .jsonl, .json or .ndjson" : "no line has a prediction";
    const why =
      first === undefined ? none : `${first.causes[0] ?? captureIssues[first.issue]} See ${first.examples[0] ?? ""}`;
    throw new ChurnkitError(
      "INPUT_EMPTY",
      `There is no captured prediction in ${captured.join(", ").slice(0, 200)}: ${why.replace(/\.$/, "")}.`,
      { where: { file: captured[0] } },
    );
  }
  noteRead(result, options);
  await writeFiles(result, options);
  if (tracked !== undefined) await track(tracked, result);
  const { report, files } = result;
  print(options.json, files["report.json"], textOf(report));
  if (report.severity === "critical") process.exitCode = exit.checkFailed;
}

/** An option without effect is a mistake of the caller. */
function checkTogether({ labels, window, absent, baseline, reference, facets, saveBaseline }: Options): void {
  const alone = (needed: string, given: Readonly<Record<string, unknown>>): void => {
    const name = Object.keys(given).find((each) => given[each] !== undefined);
    if (name !== undefined)
      throw new ChurnkitError("OPTION_INVALID", `${name} needs ${needed}. Add that option, or omit this one.`);
  };
  if (labels === undefined) alone("--labels", { "--window": window, "--absent": absent });
  if (reference === undefined) alone("--reference", { "--facets": facets, "--save-baseline": saveBaseline });
  if (baseline !== undefined && reference !== undefined)
    throw new ChurnkitError("OPTION_INVALID", "--baseline and --reference both give a baseline. Omit one of them.");
}

async function checkLabels(path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new ChurnkitError("INPUT_NOT_FOUND", `There are no labels at ${path}.`, { where: { file: path }, cause });
  });
}

function checkColumns(ignore: readonly string[] = [], contract: MonitorBaseline["contract"]): void {
  const { columns: known } = contract;
  const unknown = ignore.find(
    (name) => name !== predictionsName(contract) && !known.some((column) => column.name === name),
  );
  if (unknown !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `--ignore names "${unknown}", which is not a column of the model. Its columns are ${known
        .map(({ name }) => name)
        .join(", ")
        .slice(0, 500)}.`,
    );
}

async function baselineFor(
  options: Options,
  artifact: Parameters<typeof monitorBaselineOf>[0],
  contract: MonitorBaseline["contract"],
): Promise<MonitorBaseline> {
  const { baseline, reference, facets = [], saveBaseline } = options;
  if (baseline !== undefined) return parseMonitorBaseline(await readJson(baseline, "The baseline"), baseline);
  if (reference === undefined) return monitorBaselineOf(artifact);
  const table = await readTable(contract, reference, { target: "optional", ragged: "reject-row" });
  noteSetAside(table);
  const made = await monitorBaseline({ artifact, table, facets: facets.map((column) => ({ column })) });
  if (saveBaseline !== undefined) {
    await writeFileAtomic(saveBaseline, `${JSON.stringify(made)}\n`);
    note(`wrote ${saveBaseline}`);
  }
  return made;
}

function noteRead(
  { read, report: { skipped, monitors } }: MonitorModelRun,
  { labels, modelVersion: version }: Options,
): void {
  note(`read ${read.predictions} predictions from ${read.objects} files, ${read.labels} labels`);
  const several = read.versions.length > 1 && version === undefined;
  if (several)
    note(
      `note: the predictions are from the versions ${read.versions.join(", ")} and are judged together; --model-version selects one`,
    );
  for (const [count, why] of [
    [skipped.otherVersion, `of other versions than ${version ?? ""}`],
    [skipped.late, "from periods that the state has closed"],
    [skipped.tooManyPeriods, "from more days than fit into memory; select fewer with --from and --to"],
    [skipped.badTime, "with an invalid time"],
  ] as const)
    if (count > 0) note(`note: left out ${count} predictions ${why}`);
  for (const { issue, count, examples, causes } of read.issues)
    note(`note: ${issue}: ${count}, such as ${examples[0] ?? ""}. ${causes[0] ?? captureIssues[issue]}`);
  const { unjoined } = monitors.modelQuality.finding;
  if (unjoined !== null)
    note(
      `note: ${unjoined.labels} of ${unjoined.of} labels join no prediction, such as ${JSON.stringify(unjoined.label.slice(0, 40))}${unjoined.causes.map(({ cause, labels: count, label, prediction }) => `; ${count} are ${unjoinedCauses[cause]} (${JSON.stringify(label.slice(0, 40))} for ${JSON.stringify(prediction.slice(0, 40))})`).join("")}`,
    );
  if (read.badLabels > 0)
    note(
      `note: ${read.badLabels} lines of the label files have no label, such as ${read.badLabelExamples[0] ?? ""}${read.badLabelCauses.length === 0 ? "" : `: ${read.badLabelCauses.join("; ")}`}. Each needs id and outcome, in CSV under a header of these names`,
    );
  else if (labels !== undefined && read.labels === 0) note(`note: ${labels} has no labels`);
}

async function writeFiles({ report, files }: MonitorModelRun, { out, html }: Options): Promise<void> {
  if (html !== undefined) {
    const { monitorReportHtml } = await import("../../report/monitor-report.js");
    await writeFileAtomic(html, await monitorReportHtml(report));
    note(`wrote ${html}`);
  }
  if (out === undefined) return;
  for (const [name, value] of Object.entries(files))
    await writeFileAtomic(join(out, name), `${JSON.stringify(value, null, 1)}\n`);
  note(`wrote ${Object.keys(files).join(", ")} to ${out}`);
}

async function track(run: TrackedRun, { report, files }: MonitorModelRun): Promise<void> {
  const { monitorReportHtml } = await import("../../report/monitor-report.js");
  run.setTags({ verdict: report.verdict, severity: report.severity });
  run.setTags(
    Object.fromEntries(Object.entries(report.monitors).map(([name, { severity }]) => [`monitor.${name}`, severity])),
  );
  run.logMetrics({ rows: report.rows.kept, rejected: report.rows.rejected, unscored: report.rows.unscored });
  for (const [name, value] of Object.entries(files)) await run.logArtifact(name, `${JSON.stringify(value, null, 1)}\n`);
  await run.logArtifact("report.html", await monitorReportHtml(report));
}

function textOf({ verdict, severity, rows, monitors, advice }: MonitorReport): string {
  const lines = Object.entries(monitors).map(([name, each]) => [
    name,
    each.verdict,
    each.severity,
    each.message.slice(0, 160),
  ]);
  return [
    `${verdict} (${severity}): ${counted(rows.kept, "row")}, ${rows.rejected} set aside, ${rows.unscored} without a score`,
    columns([["monitor", "verdict", "severity", "finding"], ...lines]),
    advice.map(({ action }) => `- ${action}`).join("\n"),
  ].join("\n\n");
}
