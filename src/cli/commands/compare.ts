import type { Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { defineFeatures } from "../../data/features/index.js";
import { anyMetrics, type AnyMetricName, usualMetric } from "../../model/evaluate/index.js";
import { learnerNamed, learnerNames } from "../../model/training/index.js";
import { compareLearners, type CrossValidation, type FoldMean } from "../../model/tuning/index.js";
import { decisionOptions, thresholdRule, type DecisionOptions } from "../decision-options.js";
import { foldOptions, foldsOf, type FoldArguments } from "../fold-options.js";
import { example } from "../help.js";
import { metricOption } from "../metric-option.js";
import {
  columnsOption,
  contractOptions,
  ignoreOption,
  readInput,
  seedOption,
  type ContractArguments,
} from "../input.js";
import { columns, note, print, shown } from "../output.js";

interface Options extends ContractArguments, DecisionOptions, FoldArguments {
  learners: readonly string[];
  metric?: AnyMetricName;
  seed: number;
  json?: boolean;
}

export function register(program: Command): void {
  const command = contractOptions(
    program.command("compare <file>").description("compare learners by cross-validation on the same folds"),
  )
    .addOption(ignoreOption())
    .option(
      "--learners <names>",
      `the learners to compare, separated by commas, of ${learnerNames.join(", ")}; default: all but auto`,
      columnsOption,
    )
    .addOption(metricOption("the metric that orders them and whose differences are tested"));
  decisionOptions(foldOptions(command), "the one with the best F1 on rows held out in each fold")
    .option("--seed <number>", "seed of the folds and of every training", seedOption, 0)
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      example("churnkit compare customers.csv --target churn --positive Yes --learners logistic,boosting,forest"),
    )
    .action(run);
}

/** The learners that are compared by default; `auto` would train them all again. */
const usual = ["logistic", "boosting", "forest", "network"];

async function run(file: string, options: Options): Promise<void> {
  const { seed, costs, learners: names = usual } = options;
  if (options.metric !== undefined && anyMetrics[options.metric].needs === "costs" && costs === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The metric ${options.metric} has no value without the costs of mistakes. Give --costs.`,
    );
  const learners = Object.fromEntries(names.map((name) => [name, learnerNamed(name)]));
  const table = await readInput(file, options, { target: "required", ragged: "reject-row" });
  const classes = table.contract.target?.classes.length ?? 2;
  const metric = options.metric ?? usualMetric(classes);
  if (anyMetrics[metric].needs === "classes" && classes <= 2)
    throw new ChurnkitError("OPTION_INVALID", `The metric ${metric} is over more than two classes. Use another one.`);
  const { results, differences } = await compareLearners(defineFeatures(table.contract), table, learners, {
    ...foldsOf(options),
    seed,
    threshold: thresholdRule(options),
    onProgress: ({ done, of }) => note(`${done} of ${of} models trained`),
  });
  const sign = anyMetrics[metric].better === "higher" ? -1 : 1;
  const order = Object.keys(results).sort(
    (a, b) => sign * ((results[a]?.metrics[metric]?.mean ?? 0) - (results[b]?.metrics[metric]?.mean ?? 0)),
  );
  const [best = ""] = order;
  const rivals = order.slice(1).flatMap((rival) => {
    const found = differences.find(({ a, b }) => (a === best && b === rival) || (a === rival && b === best));
    const tested = found?.metrics[metric];
    if (!found || !tested) return [];
    const [low, high] = found.a === rival ? [tested.low, tested.high] : [-tested.high, -tested.low];
    return [{ learner: rival, mean: found.a === rival ? tested.mean : -tested.mean, low, high, p: tested.p }];
  });
  print(
    options.json,
    {
      rows: table.rows,
      rejected: table.rejected.length,
      folds: options.folds,
      repeats: options.repeats,
      metric,
      best,
      learners: Object.fromEntries(order.map((name) => [name, results[name]?.metrics])),
      differences: rivals.map((rival) => ({ ...rival, from: best })),
    },
    [
      `${table.rows} rows, ${describe(options)}: each figure is the mean over the folds, of models that did not train on the fold`,
      "",
      columns([
        [
          "learner",
          ...shownMetrics(classes).map((name) => anyMetrics[name].label),
          `${anyMetrics[metric].label}, 95 % interval`,
        ],
        ...order.map((name) => line(name, results[name] as CrossValidation, shownMetrics(classes), metric)),
      ]),
      "",
      ...rivals.map(
        ({ learner, mean, low, high, p }) =>
          `${learner} - ${best}: ${anyMetrics[metric].label} ${signed(mean)} [${signed(low)}, ${signed(high)}], p ${shown(p, 3)} (corrected paired test)`,
      ),
    ].join("\n"),
  );
}

const describe = ({ folds, repeats, group, time }: Options): string => {
  const how = time !== undefined ? ` in time by ${time}` : group !== undefined ? ` of groups by ${group}` : "";
  return `${folds} folds${how}${repeats > 1 ? `, ${repeats} times` : ""}`;
};

const shownMetrics = (classes: number): readonly AnyMetricName[] =>
  classes > 2 ? ["classes.logLoss", "classes.accuracy", "classes.macroF1"] : ["auc", "logLoss", "f1"];

const line = (
  name: string,
  { metrics: all }: CrossValidation,
  names: readonly AnyMetricName[],
  metric: AnyMetricName,
): string[] => [name, ...names.map((each) => shown(all[each]?.mean)), interval(all[metric] ?? null)];

const interval = (value: FoldMean | null): string =>
  value === null ? "-" : `${shown(value.mean)} [${shown(value.low)}, ${shown(value.high)}]`;

const signed = (value: number): string => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`;
