import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import { canonicalJson } from "../../base/json/index.js";
import { workMeter } from "../../base/node.js";
import { version } from "../../base/version.js";
import type { Features } from "../../data/features/index.js";
import { hashTable, takeRows, type Table } from "../../data/table/index.js";
import { anyMetrics, type AnyMetricName, metricNamesOf, usualMetric } from "../evaluate/class-metrics.js";
import { openBudget, type Budget } from "../kinds/budget.js";
import { type ClassLabels, classLabels } from "../training/classes/class-labels.js";
import { defaultWorkers } from "../training/default-workers.js";
import { learnerNamed } from "../training/learners.js";
import { observed, type TrainingObserver } from "../training/observe.js";
import type { FoldScores } from "../training/score-fold.js";
import { train } from "../training/train.js";
import type { Outcome, Trial, TrialPlan } from "../training/trial.js";
import type { CrossValidation } from "./cross-validate.js";
import { openFoldRunner, type FoldRunner } from "./fold-runner.js";
import { openJournal, type Journal, type SearchIdentity } from "./journal.js";
import { asha } from "./methods/asha.js";
import { grid, randomSearch } from "./methods/grid.js";
import type { Method } from "./methods/method.js";
import { tpe } from "./methods/tpe.js";
import { encodeFold, planFolds, type PlannedFold } from "./resampling.js";
import { summary } from "./run-cross-validation.js";
import { runSearch, type SearchResult } from "./search.js";
import { searchedOf, type Searched } from "./space/searched.js";
import { withShare } from "./space/share.js";
import { tuningMethods, type TuneOptions, type TuneResult } from "./tune.js";

/** Threads start at once and take memory each; more would not find a core. */
const mostThreads = 64;

/** Trials without a number of their own. */
const usualTrials = 50;

/** Implements `tune` before an observer's eyes. */
export function tuneObserved<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: TuneOptions,
  observer: TrainingObserver,
): Promise<TuneResult<Row, Request>> {
  const { searched, method, trials, metric } = planOf(options, table.contract.target?.classes.length ?? 2);
  const { folds, repeats, holdout, nested, seed = 0, gitCommit, signal } = options;
  const { contract, source } = table;
  const begin = {
    ...{ work: "tuning" as const, learner: searched.map(({ learner }) => learner).join(","), seed, gitCommit },
    ...{ contract, source, rows: { train: table.rows, validation: 0 } },
    parameters: { method, metric, trials, folds, repeats, holdout, nested },
  };
  return observed(observer, begin, signal, (told) =>
    runTuning(features, table, {
      ...options,
      onTrial(trial) {
        told.trial(trial, metric);
        options.onTrial?.(trial);
      },
    }),
  );
}

/** Implements `tune`. */
export async function runTuning<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: TuneOptions,
): Promise<TuneResult<Row, Request>> {
  const worked = workMeter();
  const { best, nested, ...found } = await searchOptions(features, table, options);
  const { seed = 0, threshold, workers, signal, gitCommit } = options;
  const model = await train(features, table, {
    learner: learnerNamed(best.learner, best.options),
    seed,
    ...(threshold && { threshold }),
    ...(workers !== undefined && { workers }),
    ...(signal && { signal }),
    ...(gitCommit !== undefined && { gitCommit }),
  });
  return { ...found, best, nested, model: { ...model, trainingRun: { ...model.trainingRun, ...worked() } } };
}

/** The search without the training of the best. */
export async function searchOptions(
  features: Features,
  table: Table,
  options: TuneOptions,
): Promise<Omit<TuneResult, "model">> {
  const known = classLabels(table);
  const plan = planOf(options, known.classes?.count ?? 2);
  const outer = outerFolds(table, options);
  const budget = options.budget && openBudget(options.budget);
  const journal = await openJournal(options.journal, await identityOf(features, table, options, plan));
  const workers = Math.min(mostThreads, options.workers ?? (await defaultWorkers()));
  const runner = await openFoldRunner(workers);
  const shared = { features, options, plan, budget, journal, workers, runner };
  try {
    const { trials, ended } = await searchRows({ ...shared, table, stage: "all rows" });
    const best = bestOf(trials, plan);
    const nested = ended ? undefined : await nestedFolds({ ...shared, table, known }, outer);
    return { metric: plan.metric, best, trials, ended, nested };
  } finally {
    await runner.close();
  }
}

