import type { CreateHyperParameterTuningJobCommandInput } from "@aws-sdk/client-sagemaker";
import {
  count,
  flag,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  withDefault,
  type Decoder,
} from "../../../base/json/index.js";
import type { LearnerName } from "../../../model/training/index.js";
import { searchSpace, type ChoiceRange, type SearchSpace } from "../../../model/tuning/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { type AwsTarget, nameOf, tagsOf } from "../target.js";
import { refCount, suffix } from "./decoders.js";
import { defined, known } from "./parts.js";
import type { Referable } from "./referable.js";
import { trainingDecoder, trainingParts, type TrainingJob } from "./training-job.js";
import { tuningRanges } from "./tuning-ranges.js";

interface TuningJobBase {
  /** Follows the target's name. SageMaker names the training jobs after the job. */
  readonly name: string;
  /** The training job to repeat; its hyperparameters are the fixed ones. */
  readonly training: Repeated<TrainingJob>;
  /** A metric of the training job, and whether the best value is the largest. */
  readonly objective: { readonly metric: string; readonly goal: "Maximize" | "Minimize" };
  readonly maxParallel: number;
  /** The whole search's, 120 s to half a year. */
  readonly maxSeconds?: number | undefined;
  /** Default 0, so that the same search draws the same values. */
  readonly seed?: number | undefined;
  /** Ends the search before its limit. */
  readonly until?:
    | {
        readonly value?: number | undefined;
        /** Number of jobs without a better value, at least 3. */
        readonly notImproving?: number | undefined;
        readonly converged?: boolean | undefined;
      }
    | undefined;
}

/** A tuning has no warm pool of its own, and names its jobs itself. */
type Repeated<Job> = Job extends unknown ? Omit<Job, "name" | "keepAliveSeconds"> : never;

/** Of any options, or of those of one learner. */
type Space = SearchSpace | SearchSpace<LearnerName>;

/** Draws values at random, or by what it has learned. */
interface Drawing {
  readonly strategy: "Bayesian" | "Random";
  readonly space: Space;
  readonly maxJobs: number;
  /** Ends training jobs that are unlikely to be the best. */
  readonly earlyStopping?: boolean | undefined;
}

/** Gives most epochs to the best; it stops jobs by itself. */
interface Hyperband {
  readonly strategy: "Hyperband";
  readonly space: Space;
  readonly maxJobs: number;
  /** Epochs of a training job, at least and at most. */
  readonly resource: { readonly min: number; readonly max: number };
}

/** Tries every combination of choices. */
interface Grid {
  readonly strategy: "Grid";
  readonly space: Readonly<Record<string, ChoiceRange>>;
  readonly earlyStopping?: boolean | undefined;
}

/** Description of a tuning job. */
export type TuningJob = TuningJobBase & (Drawing | Hyperband | Grid);

const fields = strictObject({
  name: suffix,
  training: trainingDecoder,
  objective: strictObject({ metric: text(255), goal: oneOf(["Maximize", "Minimize"]) }),
  strategy: oneOf(["Bayesian", "Random", "Hyperband", "Grid"]),
  space: searchSpace,
  maxJobs: optional(refCount(1)),
  maxParallel: refCount(1),
  maxSeconds: optional(refCount(120, 15_768_000)),
  seed: withDefault(refCount(0, 2 ** 31 - 1), 0),
  earlyStopping: optional(flag),
  resource: optional(strictObject({ min: count(1), max: count(1) })),
  until: optional(
    strictObject({ value: optional(number()), notImproving: optional(count(3)), converged: optional(flag) }),
  ),
});

