import type { CreateProcessingJobCommandInput, DescribeProcessingJobCommandOutput } from "@aws-sdk/client-sagemaker";
import { processingJob, type ProcessingJob } from "../../aws/requests/processing-job.js";
import { type StartableJob, secondsBetween } from "./kind.js";

/** A processing job that is done. */
export interface ProcessingResult {
  readonly name: string;
  /** S3 URIs by the outputs' names. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** SageMaker's own limit. */
const day = 86_400;

export const processing: StartableJob<
  ProcessingJob,
  CreateProcessingJobCommandInput,
  DescribeProcessingJobCommandOutput,
  ProcessingResult
> = {
  noun: "processing job",
  logGroup: "/aws/sagemaker/ProcessingJobs",
  moreTime: "Give a longer maxSeconds, or more instances with parts of the objects (ShardedByS3Key).",
  request: processingJob,
  nameOf: ({ ProcessingJobName = "" }) => ProcessingJobName,
  create: (session, request) => session.call("sagemaker", "CreateProcessingJob", request),
  describe: (session, ProcessingJobName) => session.call("sagemaker", "DescribeProcessingJob", { ProcessingJobName }),
  stop: (session, ProcessingJobName) => session.call("sagemaker", "StopProcessingJob", { ProcessingJobName }),
  stateOf: (described) => ({
    status: described.ProcessingJobStatus ?? "InProgress",
    // The container's own words say more than SageMaker's.
    reason: described.ExitMessage ?? described.FailureReason,
    limit:
      secondsOf(described) >= (described.StoppingCondition?.MaxRuntimeInSeconds ?? day)
        ? "MaxRuntimeExceeded"
        : undefined,
  }),
  resultOf: (described) =>
    Promise.resolve({
      name: described.ProcessingJobName ?? "",
      outputs: Object.fromEntries(
        (described.ProcessingOutputConfig?.Outputs ?? []).map(({ OutputName = "", S3Output }) => [
          OutputName,
          S3Output?.S3Uri ?? "",
        ]),
      ),
      seconds: secondsOf(described),
    }),
};

const secondsOf = ({ ProcessingStartTime, ProcessingEndTime }: DescribeProcessingJobCommandOutput): number =>
  secondsBetween(ProcessingStartTime, ProcessingEndTime);