/** The options, complete and checked. */
interface Plan {
  readonly searched: readonly Searched[];
  readonly method: (typeof tuningMethods)[number];
  readonly trials: number | undefined;
  readonly metric: AnyMetricName;
  readonly sign: 1 | -1;
}

function planOf(
  { learners = [{ learner: "boosting" }], method = "tpe", metric: given, ...rest }: TuneOptions,
  classes: number,
): Plan {
  const refuse = (message: string): never => {
    throw new ChurnkitError("OPTION_INVALID", message);
  };
  const { trials = method === "grid" ? undefined : usualTrials, nested, threshold } = rest;
  if (learners.length === 0) refuse("No learner is searched. Name at least one.");
  if (!tuningMethods.includes(method)) refuse(`There is no method ${method}. Use one of ${tuningMethods.join(", ")}.`);
  const metric = given ?? usualMetric(classes);
  const names = metricNamesOf(classes);
  if (!names.includes(metric))
    refuse(`There is no metric ${metric} of ${classes} classes. Use one of ${names.join(", ")}.`);
  if (trials !== undefined && !(Number.isInteger(trials) && trials >= 1 && trials <= 100_000))
    refuse(`trials is ${trials}. Give a whole number from 1 to 100,000.`);
  if (nested !== undefined && !(Number.isInteger(nested) && nested >= 2 && nested <= 100))
    refuse(`nested is ${nested}. Give a whole number of outer folds from 2 to 100.`);
  if (anyMetrics[metric].needs === "costs" && !(threshold && "costs" in threshold && threshold.costs))
    refuse(`The metric ${metric} needs costs. Give the rule { rule: "cost", costs } as threshold.`);
  const sign = anyMetrics[metric].better === "higher" ? -1 : 1;
  return { searched: learners.map(searchedOf), method, trials, metric, sign };
}

function methodOf({ searched, method, trials }: Plan, seed: number): Method {
  const spaces = searched.map(({ space }) => space);
  switch (method) {
    case "grid":
      return grid(spaces, trials);
    case "random":
      return randomSearch(spaces, trials ?? usualTrials, seed);
    case "tpe":
      return tpe(spaces, trials ?? usualTrials, seed);
    case "asha":
      return asha(spaces, trials ?? usualTrials, seed);
  }
}

/** Everything that a trial's outcome depends on. */
async function identityOf(
  features: Features,
  table: Table,
  { folds = 5, repeats = 1, by, holdout = false, nested, seed = 0, threshold = { rule: "f1" } }: TuneOptions,
  { searched, method, trials, metric }: Plan,
): Promise<SearchIdentity> {
  const text = new TextEncoder();
  return {
    version,
    data: await hashTable(table),
    features: await sha256Hex(text.encode(canonicalJson(features))),
    learners: searched.map(({ learner, space, options }) => ({ learner, space, options })),
    method,
    // Halving goes by how many begin; the others only end sooner.
    trials: method === "asha" ? trials : null,
    metric,
    folds: { folds, repeats, by: by ?? null, holdout, nested: nested ?? null },
    seed,
    threshold,
  };
}

interface Setup {
  readonly features: Features;
  readonly options: TuneOptions;
  readonly plan: Plan;
  readonly budget: Budget | undefined;
  readonly journal: Journal | undefined;
  readonly workers: number;
  readonly runner: FoldRunner;
}

