import type { CreateProcessingJobCommandInput, ProcessingInstanceType } from "@aws-sdk/client-sagemaker";
import { flag, oneOf, optional, strictObject, withDefault } from "../../../base/json/index.js";
import { decodeWith, withRules } from "../decode.js";
import { type AwsTarget, nameOf, tagsOf } from "../target.js";
import {
  command,
  environment,
  gzipNeedsPipe,
  instanceType,
  named,
  refCount,
  refText,
  s3Uri,
  suffix,
} from "./decoders.js";
import { defined, partsOf, volumeKey } from "./parts.js";
import type { Referable } from "./referable.js";

interface ProcessingInput {
  readonly uri: string;
  /** By default `/opt/ml/processing/input/<name>`. */
  readonly path?: string | undefined;
  /** `ShardedByS3Key` gives each instance a part of the objects. */
  readonly distribution?: "FullyReplicated" | "ShardedByS3Key" | undefined;
  /** `Gzip` in the mode Pipe only. */
  readonly compression?: "None" | "Gzip" | undefined;
  readonly mode?: "File" | "Pipe" | undefined;
}

interface ProcessingOutput {
  readonly uri: string;
  /** By default `/opt/ml/processing/output/<name>`. */
  readonly path?: string | undefined;
  /** When objects are written: at the end, or as files appear. */
  readonly upload?: "EndOfJob" | "Continuous" | undefined;
}

/**
 * Description of a processing job.
 *
 * @example
 * ```ts
 * import type { ProcessingJob } from "churnkit/deploy/aws";
 *
 * const job: ProcessingJob = {
 *   name: "score-1",
 *   entrypoint: ["churnkit-container", "process", "score"],
 *   inputs: {
 *     model: { uri: "s3://churn-data/models/1/model.tar.gz" },
 *     rows: { uri: "s3://churn-data/rows", distribution: "ShardedByS3Key" },
 *   },
 *   outputs: { scores: { uri: "s3://churn-data/scores" } },
 *   instanceType: "ml.m5.large",
 *   instances: 4,
 * };
 * ```
 */
export interface ProcessingJob {
  /** Follows the target's name. */
  readonly name: string;
  readonly entrypoint?: readonly string[] | undefined;
  readonly arguments?: readonly string[] | undefined;
  readonly inputs?: Readonly<Record<string, ProcessingInput>> | undefined;
  readonly outputs?: Readonly<Record<string, ProcessingOutput>> | undefined;
  readonly instanceType: ProcessingInstanceType;
  readonly instances?: number | undefined;
  readonly volumeGb?: number | undefined;
  /** SageMaker stops a longer run; a day by default. */
  readonly maxSeconds?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The container reaches nothing but its inputs, its outputs and the other instances. */
  readonly networkIsolation?: boolean | undefined;
  /** Encrypts what several instances say to each other. */
  readonly encryptTraffic?: boolean | undefined;
}

const path = optional(refText(256));

const input = withRules(
  strictObject({
    uri: s3Uri(),
    path,
    distribution: withDefault(oneOf(["FullyReplicated", "ShardedByS3Key"]), "FullyReplicated"),
    compression: withDefault(oneOf(["None", "Gzip"]), "None"),
    mode: withDefault(oneOf(["File", "Pipe"]), "File"),
  }),
  gzipNeedsPipe,
);

const output = strictObject({ uri: s3Uri(), path, upload: withDefault(oneOf(["EndOfJob", "Continuous"]), "EndOfJob") });

const decoder = strictObject({
  name: suffix,
  entrypoint: command,
  arguments: command,
  inputs: withDefault(named(input, 0, 10), {}),
  outputs: withDefault(named(output, 0, 10), {}),
  instanceType: instanceType<ProcessingInstanceType>(),
  instances: withDefault(refCount(1, 100), 1),
  volumeGb: withDefault(refCount(1, 16_384), 30),
  maxSeconds: optional(refCount(1, 777_600)),
  environment: environment(100, 256),
  networkIsolation: optional(flag),
  encryptTraffic: optional(flag),
});

/**
 * The request of a processing job. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the job would break.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, processingJob } from "churnkit/deploy/aws";
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
 * const request = processingJob(target, {
 *   name: "ingest-1",
 *   entrypoint: ["churnkit-container", "process", "ingest"],
 *   inputs: { file: { uri: "s3://churn-data/raw/customers.csv" } },
 *   outputs: { rows: { uri: "s3://churn-data/rows" } },
 *   instanceType: "ml.m5.large",
 * });
 * console.assert(request.ProcessingJobName === "churn-dev-ingest-1");
 * ```
 */
export function processingJob(target: AwsTarget, job: ProcessingJob): CreateProcessingJobCommandInput;
export function processingJob(
  target: AwsTarget,
  job: Referable<ProcessingJob>,
): Referable<CreateProcessingJobCommandInput>;
export function processingJob(
  json: AwsTarget,
  description: Referable<ProcessingJob>,
): Referable<CreateProcessingJobCommandInput> {
  const { target, kmsKey, network } = partsOf(json);
  const job = decodeWith(decoder, description, "The processing job", "job");
  const outputs = Object.entries(job.outputs);
  const isNetworkSet = network !== undefined || job.networkIsolation === true || job.encryptTraffic === true;
  return defined({
    ProcessingJobName: nameOf(target, job.name),
    ProcessingResources: {
      ClusterConfig: {
        InstanceType: job.instanceType,
        InstanceCount: job.instances,
        VolumeSizeInGB: job.volumeGb,
        VolumeKmsKeyId: volumeKey(kmsKey, job.instanceType),
      },
    },
    AppSpecification: {
      ImageUri: target.image,
      ContainerEntrypoint: job.entrypoint,
      ContainerArguments: job.arguments,
    },
    RoleArn: target.role,
    ProcessingInputs: inputsOf(job.inputs),
    ProcessingOutputConfig:
      outputs.length === 0
        ? undefined
        : {
            Outputs: outputs.map(([name, { uri, path: local, upload }]) => ({
              OutputName: name,
              S3Output: { S3Uri: uri, LocalPath: local ?? `/opt/ml/processing/output/${name}`, S3UploadMode: upload },
            })),
            KmsKeyId: kmsKey,
          },
    Environment: job.environment,
    StoppingCondition: job.maxSeconds === undefined ? undefined : { MaxRuntimeInSeconds: job.maxSeconds },
    NetworkConfig: isNetworkSet
      ? {
          VpcConfig: network,
          EnableNetworkIsolation: job.networkIsolation,
          EnableInterContainerTrafficEncryption: job.encryptTraffic,
        }
      : undefined,
    Tags: tagsOf(target),
  });
}

function inputsOf(inputs: Readonly<Record<string, ReturnType<typeof input>>>) {
  const entries = Object.entries(inputs);
  if (entries.length === 0) return undefined;
  return entries.map(([name, { uri, path: local, distribution, compression, mode }]) => ({
    InputName: name,
    S3Input: {
      S3Uri: uri,
      LocalPath: local ?? `/opt/ml/processing/input/${name}`,
      S3DataType: "S3Prefix" as const,
      S3InputMode: mode,
      S3DataDistributionType: distribution,
      S3CompressionType: compression,
    },
  }));
}
