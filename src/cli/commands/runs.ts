import type { Command } from "commander";
import { writeFileAtomic } from "../../io/atomic.js";
import {
  compareRuns,
  differentRows,
  measuredTexts,
  runComparisonHtml,
  type RunComparison,
} from "../../tracking/compare/index.js";
import type { RunRecord } from "../../tracking/index.js";
import { spooledTargets } from "../../tracking/runs/index.js";
import { example } from "../help.js";
import { countOption } from "../input.js";
import { columns, exit, note, print, reasonOf } from "../output.js";
import { experimentOption, openSpool, openSpooled, openTracker, trackerPlaces } from "../trackers.js";

interface Options {
  experiment?: string;
  limit: number;
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const runs = program
    .command("runs")
    .description(`list, show and compare tracked runs; a place is ${trackerPlaces}`)
    .addHelpText("after", example("churnkit runs list ./runs"));
  runs
    .command("list <place>")
    .description("list the runs of an experiment, the newest first")
    .addOption(experimentOption())
    .option("--limit <number>", "at most this many", countOption, 20)
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit runs list ./runs"))
    .action(list);
  runs
    .command("show <place> <run>")
    .description("show a run: parameters, metrics, tags, artifacts")
    .addOption(experimentOption())
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit runs show ./runs 20261130-104512-1f0c9a3b"))
    .action(show);
  runs
    .command("compare <place> <run> <others...>")
    .description("put runs side by side, what differs first")
    .addOption(experimentOption())
    .option("--html <file>", "also write a page")
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      example("churnkit runs compare ./runs 20261130-104512-1f0c9a3b 20261130-110201-77ab01c4 --html runs.html"),
    )
    .action(compare);
  runs
    .command("sync")
    .description("send what could not be sent when it was logged; exit code 1 if some still waits")
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit runs sync"))
    .action(sync);
}

async function list(place: string, { experiment, limit, json }: Options): Promise<void> {
  const tracker = await openTracker(place, experiment);
  const found = await tracker.list({ limit });
  const lines = found.map(({ id, name, status, startedAt, metrics, parent }) => [
    id,
    `${parent === undefined ? "" : "  "}${name}`.slice(0, 40),
    status,
    timeOf(startedAt),
    metrics["auc"]?.value.toFixed(4) ?? "-",
    metrics["logLoss"]?.value.toFixed(4) ?? "-",
  ]);
  print(
    json,
    { runs: found },
    found.length === 0
      ? `there are no runs of this experiment in ${tracker.name}`
      : table([["run", "name", "status", "started", "auc", "logLoss"], ...lines]),
  );
}

async function show(place: string, id: string, { experiment, json }: Options): Promise<void> {
  const run = await (await openTracker(place, experiment)).get(id);
  print(json, run, textOf(run));
}

function textOf(run: RunRecord): string {
  const facts = [
    ["run", run.id],
    ["name", run.name],
    ["experiment", run.experiment],
    ["status", run.status],
    ["started", timeOf(run.startedAt)],
    ["ended", run.endedAt === undefined ? "-" : timeOf(run.endedAt)],
    ["parent", run.parent],
    ["see", run.link],
  ].filter((line): line is [string, string] => line[1] !== undefined);
  const part = (title: string, rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0 ? [] : [`${title}\n${table(rows)}`];
  return [
    table(facts),
    ...part("parameters", sorted(run.parameters).map(cut)),
    ...part("metrics; brackets are 95 % intervals", metricLines(run)),
    ...part("tags", sorted(run.tags).map(cut)),
    ...part(
      "inputs",
      run.inputs.map(({ name, context, hash }) => [name, context, hash]),
    ),
    ...part(
      "artifacts",
      run.artifacts.map(({ name, bytes }) => [name, `${Math.ceil(bytes / 1000)} KB`]),
    ),
  ].join("\n\n");
}

async function compare(
  place: string,
  run: string,
  others: readonly string[],
  { experiment, html, json }: Options,
): Promise<void> {
  const tracker = await openTracker(place, experiment);
  const found = compareRuns(await Promise.all([run, ...others].map((id) => tracker.get(id))));
  if (html !== undefined) {
    await writeFileAtomic(html, await runComparisonHtml(found));
    note(`wrote ${html}`);
  }
  print(json, found, comparisonText(found));
}

/** A run's metrics; the step only where there is more than one. */
const metricLines = (run: RunRecord): string[][] =>
  measuredTexts(compareRuns([run]).metrics).map(({ name, texts: [text = "-"] }) => {
    const step = run.metrics[name]?.step ?? 0;
    return [name, text, step === 0 ? "" : `step ${step}`];
  });

function comparisonText(comparison: RunComparison): string {
  const { runs, metrics, parameters, tags } = comparison;
  const differing = <T extends { readonly differs: boolean }>(rows: readonly T[]): T[] =>
    rows.filter((row) => row.differs);
  const lines = [
    ["", ...runs.map(({ id }) => id)],
    ["name", ...runs.map(({ name }) => name.slice(0, 40))],
    ["status", ...runs.map(({ status }) => status)],
    ...differing(measuredTexts(metrics))
      .filter(({ texts }) => texts.filter((text) => text !== undefined).length > 1)
      .map(({ name, texts, best }) => [name, ...texts.map((text = "-", i) => `${text}${i === best ? " *" : ""}`)]),
    ...[...differing(parameters), ...differing(tags)].map(({ name, values }) => [
      name,
      ...values.map((value) => (value ?? "-").slice(0, 60)),
    ]),
  ];
  return [
    table(lines),
    "",
    "* best by this metric; brackets are 95 % intervals; what is equal, or measured in one run only, is left out (--json has all)",
    differentRows(comparison) ?? "",
  ].join("\n");
}

async function sync({ json }: Options): Promise<void> {
  const targets = await spooledTargets(openSpool());
  const results: {
    place: string;
    runs: number;
    entries: number;
    waiting: readonly { run: string; problem: string }[];
  }[] = [];
  for (const place of targets) {
    try {
      results.push({ place, ...(await (await openSpooled(place)).sync()) });
    } catch (error) {
      results.push({ place, runs: 0, entries: 0, waiting: [{ run: "all", problem: reasonOf(error) }] });
    }
  }
  const lines = results.flatMap(({ place, runs, entries, waiting }) => [
    `${place}: sent ${entries} entries, ${runs} runs are complete`,
    ...waiting.map(({ run, problem }) => `  ${run} waits: ${problem}`),
  ]);
  print(json, { places: results }, lines.length === 0 ? "nothing waits to be sent" : lines.join("\n"));
  if (results.some(({ waiting }) => waiting.length > 0)) process.exitCode = exit.checkFailed;
}

const longest = 100;
const cut = ([name, text]: readonly [string, string]): [string, string] => [
  name,
  text.length > longest ? `${text.slice(0, longest)}...` : text,
];

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

const timeOf = (iso: string): string => iso.slice(0, 19).replace("T", " ");

/** Others may have logged what is shown: nothing of it reaches the terminal as a control character. */
const table = (rows: readonly (readonly string[])[]): string =>
  columns(
    rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}+/gu, " "))),
    "left",
  );
