import type { CreateTrainingJobCommandInput, TrainingInstanceType } from "@aws-sdk/client-sagemaker";
import {
  flag,
  list,
  oneOf,
  optional,
  record,
  strictObject,
  text,
  withDefault,
  type Decoder,
} from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { type AwsTarget, nameOf, tagsOf, uriOf } from "../target.js";
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
import { asText, defined, known, partsOf, volumeKey } from "./parts.js";
import { isReference, type Referable, type Reference } from "./referable.js";

type InputMode = "File" | "FastFile" | "Pipe";

interface Channel {
  readonly uri: string;
  /** By default the job's. */
  readonly mode?: InputMode | undefined;
  /** `ShardedByS3Key` gives each instance a part of the objects. */
  readonly distribution?: "FullyReplicated" | "ShardedByS3Key" | undefined;
  readonly contentType?: string | undefined;
  /** `Gzip` in the mode Pipe only. */
  readonly compression?: "None" | "Gzip" | undefined;
}

interface TrainingJobBase {
  /** Follows the target's name. */
  readonly name: string;
  /** Data by channel; the container finds each below `/opt/ml/input/data`. */
  readonly channels?: Readonly<Record<string, Channel>> | undefined;
  /** Texts as they are, all else as JSON: SageMaker's hyperparameters are texts. */
  readonly hyperparameters?: Readonly<Record<string, Hyperparameter>> | undefined;
  readonly instanceType: TrainingInstanceType;
  readonly instances?: number | undefined;
  readonly volumeGb?: number | undefined;
  /** SageMaker stops a longer run. */
  readonly maxSeconds: number;
  /** Prefix of model and report; by default `models` below the target's prefix. */
  readonly output?: string | undefined;
  readonly mode?: InputMode | undefined;
  /** What SageMaker reads from the log: the first group of the expression is the number. */
  readonly metrics?: readonly { readonly name: string; readonly regex: string }[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly arguments?: readonly string[] | undefined;
  /** The container reaches nothing but its inputs, its outputs and the other instances. */
  readonly networkIsolation?: boolean | undefined;
  /** Encrypts what several instances say to each other. */
  readonly encryptTraffic?: boolean | undefined;
}

type Hyperparameter = string | number | boolean | readonly unknown[] | { readonly [key: string]: unknown };

/** On instances of its own, also from a warm pool: kept for up to 21,600 s for the next job. */
interface OnDemand {
  readonly spot?: undefined;
  readonly keepAliveSeconds?: number | undefined;
  /** Where the checkpoints in `/opt/ml/checkpoints` are kept. */
  readonly checkpoints?: string | undefined;
}

/** On spare capacity, which may be taken away: the job resumes from its checkpoints. */
interface OnSpot {
  /** The longest wait, the run included: at least `maxSeconds`. */
  readonly spot: { readonly maxWaitSeconds: number };
  readonly checkpoints: string;
  readonly keepAliveSeconds?: undefined;
}

/**
 * Description of a training job.
 *
 * @example
 * ```ts
 * import type { TrainingJob } from "churnkit/deploy/aws";
 *
 * const job: TrainingJob = {
 *   name: "train-1",
 *   channels: { train: { uri: "s3://churn-data/train" } },
 *   hyperparameters: { learner: "network", options: { epochs: 60 } },
 *   instanceType: "ml.m5.xlarge",
 *   maxSeconds: 3600,
 *   spot: { maxWaitSeconds: 7200 },
 *   checkpoints: "s3://churn-data/checkpoints/train-1",
 * };
 * ```
 */
export type TrainingJob = TrainingJobBase & (OnDemand | OnSpot);

const inputMode = oneOf(["File", "FastFile", "Pipe"]);

const channel = strictObject({
  uri: s3Uri(),
  mode: optional(inputMode),
  distribution: withDefault(oneOf(["FullyReplicated", "ShardedByS3Key"]), "FullyReplicated"),
  contentType: optional(refText(256)),
  compression: optional(oneOf(["None", "Gzip"])),
});

const hyperparameter: Decoder<string | Reference> = (json) => {
  const { value } = json;
  if (value === undefined || value === null) throw json.not("a text, a number, true or false, a list or an object");
  if (!isReference(value) && holdsReference(value))
    throw json.refused(
      "has a reference inside a list or an object, where the pipeline does not look. Build it with refs.join",
    );
  return refText(2500)(json.with(asText(value)));
};

const holdsReference = (value: unknown): boolean =>
  isReference(value) ||
  (typeof value === "object" && value !== null && Object.values(value).some((member) => holdsReference(member)));

const fields = {
  channels: optional(named(channel, 1, 20)),
  hyperparameters: optional(record(hyperparameter, 100)),
  instanceType: instanceType<TrainingInstanceType>(),
  instances: withDefault(refCount(1), 1),
  volumeGb: withDefault(refCount(1, 16_384), 30),
  maxSeconds: refCount(1),
  output: optional(s3Uri()),
  mode: withDefault(inputMode, "File"),
  metrics: optional(list(strictObject({ name: text(255), regex: text(500) }), 40)),
  environment: environment(100, 512),
  entrypoint: command,
  arguments: command,
  networkIsolation: optional(flag),
  encryptTraffic: optional(flag),
  spot: optional(strictObject({ maxWaitSeconds: refCount(1) })),
  checkpoints: optional(s3Uri()),
  keepAliveSeconds: optional(refCount(0, 21_600)),
};

type Decoded = ReturnType<typeof withoutName>;
const withoutName = strictObject(fields);

/** A training job without a name, as a tuning job starts it. */
export const trainingDecoder: Decoder<Decoded> = withRules(
  withoutName,
  ({ spot, maxSeconds }) =>
    broken(
      (known(spot?.maxWaitSeconds) ?? Infinity) < (known(maxSeconds) ?? 0),
      "spot",
      `has a longest wait below maxSeconds; it includes the run, so give at least ${String(known(maxSeconds))}`,
    ),
  ({ spot, checkpoints }) =>
    broken(
      spot !== undefined && checkpoints === undefined,
      "checkpoints",
      "is missing: a spot instance may be taken away, and the job resumes from its checkpoints",
    ),
  ({ spot, keepAliveSeconds }) =>
    broken(
      spot !== undefined && keepAliveSeconds !== undefined,
      "keepAliveSeconds",
      "cannot be used with spot: a warm pool keeps instances, which spot gives back",
    ),
  ({ channels = {}, mode }) => {
    const wrong = Object.entries(channels).find(([, each]) => gzipNeedsPipe({ mode, ...each }) !== undefined);
    return broken(wrong !== undefined, "channels", `has ${wrong?.[0] ?? ""} in Gzip, which only the mode Pipe unpacks`);
  },
);

const decoder: Decoder<Decoded & { readonly name: string }> = (json) => {
  const { name, ...rest } = json.object();
  return { ...trainingDecoder(json.with(rest)), name: suffix(json.get("name").with(name)) };
};

/** What a training job and the jobs of a tuning have in common. */
export function trainingParts(json: AwsTarget, job: Decoded) {
  const { target, kmsKey, network } = partsOf(json);
  return {
    AlgorithmSpecification: {
      TrainingImage: target.image,
      TrainingInputMode: job.mode,
      MetricDefinitions: job.metrics?.map(({ name, regex }) => ({ Name: name, Regex: regex })),
      ContainerEntrypoint: job.entrypoint,
      ContainerArguments: job.arguments,
    },
    RoleArn: target.role,
    InputDataConfig: job.channels && Object.entries(job.channels).map(([name, each]) => channelOf(name, each)),
    OutputDataConfig: {
      S3OutputPath: job.output ?? uriOf(target, "models"),
      KmsKeyId: kmsKey,
      CompressionType: "GZIP" as const,
    },
    ResourceConfig: {
      InstanceType: job.instanceType,
      InstanceCount: job.instances,
      VolumeSizeInGB: job.volumeGb,
      VolumeKmsKeyId: volumeKey(kmsKey, job.instanceType),
      KeepAlivePeriodInSeconds: job.keepAliveSeconds,
    },
    VpcConfig: network,
    StoppingCondition: { MaxRuntimeInSeconds: job.maxSeconds, MaxWaitTimeInSeconds: job.spot?.maxWaitSeconds },
    EnableManagedSpotTraining: job.spot && true,
    CheckpointConfig:
      job.checkpoints === undefined ? undefined : { S3Uri: job.checkpoints, LocalPath: "/opt/ml/checkpoints" },
    Environment: job.environment,
    EnableNetworkIsolation: job.networkIsolation,
    EnableInterContainerTrafficEncryption: job.encryptTraffic,
  };
}

const channelOf = (
  name: string,
  { uri, mode, distribution, contentType, compression }: ReturnType<typeof channel>,
) => ({
  ChannelName: name,
  DataSource: {
    S3DataSource: { S3DataType: "S3Prefix" as const, S3Uri: uri, S3DataDistributionType: distribution },
  },
  InputMode: mode,
  ContentType: contentType,
  CompressionType: compression,
});

/**
 * The request of a training job. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the job would break.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, trainingJob } from "churnkit/deploy/aws";
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
 * const request = trainingJob(target, {
 *   name: "train-1",
 *   channels: { train: { uri: "s3://churn-data/train" } },
 *   instanceType: "ml.m5.xlarge",
 *   maxSeconds: 3600,
 * });
 * console.assert(request.TrainingJobName === "churn-dev-train-1");
 * ```
 */
export function trainingJob(target: AwsTarget, job: TrainingJob): CreateTrainingJobCommandInput;
export function trainingJob(target: AwsTarget, job: Referable<TrainingJob>): Referable<CreateTrainingJobCommandInput>;
export function trainingJob(target: AwsTarget, job: Referable<TrainingJob>): Referable<CreateTrainingJobCommandInput> {
  const { name, ...rest } = decodeWith(decoder, job, "The training job", "job");
  return defined({
    TrainingJobName: nameOf(target, name),
    HyperParameters: rest.hyperparameters,
    ...trainingParts(target, rest),
    Tags: tagsOf(target),
  });
}
