import { ChurnkitError } from "../../../../base/errors.js";
import type { PipelineStep } from "../../../../jobs/graph.js";
import { anyMetrics, type AnyMetricName } from "../../../../model/evaluate/index.js";
import { trainingMetrics } from "../../../../model/training/index.js";
import type { SearchSpace } from "../../../../model/tuning/index.js";
import type { TrainingJob } from "../../requests/training-job.js";
import { uriOf } from "../../target.js";
import { trainingStep, tuningStep } from "../job-steps.js";
import { refs } from "../references.js";
import type { DefinedStep, JobStepOptions } from "../step.js";
import { logged, modelsOf } from "./artifacts.js";
import type { WholeSearch } from "./options.js";
import { optionsOf, settingsOf, type Workshop } from "./workshop.js";

/** Params of a job as JSON; the container reads each of a training as a hyperparameter. */
type Params = NonNullable<TrainingJob["hyperparameters"]>;

/** What a training and a tuning have in common. */
function trainingOf(step: PipelineStep, params: Params, { target, options, artifacts }: Workshop) {
  const { settings, compute } = settingsOf(step, options);
  const { rows = "", validation, features } = step.inputs ?? {};
  const channels = {
    train: rows,
    ...(validation !== undefined && { validation }),
    ...(features !== undefined && { features }),
  };
  // With a slash at its end, because SageMaker takes every object whose key begins so.
  const checkpoints = refs.join("/", [
    uriOf(target, "checkpoints"),
    refs.execution("PipelineExecutionId"),
    step.id,
    "",
  ]);
  const { spot } = settings;
  const training = {
    ...compute,
    channels: Object.fromEntries(Object.entries(channels).map(([name, from]) => [name, { uri: artifacts.uri(from) }])),
    hyperparameters: params,
    metrics: trainingMetrics,
    output: modelsOf(target),
  };
  return spot === undefined ? training : { ...training, spot, checkpoints };
}

/** The job `train` as a training job. */
export const compileTraining = (step: PipelineStep, workshop: Workshop): DefinedStep =>
  trainingStep(
    step.id,
    workshop.target,
    trainingOf(step, (step.params ?? {}) as Params, workshop),
    optionsOf(step, settingsOf(step, workshop.options).settings),
  );

/** Params of the job `tune`, which the graph has checked. */
interface TuneParams {
  readonly learners: readonly (Params & { readonly space?: SearchSpace })[];
  readonly metric?: AnyMetricName;
}

/** Params that a tuning job says in another way, or does not have: each of its jobs holds rows out by itself. */
const ofSearch: readonly string[] = ["learners", "method", "trials", "metric", "folds", "holdout"];

/** The job `tune` as a tuning job: the first learner, with options from the search's space or its own. */
export function compileTuning(step: PipelineStep, workshop: Workshop): DefinedStep {
  const { settings } = settingsOf(step, workshop.options);
  const { search } = settings;
  const { learners, metric = "logLoss" } = step.params as TuneParams;
  const [{ space = {}, ...first } = {}] = learners;
  if (search === undefined || learners.length !== 1)
    throw new ChurnkitError(
      "PIPELINE_INVALID",
      `The pipeline's step ${JSON.stringify(step.id)} has ${learners.length} learners; a search varies the options of one. Give one, or remove the search.`,
      { where: { path: `steps.${step.id}` } },
    );
  const { better, needs } = anyMetrics[metric];
  if (needs === "classes")
    throw new ChurnkitError(
      "PIPELINE_INVALID",
      `The pipeline's step ${JSON.stringify(step.id)} searches by ${metric}, which the log of a training job does not have. Name a metric of the positive class, such as logLoss.`,
      { where: { path: `steps.${step.id}` } },
    );
  const others = Object.entries(step.params as Params).filter(([name]) => !ofSearch.includes(name));
  const training = trainingOf(step, { ...Object.fromEntries(others), ...first }, workshop);
  const { retries, ...rest } = optionsOf(step, settings);
  // Whether such a space goes with the strategy is checked with the whole job.
  const whole = { space, ...search } as WholeSearch;
  const goal = better === "higher" ? "Maximize" : "Minimize";
  return tuningStep(
    step.id,
    workshop.target,
    { ...whole, training, objective: { metric: logged(metric), goal } },
    { ...rest, retries: retries?.map(withoutInternal) },
  );
}

/** A tuning job repeats its jobs after internal errors by itself. */
const withoutInternal = (retry: NonNullable<JobStepOptions["retries"]>[number]) => ({
  ...retry,
  errors: retry.errors.filter((error) => error !== "SageMaker.JOB_INTERNAL_ERROR"),
});
