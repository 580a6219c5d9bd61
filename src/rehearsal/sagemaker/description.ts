import type { CreateTrainingJobRequest, MetricDefinition } from "@aws-sdk/client-sagemaker";
import type { Job, JobKind, LogLine } from "./job.js";

/** A job as its Describe call returns it. */
export function described(job: Job): Record<string, unknown> {
  const { kind, name, status, stages } = job;
  const { start, end } = timesOf[kind];
  const started = stages.find(({ Status }) => Status === "Downloading")?.StartTime;
  return {
    ...job.input,
    Tags: undefined,
    ...(kind === "TrainingJob" ? training(job) : {}),
    ...job.results,
    [`${kind}Name`]: name,
    [`${kind}Arn`]: job.arn,
    [`${kind}Status`]: status,
    CreationTime: job.created,
    LastModifiedTime: job.ended ?? stages.at(-1)?.StartTime ?? job.created,
    ...(start === undefined || started === undefined ? {} : { [start]: started }),
    ...(job.reason === undefined || job.reason === "" ? {} : { FailureReason: job.reason }),
    ...(job.ended === undefined ? {} : { [end]: job.ended }),
  };
}

const timesOf: Readonly<Record<JobKind, { readonly start?: string; readonly end: string }>> = {
  TrainingJob: { start: "TrainingStartTime", end: "TrainingEndTime" },
  ProcessingJob: { start: "ProcessingStartTime", end: "ProcessingEndTime" },
  TransformJob: { start: "TransformStartTime", end: "TransformEndTime" },
  HyperParameterTuningJob: { end: "HyperParameterTuningEndTime" },
};

/** Stages in which a training has its instances. */
const onInstances = ["Downloading", "Training", "Uploading"];
/** What spot capacity costs here, as a part of the price. */
const spotPrice = 0.3;

function training({ input, stages, log, ended }: Job): Record<string, unknown> {
  const request = input as unknown as CreateTrainingJobRequest;
  const metrics = metricsIn(log, request.AlgorithmSpecification?.MetricDefinitions ?? []);
  const seconds = stages.reduce(
    (sum, { Status, StartTime }, i) =>
      onInstances.includes(Status) ? sum + (stages[i + 1]?.StartTime ?? StartTime) - StartTime : sum,
    0,
  );
  const billable = Math.ceil(request.EnableManagedSpotTraining === true ? spotPrice * seconds : seconds);
  return {
    SecondaryStatus: stages.at(-1)?.Status ?? "Starting",
    SecondaryStatusTransitions: stages,
    ...(metrics.length === 0 ? {} : { FinalMetricDataList: metrics }),
    ...(ended === undefined ? {} : { TrainingTimeInSeconds: Math.ceil(seconds), BillableTimeInSeconds: billable }),
  };
}

/** The last value of each metric that a log has. */
function metricsIn(log: readonly LogLine[], definitions: readonly MetricDefinition[]) {
  return definitions.flatMap(({ Name = "", Regex = "" }) => {
    const pattern = new RegExp(Regex);
    const values = log.flatMap(({ text, time }) => {
      const Value = Number(pattern.exec(text)?.[1]);
      return Number.isNaN(Value) ? [] : [{ MetricName: Name, Value, Timestamp: time / 1000 }];
    });
    return values.slice(-1);
  });
}
