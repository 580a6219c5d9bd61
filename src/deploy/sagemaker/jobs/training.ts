import type {
  CreateTrainingJobCommandInput,
  DescribeTrainingJobCommandOutput,
  MetricData,
} from "@aws-sdk/client-sagemaker";
import { trainingJob, type TrainingJob } from "../../aws/requests/training-job.js";
import { type StartableJob, secondsBetween } from "./kind.js";

/** A training job that is done. */
export interface TrainingResult {
  readonly name: string;
  /** S3 URI of `model.tar.gz`. */
  readonly artifact: string;
  /** The last value of each of the job's metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the training itself, without the time before it. */
  readonly seconds: number;
  readonly billableSeconds: number;
  /** Part of the price that spot capacity saved, 0 to 1. */
  readonly spotSavings?: number | undefined;
}

export const training: StartableJob<
  TrainingJob,
  CreateTrainingJobCommandInput,
  DescribeTrainingJobCommandOutput,
  TrainingResult
> = {
  noun: "training job",
  logGroup: "/aws/sagemaker/TrainingJobs",
  moreTime: "Give a longer maxSeconds; with the same checkpoints the training continues where it was.",
  request: trainingJob,
  nameOf: ({ TrainingJobName = "" }) => TrainingJobName,
  create: (session, request) => session.call("sagemaker", "CreateTrainingJob", request),
  describe: (session, TrainingJobName) => session.call("sagemaker", "DescribeTrainingJob", { TrainingJobName }),
  stop: (session, TrainingJobName) => session.call("sagemaker", "StopTrainingJob", { TrainingJobName }),
  stateOf: ({
    TrainingJobStatus,
    SecondaryStatus,
    SecondaryStatusTransitions,
    FailureReason,
    FinalMetricDataList,
  }) => ({
    status: TrainingJobStatus ?? "InProgress",
    stage: SecondaryStatus,
    message: SecondaryStatusTransitions?.at(-1)?.StatusMessage,
    metrics: numbersOf(FinalMetricDataList),
    reason: FailureReason,
    limit: (["MaxRuntimeExceeded", "MaxWaitTimeExceeded"] as const).find((limit) => limit === SecondaryStatus),
  }),
  resultOf: (described) => Promise.resolve(trained(described)),
};

export function trained(described: DescribeTrainingJobCommandOutput): TrainingResult {
  const { TrainingStartTime, TrainingEndTime, EnableManagedSpotTraining } = described;
  const seconds = described.TrainingTimeInSeconds ?? secondsBetween(TrainingStartTime, TrainingEndTime);
  const billableSeconds = described.BillableTimeInSeconds ?? seconds;
  return {
    name: described.TrainingJobName ?? "",
    artifact: described.ModelArtifacts?.S3ModelArtifacts ?? "",
    metrics: numbersOf(described.FinalMetricDataList),
    seconds,
    billableSeconds,
    ...(EnableManagedSpotTraining === true && seconds > 0 && { spotSavings: 1 - billableSeconds / seconds }),
  };
}

const numbersOf = (metrics: readonly MetricData[] = []): Record<string, number> =>
  Object.fromEntries(metrics.map(({ MetricName = "", Value = NaN }) => [MetricName, Value]));
