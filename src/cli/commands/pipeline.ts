import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { ChurnkitError } from "../../base/errors.js";
import { localDeployer } from "../../deploy/local.js";
import {
  mainJob,
  type MainJobResult,
  nextCommands,
  writeReport,
  type MainJobSource,
} from "../../pipeline/main-job/index.js";
import { example } from "../help.js";
import { holdOutOptions, type HoldOutOptions } from "../hold-out.js";
import {
  columnsOption,
  countOption,
  dateFormatMeaning,
  decimalOption,
  ignoreOption,
  seedOption,
  textOption,
} from "../input.js";
import { adviseOnLeaks } from "../leak-advice.js";
import { columns, note, print, shown } from "../output.js";
import { trainingProgress } from "../progress.js";

interface Options extends HoldOutOptions {
  csv?: string;
  target?: string;
  positive?: string;
  id?: readonly string[];
  text?: readonly string[];
  ignore?: readonly string[];
  decimal?: "." | ",";
  dateFormat?: string;
  rows: number;
  out: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("pipeline")
    .description(
      "run the main job: train, judge, register and serve a model; then drift, retraining, a refused promotion and a rollback",
    )
    .option("--csv <file>", "use this file instead of synthetic customers")
    .option("--target <column>", "the column to predict")
    .option("--positive <value>", "the value of the target that means churn")
    .option("--id <columns>", "columns that identify a customer, separated by commas", columnsOption)
    .addOption(textOption())
    .addOption(decimalOption())
    .option("--date-format <format>", dateFormatMeaning)
    .addOption(ignoreOption());
  holdOutOptions(command)
    .option("--rows <number>", "number of synthetic customers", countOption, 50_000)
    .option("--out <dir>", "where to write everything", join("out", "pipeline"))
    .option("--seed <number>", "seed of data, splits and weights", seedOption, 1)
    .option("--json", "print the summary as one line of JSON")
    .addHelpText(
      "after",
      example("churnkit pipeline --csv customers.csv --target churn --positive Yes --out out/customers"),
    )
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const started = performance.now();
  const job = mainJob();
  const deployer = localDeployer();
  let onProgress = trainingProgress();
  await claimFolder(options.out);
  try {
    const result = await job.run(
      {
        source: sourceOf(options),
        folder: options.out,
        seed: options.seed,
        deployer,
        onProgress: (progress) => onProgress(progress),
      },
      (event) => {
        if (event.type === "start") {
          onProgress = trainingProgress();
          note(pc.bold(`\n${event.index + 1}/${event.steps} ${event.step}`));
        } else if (event.type === "note") note(`  ${event.text}`);
        else note(pc.dim(`  ${event.seconds.toFixed(1)} s`));
      },
    );
    const report = await writeReport(result);
    adviseOnLeaks(result.validation.findings, command);
    const seconds = (performance.now() - started) / 1000;
    print(options.json, summaryFields(result, report, seconds), summary(result, report, seconds));
  } finally {
    await deployer.remove("churn");
  }
}

/**
 * Claims the folder for the job with a marker file, and clears the registry of an earlier run, which would confuse
 * this one's story. A folder with anything else in it is left alone, because the job overwrites and deletes fixed
 * names.
 */
async function claimFolder(folder: string): Promise<void> {
  const marker = ".churnkit-main-job";
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder);
  if (entries.length > 0 && !entries.includes(marker)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${folder} contains other files, which the job might overwrite. Give --out a new or empty folder.`,
      {
        where: { file: folder },
      },
    );
  }
  await writeFile(join(folder, marker), "");
  await rm(join(folder, "registry"), { recursive: true, force: true });
}

function sourceOf({
  csv,
  target,
  positive,
  id,
  text,
  ignore,
  decimal,
  dateFormat,
  rows,
  test,
  time,
}: Options): MainJobSource {
  if (csv === undefined) {
    if (time === undefined && ignore === undefined) return { kind: "synthetic", rows, test };
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${time === undefined ? "--ignore" : "--time"} names a column of a file. Add --csv FILE.`,
    );
  }
  if (target === undefined)
    throw new ChurnkitError("OPTION_INVALID", "Name the column to predict: --target COLUMN --positive VALUE.");
  return { kind: "file", path: csv, target, positive, id, text, ignore, decimal, dateFormat, test, time };
}

function summaryFields(result: MainJobResult, report: string, seconds: number) {
  const {
    evaluation,
    baselineEvaluation,
    opened,
    verdict,
    drift,
    watched,
    decision,
    promotion,
    badVerdict,
    rolledBack,
    served,
  } = result;
  return {
    seconds,
    report,
    test: evaluation.values,
    baseline: baselineEvaluation?.values,
    best: opened.best,
    gate: verdict.passed,
    model: result.chosen.artifact.provenance.learner,
    served,
    drift: { verdict: drift.verdict, severity: drift.severity },
    monitors: { verdict: watched.verdict, severity: watched.severity },
    retraining: decision.action,
    challengerPromoted: promotion.promoted,
    badRefused: !badVerdict.passed,
    rolledBack,
  };
}

function summary(result: MainJobResult, report: string, seconds: number): string {
  const {
    evaluation,
    baselineEvaluation,
    opened,
    verdict,
    drift,
    promotion,
    badVerdict,
    rolledBack,
    served,
    watched,
    decision,
    model,
    keepBaseline,
  } = result;
  const { model: node } = model.artifact;
  const name = node.kind === "ensemble" ? `${node.members.length} networks` : "one network";
  const quality = columns([
    ["", name, "logistic", ...(opened.best ? ["best possible"] : [])],
    ...(["auc", "accuracy", "f1", "logLoss"] as const).map((metric) => [
      metric,
      shown(evaluation.values[metric].value),
      shown(baselineEvaluation?.values[metric].value),
      ...(opened.best ? [metric === "logLoss" ? "-" : shown(opened.best[metric])] : []),
    ]),
  ]);
  const story = columns([
    [
      "gate",
      `${verdict.gate} ${verdict.passed ? "passed" : "not passed"}${keepBaseline ? ", continuing with logistic regression" : ""}`,
    ],
    ["served", `${served.requests} requests, p50 ${served.p50.toFixed(1)} ms, p99 ${served.p99.toFixed(1)} ms`],
    ["drift", `${drift.verdict}, ${drift.severity}`],
    [
      "monitors",
      Object.entries(watched.monitors)
        .map(([name, { verdict: found }]) => `${name} ${found}`)
        .join(", "),
    ],
    ["retraining policy", decision.action],
    ["retrained model", promotion.promoted ? "promoted" : "refused"],
    ["bad model", badVerdict.passed ? "promoted" : "refused"],
    ["rolled back", rolledBack ? "yes, version 1 serves again" : "not needed"],
    ["report", report],
  ]);
  const next = nextCommands(result)
    .map(({ command, purpose }) => `  ${command}   # ${purpose}`)
    .join("\n");
  return `\n${quality}\n\n${story}\n\ntry next:\n${next}\n\ndone in ${seconds.toFixed(1)} s`;
}