const decoder: Decoder<ReturnType<typeof fields>> = withRules(
  fields,
  ({ strategy, space }) =>
    broken(
      strategy === "Grid" && Object.values(space).some(({ kind }) => kind !== "choice"),
      "space",
      "has a range of numbers; the strategy Grid tries choices only",
    ),
  ({ space }) =>
    broken(
      ["real", "integer", "choice"].some(
        (kind) => Object.values(space).filter((range) => range.kind === kind).length > 30,
      ),
      "space",
      "has more than 30 ranges of one kind",
    ),
  ({ strategy, maxJobs }) =>
    broken(
      (strategy === "Grid") !== (maxJobs === undefined),
      "maxJobs",
      strategy === "Grid"
        ? "cannot be given: the strategy Grid runs every combination"
        : "is missing: give the number of training jobs",
    ),
  ({ strategy, earlyStopping }) =>
    broken(
      earlyStopping === true && strategy === "Hyperband",
      "earlyStopping",
      "cannot be used with the strategy Hyperband, which stops jobs by itself",
    ),
  ({ strategy, resource }) =>
    broken(
      (strategy === "Hyperband") !== (resource !== undefined),
      "resource",
      "belongs to the strategy Hyperband, which needs the fewest and the most epochs of a job",
    ),
  ({ resource }) =>
    broken(resource !== undefined && resource.min > resource.max, "resource", "has a min above its max"),
  ({ maxJobs, maxParallel }) =>
    broken(
      (known(maxParallel) ?? 0) > (known(maxJobs) ?? Infinity),
      "maxParallel",
      `is more than maxJobs, ${String(known(maxJobs))}`,
    ),
  ({ objective, training }) =>
    broken(
      training.metrics?.some(({ name }) => name === objective.metric) !== true,
      "objective",
      `has a metric that training.metrics does not define: ${objective.metric}`,
    ),
  ({ space, training: { hyperparameters = {} } }) => {
    const both = Object.keys(space).find((name) => Object.hasOwn(hyperparameters, name));
    return broken(both !== undefined, "space", `varies ${String(both)}, which training.hyperparameters fixes`);
  },
  ({ training }) =>
    broken(training.keepAliveSeconds !== undefined, "training", "has keepAliveSeconds; a tuning job has no warm pool"),
);

/**
 * The request of a hyperparameter tuning job. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the job would break.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, tuningJob } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const request = tuningJob(target, {
 *   name: "tune-1",
 *   training: {
 *     channels: { train: { uri: "s3://churn-data/train" } },
 *     metrics: [{ name: "validation:f1", regex: "validation:f1=([0-9.]+)" }],
 *     instanceType: "ml.m5.xlarge",
 *     maxSeconds: 3600,
 *   },
 *   objective: { metric: "validation:f1", goal: "Maximize" },
 *   strategy: "Bayesian",
 *   space: { learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" } },
 *   maxJobs: 8,
 *   maxParallel: 2,
 * });
 * console.assert(request.HyperParameterTuningJobName === "churn-dev-tune-1");
 * ```
 */
export function tuningJob(target: AwsTarget, job: TuningJob): CreateHyperParameterTuningJobCommandInput;
export function tuningJob(
  target: AwsTarget,
  job: Referable<TuningJob>,
): Referable<CreateHyperParameterTuningJobCommandInput>;
export function tuningJob(
  target: AwsTarget,
  description: Referable<TuningJob>,
): Referable<CreateHyperParameterTuningJobCommandInput> {
  const job = decodeWith(decoder, description, "The tuning job", "job");
  return defined({
    HyperParameterTuningJobName: nameOf(target, job.name),
    HyperParameterTuningJobConfig: {
      Strategy: job.strategy,
      StrategyConfig: job.resource && {
        HyperbandStrategyConfig: { MinResource: job.resource.min, MaxResource: job.resource.max },
      },
      HyperParameterTuningJobObjective: { Type: job.objective.goal, MetricName: job.objective.metric },
      ResourceLimits: {
        MaxNumberOfTrainingJobs: job.maxJobs,
        MaxParallelTrainingJobs: job.maxParallel,
        MaxRuntimeInSeconds: job.maxSeconds,
      },
      ParameterRanges: tuningRanges(job.space),
      TrainingJobEarlyStoppingType: job.earlyStopping === true ? "Auto" : "Off",
      TuningJobCompletionCriteria: job.until && {
        TargetObjectiveMetricValue: job.until.value,
        BestObjectiveNotImproving:
          job.until.notImproving === undefined
            ? undefined
            : { MaxNumberOfTrainingJobsNotImproving: job.until.notImproving },
        ConvergenceDetected: job.until.converged === true ? { CompleteOnConvergence: "Enabled" } : undefined,
      },
      RandomSeed: job.seed,
    },
    TrainingJobDefinition: {
      StaticHyperParameters: job.training.hyperparameters,
      ...trainingParts(target, job.training),
    },
    Tags: tagsOf(target),
  });
}
