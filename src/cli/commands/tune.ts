import { existsSync } from "node:fs";
import { basename } from "node:path";
import { Option, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { documentError, JsonValue, record } from "../../base/json/index.js";
import { defineFeatures } from "../../data/features/index.js";
import { anyMetrics, type AnyMetricName, evaluate, flatMetrics, usualMetric } from "../../model/evaluate/index.js";
import { learnerNameOf, learnerNames, type Trial } from "../../model/training/index.js";
import { searchSpace, tune, tuningMethods, type TuneOptions, type TuneResult } from "../../model/tuning/index.js";
import type { TrackedRun } from "../../tracking/index.js";
import { durationOption, interruptible } from "../budget.js";
import { decisionOptions, thresholdRule } from "../decision-options.js";
import { foldOptions, foldsOf, type FoldArguments } from "../fold-options.js";
import { gitCommit } from "../git.js";
import { example } from "../help.js";
import { holdOut, testOption, trainingRowsText } from "../hold-out.js";
import { columnsOption, countOption, seedOption } from "../input.js";
import { readJson } from "../json-file.js";
import { metricOption } from "../metric-option.js";
import { metricFields } from "../metric-fields.js";
import { columns, exit, note, print, shown } from "../output.js";
import { saveModel } from "../save-model.js";
import { trackOptions, withRun } from "../trackers.js";
import { readTrainingRows, trainingOptions, type TrainingArguments } from "../training-options.js";

interface Options extends TrainingArguments, FoldArguments {
  learner?: readonly string[];
  space?: string;
  method: NonNullable<TuneOptions["method"]>;
  trials?: number;
  metric?: AnyMetricName;
  holdout?: boolean;
  nested?: number;
  test?: number;
  journal?: string;
}

export function register(program: Command): void {
  const command = trainingOptions(
    program.command("tune <file>").description("search the best options of a learner, and train it with them"),
  )
    .option(
      "--learner <names>",
      `the learner, or several separated by commas, of ${learnerNames.join(", ")}; default: boosting`,
      columnsOption,
    )
    .option(
      "--space <file>",
      "JSON with the range of each option, by learner if there are several; default: the learner's usual space",
    )
    .addOption(new Option("--method <name>", "how to search").choices(tuningMethods).default("tpe"))
    .option("--trials <number>", "how many options to try; default: 50, or all of a grid", countOption)
    .addOption(metricOption("what is best"));
  foldOptions(testOption(command))
    .option("--holdout", "judge each trial by one fold alone")
    .option(
      "--nested <folds>",
      "also estimate the tuned model by repeating the search outside so many outer folds",
      countOption,
    );
  decisionOptions(command, "the one with the best F1 on held-out rows")
    .option("--seed <number>", "seed of the search, the folds and every training", seedOption, 0)
    .option(
      "--budget <time>",
      "stop the search after this time, such as 90s, 10m, 1h30m or 2d, and train the best so far",
      durationOption,
    )
    .option("--journal <file>", "keep each trial here, and continue from it after an interruption");
  trackOptions(command)
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      example("churnkit tune customers.csv --target churn --positive Yes --trials 50 --journal tune.jsonl --out model"),
    )
    .action(run);
}

const unreadable = documentError("OPTION_INVALID", "The search space", "Correct the file.");

/** The searched learners, each with its space. */
async function searched(options: Options): Promise<NonNullable<TuneOptions["learners"]>> {
  const names = (options.learner ?? ["boosting"]).map(learnerNameOf);
  if (options.space === undefined) return names.map((learner) => ({ learner }));
  const json = JsonValue.of(await readJson(options.space, "The search space"), options.space, unreadable);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return [{ learner: only, space: searchSpace(json) }];
  const spaces = record(searchSpace, 20)(json);
  const stray = Object.keys(spaces).find((name) => !names.some((one) => one === name));
  if (stray !== undefined) throw unreadable(options.space, `is of ${JSON.stringify(stray)} too, which is not searched`);
  return names.map((learner) => ({ learner, space: spaces[learner] }));
}

const run = (file: string, options: Options): Promise<void> =>
  withRun(options, { name: `tuning on ${basename(file)}`, command: "tune" }, (tracked) =>
    tuneFile(file, options, tracked),
  );

