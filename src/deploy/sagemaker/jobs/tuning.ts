import type {
  CreateHyperParameterTuningJobCommandInput,
  DescribeHyperParameterTuningJobCommandOutput,
  HyperParameterTrainingJobSummary,
} from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";
import { tuningJob, type TuningJob } from "../../aws/requests/tuning-job.js";
import { patiently } from "../patiently.js";
import { type StartableJob, type JobProgress, secondsBetween } from "./kind.js";
import { trained, training, type TrainingResult } from "./training.js";

/** A tuning job that is done. */
export interface TuningResult {
  readonly name: string;
  readonly best: TrainingResult & {
    readonly objective: number;
    /** All of them, the fixed ones too, as a training job takes them. */
    readonly hyperparameters: Readonly<Record<string, string>>;
  };
  readonly trials: NonNullable<JobProgress["trials"]>;
}

export const tuning: StartableJob<
  TuningJob,
  CreateHyperParameterTuningJobCommandInput,
  DescribeHyperParameterTuningJobCommandOutput,
  TuningResult
> = {
  noun: "tuning job",
  logGroup: training.logGroup,
  moreTime: "Give a longer maxSeconds, or fewer jobs.",
  request: tuningJob,
  nameOf: ({ HyperParameterTuningJobName = "" }) => HyperParameterTuningJobName,
  create: (session, request) => session.call("sagemaker", "CreateHyperParameterTuningJob", request),
  describe: (session, HyperParameterTuningJobName) =>
    session.call("sagemaker", "DescribeHyperParameterTuningJob", { HyperParameterTuningJobName }),
  stop: (session, HyperParameterTuningJobName) =>
    session.call("sagemaker", "StopHyperParameterTuningJob", { HyperParameterTuningJobName }),
  stateOf: (described) => ({
    status: described.HyperParameterTuningJobStatus ?? "InProgress",
    trials: trialsOf(described),
    best: bestOf(described),
    reason: described.FailureReason,
    limit: reachedLimit(described) ? "MaxRuntimeExceeded" : undefined,
  }),
  async resultOf(described, session) {
    const name = described.HyperParameterTuningJobName ?? "";
    const best = bestOf(described);
    if (best === undefined)
      throw new ChurnkitError(
        "JOB_FAILED",
        `The tuning job ${name} is completed, but has no best training job: none printed the objective. Correct the regular expression of the metric.`,
        { where: { value: name } },
      );
    const job = await patiently(session.clock, () => training.describe(session, best.name));
    // SageMaker adds some of its own.
    const own = Object.entries(job.HyperParameters ?? {}).filter(([key]) => !key.startsWith("_"));
    return {
      name,
      best: { ...trained(job), objective: best.objective, hyperparameters: Object.fromEntries(own) },
      trials: trialsOf(described),
    };
  },
  /** The first of its training jobs that failed. */
  async loggedAs(session, HyperParameterTuningJobName) {
    const { TrainingJobSummaries } = await session.call("sagemaker", "ListTrainingJobsForHyperParameterTuningJob", {
      HyperParameterTuningJobName,
      StatusEquals: "Failed",
      SortBy: "CreationTime",
      SortOrder: "Ascending",
      MaxResults: 1,
    });
    return TrainingJobSummaries?.[0]?.TrainingJobName;
  },
};

function trialsOf({ TrainingJobStatusCounters: counters }: DescribeHyperParameterTuningJobCommandOutput) {
  return {
    completed: counters?.Completed ?? 0,
    running: counters?.InProgress ?? 0,
    failed: (counters?.NonRetryableError ?? 0) + (counters?.RetryableError ?? 0),
    stopped: counters?.Stopped ?? 0,
  };
}

function bestOf(described: DescribeHyperParameterTuningJobCommandOutput): JobProgress["best"] {
  // With a warm start, the overall best may be of an earlier tuning.
  const best: HyperParameterTrainingJobSummary | undefined =
    described.OverallBestTrainingJob ?? described.BestTrainingJob;
  const { Value } = best?.FinalHyperParameterTuningJobObjectiveMetric ?? {};
  if (best?.TrainingJobName === undefined || Value === undefined) return undefined;
  return { name: best.TrainingJobName, objective: Value, hyperparameters: best.TunedHyperParameters ?? {} };
}

function reachedLimit(described: DescribeHyperParameterTuningJobCommandOutput): boolean {
  const { CreationTime, HyperParameterTuningEndTime, HyperParameterTuningJobConfig } = described;
  const { MaxRuntimeInSeconds = Infinity } = HyperParameterTuningJobConfig?.ResourceLimits ?? {};
  return secondsBetween(CreationTime, HyperParameterTuningEndTime) >= MaxRuntimeInSeconds;
}