/** Searches by folds of some rows. */
async function searchRows(setup: Setup & { readonly table: Table; readonly stage: string }): Promise<SearchResult> {
  const { features, options, plan, budget, journal, workers, runner, table, stage } = setup;
  const { threshold = { rule: "f1" }, signal, onTrial, holdout = false, seed = 0 } = options;
  const known = classLabels(table);
  const all = planFolds(table, options);
  // In time the last fold is the one with the most rows to learn from.
  const one = options.by && "time" in options.by ? all.slice(-1) : all.slice(0, 1);
  const folds = holdout ? one : all;
  const data = folds.map((fold) => encodeFold(features, table, known, fold));
  const evaluate = async ({ learner, options: full, share }: TrialPlan, stop: AbortSignal): Promise<Outcome> => {
    const scored = await Promise.allSettled(
      folds.map((fold, i) => {
        const own = data[i] as (typeof data)[number];
        const { options: some, rowShare } = withShare(learner, full, share, own.training.labels.length);
        return runner.score(learnerNamed(learner, some), own, { threshold, seed: fold.seed, rowShare }, stop);
      }),
    );
    stop.throwIfAborted();
    return outcomeOf(scored, plan.metric);
  };
  return runSearch({
    method: methodOf(plan, seed),
    searched: plan.searched,
    sign: plan.sign,
    abreast: Math.max(1, workers),
    journal,
    stage,
    budget,
    signal,
    onTrial: stage === "all rows" ? onTrial : undefined,
    evaluate,
  });
}

/** The mean over the folds, or why there is none. */
function outcomeOf(scored: readonly PromiseSettledResult<FoldScores>[], metric: AnyMetricName): Outcome {
  const values: number[] = [];
  for (const fold of scored) {
    if (fold.status === "rejected") return { value: null, values: [], failed: reasonOf(fold.reason) };
    const value = fold.value.values[metric] ?? null;
    if (value === null)
      return { value: null, values: [], failed: `METRIC_UNDEFINED: ${metric} has no value on a fold` };
    values.push(value);
  }
  return { value: values.reduce((sum, value) => sum + value, 0) / values.length, values };
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (ChurnkitError.isInstance(error) ? `${error.code}: ${message}` : message).slice(0, 1000);
}

/** The best trial of those with all epochs; of equals the first. */
function bestOf(trials: readonly Trial[], { sign }: Plan): Trial {
  const done = trials.filter(({ value }) => value !== null);
  const most = Math.max(...done.map(({ share }) => share));
  const [first, ...others] = done.filter(({ share }) => share === most);
  if (first === undefined)
    throw new ChurnkitError(
      "JOB_FAILED",
      `All ${trials.length} trials failed, the first with: ${trials[0]?.failed ?? "no reason"}`,
    );
  return others.reduce((best, trial) => (sign * Number(trial.value) < sign * Number(best.value) ? trial : best), first);
}

/** The outer folds, if there are any. Too few rows for one of their searches are refused before the first search. */
function outerFolds(table: Table, options: TuneOptions): readonly PlannedFold[] {
  const { nested, by, seed } = options;
  if (nested === undefined) return [];
  const outer = planFolds(table, { folds: nested, by, seed });
  for (const { train: rows } of outer) planFolds(takeRows(table, rows), options);
  return outer;
}

/** Repeats the search on the rows outside each outer fold, and tests its best there. */
async function nestedFolds(
  setup: Setup & { readonly table: Table; readonly known: ClassLabels },
  outer: readonly PlannedFold[],
): Promise<CrossValidation | undefined> {
  const { options, plan, features, runner, table, known } = setup;
  const { threshold = { rule: "f1" }, signal } = options;
  if (outer.length === 0) return undefined;
  const scores: FoldScores[] = [];
  const chosen: Pick<Trial, "learner" | "options">[] = [];
  for (const fold of outer) {
    const rows = takeRows(table, fold.train);
    const { trials, ended } = await searchRows({ ...setup, table: rows, stage: `outer fold ${fold.fold}` });
    if (ended) return undefined;
    const { learner, options: found } = bestOf(trials, plan);
    chosen.push({ learner, options: found });
    const data = encodeFold(features, table, known, fold);
    scores.push(await runner.score(learnerNamed(learner, found), data, { threshold, seed: fold.seed }, signal));
  }
  return summary({ name: "tuned", parameters: { chosen } }, table.contract, outer, scores);
}