async function tuneFile(file: string, options: Options, tracked: TrackedRun | undefined): Promise<void> {
  const started = performance.now();
  const learners = await searched(options);
  if (options.group !== undefined && options.test !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "--test draws single rows, so training and test would share groups of --group. Use --nested instead of --test.",
    );
  const table = await readTrainingRows(file, options);
  const { test: share, time, seed, trials, method, holdout, nested, journal } = options;
  const kept = await holdOut(table, {
    seed,
    ...(share !== undefined && { test: share, ...(time !== undefined && { time }) }),
  });
  const metric = options.metric ?? usualMetric(table.contract.target?.classes.length ?? 2);
  const { training, test } = kept ?? { training: table, test: undefined };
  if (journal !== undefined && existsSync(journal))
    note(`continuing from ${journal}: the trials that it has are not repeated`);
  const { budget, interrupted, release } = interruptible(options.budget);
  const found = await tune(defineFeatures(table.contract), training, {
    ...foldsOf(options),
    ...{ learners, method, trials, metric, holdout, nested, seed, budget, journal },
    threshold: thresholdRule(options),
    onTrial(trial) {
      note(trialLine(trial, metric));
    },
    tracker: tracked,
    gitCommit: await gitCommit(),
  });
  release();
  if (interrupted()) process.exitCode = exit.interrupted;
  const { model } = found;
  const rows = `${trainingRowsText(file, options)}; time of the whole search`;
  await saveModel(model, { training, test, facets: [], rows }, options.out);
  const judged = test ? evaluate(model, test) : model.heldOut;
  if (tracked !== undefined) {
    tracked.logParameters({ best: found.best.number + 1 });
    if (test !== undefined) tracked.logMetrics(flatMetrics(judged, "test/"));
  }
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  const { trials: tried, best, ended, nested: outer } = found;
  const { learner, options: chosen, value, values } = best;
  const judgedOn = test ? "test rows" : "held-out rows";
  print(
    options.json,
    {
      metric,
      method,
      best: { number: best.number, learner, options: chosen, value, values },
      trials: tried,
      ended,
      ...(outer && { nested: outer.metrics }),
      rows: training.rows,
      rejected: table.rejected.length,
      seconds,
      judgedOn,
      test: metricFields(judged),
      bundle: options.out,
    },
    describe(found, options, judgedOn, metricFields(judged), seconds),
  );
}

const trialLine = ({ number, learner, options, share, value, failed }: Trial, metric: AnyMetricName): string =>
  `trial ${number + 1}: ${learner} ${JSON.stringify(options)}${share < 1 ? ` with ${(100 * share).toFixed(0)} % of its steps` : ""}: ${
    failed === undefined ? `${anyMetrics[metric].label} ${shown(value)}` : `failed, ${failed}`
  }`;

function describe(
  { best, trials, ended, nested, metric }: TuneResult,
  { folds, holdout, journal, out }: Options,
  judgedOn: string,
  judged: ReturnType<typeof metricFields>,
  seconds: number,
): string {
  const failed = trials.filter(({ value }) => value === null).length;
  const outer = nested?.metrics[metric];
  return [
    `best of ${trials.length} trials${failed > 0 ? ` (${failed} failed)` : ""}: ${best.learner} ${JSON.stringify(best.options)}`,
    `${anyMetrics[metric].label} ${shown(best.value)} on ${holdout ? "one fold" : `${folds} folds`} that also chose it, so it is too good` +
      (outer ? `; on outer folds ${shown(outer.mean)} [${shown(outer.low)}, ${shown(outer.high)}]` : ""),
    ...(ended
      ? [`the search was ended early${journal === undefined ? "" : `; the same command continues from ${journal}`}`]
      : []),
    "",
    columns([
      [`on ${judged.rows} ${judgedOn}`, best.learner],
      ...(["auc", "logLoss", "brier", "accuracy", "f1", "threshold"] as const).map((key) => [key, shown(judged[key])]),
    ]),
    "",
    `saved ${out} after ${seconds.toFixed(1)} s`,
  ].join("\n");
}
