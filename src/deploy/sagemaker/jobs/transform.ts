import type { CreateTransformJobCommandInput, DescribeTransformJobCommandOutput } from "@aws-sdk/client-sagemaker";
import { transformJob, type TransformJob } from "../../aws/requests/transform-job.js";
import { type StartableJob, secondsBetween } from "./kind.js";

/** A batch transform job that is done. */
export interface TransformResult {
  readonly name: string;
  /** S3 URI below which each object has its answers, under its name and `.out`. */
  readonly output: string;
  readonly seconds: number;
}

export const transform: StartableJob<
  TransformJob,
  CreateTransformJobCommandInput,
  DescribeTransformJobCommandOutput,
  TransformResult
> = {
  noun: "transform job",
  logGroup: "/aws/sagemaker/TransformJobs",
  moreTime: "Give more instances.",
  request: transformJob,
  nameOf: ({ TransformJobName = "" }) => TransformJobName,
  create: (session, request) => session.call("sagemaker", "CreateTransformJob", request),
  describe: (session, TransformJobName) => session.call("sagemaker", "DescribeTransformJob", { TransformJobName }),
  stop: (session, TransformJobName) => session.call("sagemaker", "StopTransformJob", { TransformJobName }),
  stateOf: ({ TransformJobStatus, FailureReason }) => ({
    status: TransformJobStatus ?? "InProgress",
    reason: FailureReason,
  }),
  resultOf: ({ TransformJobName = "", TransformOutput, TransformStartTime, TransformEndTime }) =>
    Promise.resolve({
      name: TransformJobName,
      output: TransformOutput?.S3OutputPath ?? "",
      seconds: secondsBetween(TransformStartTime, TransformEndTime),
    }),
};
