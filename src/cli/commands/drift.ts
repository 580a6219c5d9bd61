import { basename } from "node:path";
import { Option, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { readTable } from "../../data/read/index.js";
import type { Table } from "../../data/table/index.js";
import { predictionsName } from "../../data/profile/index.js";
import { policies, type PolicyName } from "../../drift/policy.js";
import type { TableDriftOptions } from "../../drift/compare-tables.js";
import { compareTables, driftAdvice, type DriftReport } from "../../drift/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/index.js";
import type { TrackedRun } from "../../tracking/index.js";
import { example } from "../help.js";
import {
  columnsOption,
  contractFor,
  contractOptions,
  delimiterOf,
  ignoreOption,
  noteSetAside,
  type ContractArguments,
} from "../input.js";
import { readImportance } from "../importance-file.js";
import { columns, exit, note, print, shown } from "../output.js";
import { trackOptions, withRun, type TrackOptions } from "../trackers.js";

interface Options extends ContractArguments, TrackOptions {
  policy: PolicyName;
  segments?: readonly string[];
  ignore?: readonly string[];
  importance?: string;
  model?: string;
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = contractOptions(
    program.command("drift <reference> <current>").description("compare two files; exit code 1 on critical drift"),
  )
    .addOption(
      new Option("--policy <name>", "how to judge distributions").choices(Object.keys(policies)).default("balanced"),
    )
    .option("--segments <columns>", "also compare each group of these columns, separated by commas", columnsOption)
    .addOption(ignoreOption())
    .option("--importance <file>", "JSON object of weights by column; ranks drift by weight x shift")
    .option("--model <bundle>", "also compare this model's predictions, and rank drift by its SHAP importances")
    .option("--html <file>", "also write a report with plots");
  trackOptions(command)
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit drift customers.csv later.csv --contract churn.contract.json"))
    .action(run);
}

const run = (reference: string, current: string, options: Options): Promise<void> =>
  withRun(options, { name: `drift of ${basename(current)}`, command: "drift" }, (tracked) =>
    compareFiles(reference, current, options, tracked),
  );

async function compareFiles(
  reference: string,
  current: string,
  options: Options,
  tracked: TrackedRun | undefined,
): Promise<void> {
  const given = options.importance === undefined ? undefined : await readImportance(options.importance);
  const bundle = options.model === undefined ? undefined : await loadBundle(options.model);
  // A missing column is drift, not an error.
  const read = { target: "optional", ragged: "reject-row", absent: "leave-out", ...delimiterOf(options) } as const;
  const contract = countingMissing(
    bundle === undefined || options.contract !== undefined
      ? await contractFor(reference, { ...options, ignore: [] }, read.ragged)
      : bundle.scorer.contract,
  );
  checkColumns(options.ignore, contract);
  const before = await readTable(contract, reference, read);
  const after = await readTable(contract, current, read);
  for (const table of [before, after]) noteSetAside(table);
  for (const { name } of contract.columns) {
    if (before.columns.has(name) && !after.columns.has(name)) note(`note: ${current}: the column "${name}" is missing`);
  }
  const scored = bundle && (await scoredBy(bundle, before, after));
  const importance = given ?? scored?.importance;
  const { policy, segments, ignore } = options;
  const report = compareTables(before, after, {
    policy,
    segments,
    ignore,
    importance,
    predictions: scored?.predictions,
  });
  if (options.html !== undefined || tracked !== undefined) {
    const { driftReportHtml } = await import("../../report/index.js");
    const page = await driftReportHtml(report, { reference, current, policy: policies[policy] });
    if (tracked !== undefined) await track(tracked, report, { policy, page });
    if (options.html !== undefined) {
      await writeFileAtomic(options.html, page);
      note(`wrote ${options.html}`);
    }
  }
  print(options.json, { ...report, advice: driftAdvice(report) }, textOf(report));
  if (report.severity === "critical") process.exitCode = exit.checkFailed;
}

async function track(
  run: TrackedRun,
  report: DriftReport,
  { policy, page }: { readonly policy: string; readonly page: string },
): Promise<void> {
  run.logParameters({ policy, reference_rows: report.rows.reference, current_rows: report.rows.current });
  run.setTags({ verdict: report.verdict, severity: report.severity });
  const drifted = report.columns.filter(({ verdict }) => verdict === "drift").length;
  run.logMetrics({ drifted_columns: drifted, compared_columns: report.columns.length });
  await run.logArtifact("report.json", `${JSON.stringify(report)}\n`);
  await run.logArtifact("report.html", page);
}

/** Relaxes a contract so that a missing value is compared instead of rejecting its row. */
const countingMissing = (contract: Contract): Contract => ({
  ...contract,
  columns: contract.columns.map((column) => (column.role === "feature" ? { ...column, nullable: true } : column)),
});

function checkColumns(ignore: readonly string[] = [], contract: Contract): void {
  const { columns: known } = contract;
  const unknown = ignore.find(
    (name) => name !== predictionsName(contract) && !known.some((column) => column.name === name),
  );
  if (unknown !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `--ignore names "${unknown}", which is not a column of the reference. Its columns are ${known
        .map(({ name }) => name)
        .join(", ")
        .slice(0, 500)}.`,
    );
}

type Bundle = Awaited<ReturnType<typeof loadBundle>>;

/** Returns the model's probabilities for both tables, and how much it relies on each column. */
async function scoredBy(
  { artifact, scorer }: Bundle,
  before: Table,
  after: Table,
): Promise<Pick<TableDriftOptions, "predictions" | "importance"> | undefined> {
  const absent = scorer.contract.columns.filter(
    ({ role, name }) => role === "feature" && !(before.columns.has(name) && after.columns.has(name)),
  );
  if (absent.length > 0 || before.rows === 0) {
    const why =
      before.rows === 0 ? "the reference has no rows" : `the column "${absent[0]?.name ?? ""}" is not in both files`;
    note(`note: predictions are not compared: ${why}`);
    return undefined;
  }
  const [{ explainerOf, importanceByColumn }, { spreadRows }] = await Promise.all([
    import("../../model/explain/index.js"),
    import("../../data/table/index.js"),
  ]);
  // A few hundred rows, spread over the file, are enough to order the columns.
  const importance = importanceByColumn((await explainerOf(artifact)).explain(spreadRows(before, 256)));
  return { importance, predictions: { reference: scorer.score(before), current: scorer.score(after) } };
}

/** Formats a p-value; one that is too small for a number is shown by its exponent. */
const pShown = ({ pValue, log10p }: DriftReport["columns"][number]): string =>
  pValue === null || log10p === null ? "-" : pValue >= 1e-300 ? pValue.toPrecision(3) : `1e${Math.floor(log10p)}`;

function textOf(report: DriftReport): string {
  const lines = report.columns.map((column) => [
    column.name,
    column.verdict,
    column.severity,
    shown(column.psi),
    column.test ?? "-",
    shown(column.statistic),
    pShown(column),
  ]);
  const parts = [
    `${report.verdict} (${report.severity}): ${report.rows.reference} reference rows, ${report.rows.current} current rows`,
    columns([["column", "verdict", "severity", "PSI", "test", "statistic", "p"], ...lines]),
  ];
  const moved = report.segments.filter(({ verdict }) => verdict === "drift").slice(0, 10);
  if (report.segments.length > 0) {
    const slices = moved.map(({ column, level, severity, worst }) => [`${column} = ${level}`, severity, worst ?? "-"]);
    parts.push(
      slices.length === 0
        ? `None of the ${report.segments.length} slices drifted.`
        : columns([["slice", "severity", "worst column"], ...slices]),
    );
  }
  if (report.ranking.length > 0) {
    const ranked = report.ranking
      .slice(0, 5)
      .map(({ name, importance, shift, score }) => [name, shown(importance), shown(shift), shown(score)]);
    parts.push(columns([["column", "importance", "shift", "product"], ...ranked]));
  }
  parts.push(
    driftAdvice(report)
      .map(({ action }) => `- ${action}`)
      .join("\n"),
  );
  return parts.join("\n\n");
}
