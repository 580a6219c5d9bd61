import type { CreateTransformJobCommandInput, TransformInstanceType } from "@aws-sdk/client-sagemaker";
import { oneOf, optional, strictObject, text, where, withDefault } from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { type AwsTarget, nameOf, tagsOf } from "../target.js";
import { environment, instanceType, refCount, refSuffix, refText, s3Uri, suffix } from "./decoders.js";
import { defined, known, partsOf, volumeKey } from "./parts.js";
import { isReference, type Referable, type Reference } from "./referable.js";
import { modelName } from "./variants.js";

/** Description of a batch transform job. */
export interface TransformJob {
  /** Follows the target's name. */
  readonly name: string;
  /** Name of the model, as given to `modelRequest`. */
  readonly model: string;
  readonly input: {
    readonly uri: string;
    readonly contentType: string;
    /** How a file is cut into records; `None` sends each file whole. */
    readonly split?: "None" | "Line" | "RecordIO" | "TFRecord" | undefined;
    readonly compression?: "None" | "Gzip" | undefined;
  };
  readonly output: { readonly uri: string; readonly accept?: string | undefined };
  /** As many records in a request as fit, or one; needs a split. */
  readonly batch?: "MultiRecord" | "SingleRecord" | undefined;
  /** `Input` writes each record beside its answer; both must be lines of CSV or JSON. */
  readonly join?: "Input" | undefined;
  /** JSONPaths: what of a record is sent, and what of the joined record is kept. */
  readonly filters?: { readonly input?: string | undefined; readonly output?: string | undefined } | undefined;
  /** With `concurrent` at most 100 in all. */
  readonly maxPayloadMb?: number | undefined;
  /** Requests at once to each instance. */
  readonly concurrent?: number | undefined;
  readonly instanceType: TransformInstanceType;
  readonly instances?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

const filter = where(text(63), (path) => path.startsWith("$"), 'a JSONPath such as "$.features"');

const fields = strictObject({
  name: suffix,
  model: refSuffix,
  input: strictObject({
    uri: s3Uri(),
    contentType: refText(256),
    split: withDefault(oneOf(["None", "Line", "RecordIO", "TFRecord"]), "None"),
    compression: withDefault(oneOf(["None", "Gzip"]), "None"),
  }),
  output: strictObject({ uri: s3Uri(), accept: optional(refText(256)) }),
  batch: optional(oneOf(["MultiRecord", "SingleRecord"])),
  join: optional(oneOf(["Input"])),
  filters: optional(strictObject({ input: optional(filter), output: optional(filter) })),
  maxPayloadMb: optional(refCount(0, 100)),
  concurrent: optional(refCount(0, 100)),
  instanceType: instanceType<TransformInstanceType>(),
  instances: withDefault(refCount(1), 1),
  environment: environment(16, 10_240),
});

const joinable = (type: string | Reference | undefined): boolean =>
  type === undefined ||
  isReference(type) ||
  /^(text\/csv|application\/(json|jsonlines|x-jsonlines|x-ndjson))\b/.test(type);

const decoder = withRules(
  fields,
  ({ batch, input: { split } }) =>
    broken(batch !== undefined && split === "None", "batch", "needs records: give input.split, such as Line"),
  ({ maxPayloadMb, concurrent }) =>
    broken(
      (known(maxPayloadMb) ?? 6) * Math.max(known(concurrent) ?? 1, 1) > 100,
      "concurrent",
      "times maxPayloadMb (6 if not given) is more than 100 MB",
    ),
  ({ join, input, output }) =>
    broken(
      join !== undefined && !(joinable(input.contentType) && joinable(output.accept)),
      "join",
      "needs CSV or JSON on both sides: change input.contentType or output.accept",
    ),
  ({ join, input: { split } }) =>
    broken(
      join !== undefined && (split === "RecordIO" || split === "TFRecord"),
      "join",
      `cannot join records of ${split}; use the split Line`,
    ),
);

/**
 * The request of a batch transform job. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the job would break.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, transformJob } from "churnkit/deploy/aws";
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
 * const request = transformJob(target, {
 *   name: "score-1",
 *   model: "v12",
 *   input: { uri: "s3://churn-data/customers", contentType: "text/csv", split: "Line" },
 *   output: { uri: "s3://churn-data/scores", accept: "text/csv" },
 *   batch: "MultiRecord",
 *   join: "Input",
 *   instanceType: "ml.m5.large",
 * });
 * console.assert(request.ModelName === "churn-dev-v12");
 * ```
 */
export function transformJob(target: AwsTarget, job: TransformJob): CreateTransformJobCommandInput;
export function transformJob(
  target: AwsTarget,
  job: Referable<TransformJob>,
): Referable<CreateTransformJobCommandInput>;
export function transformJob(
  json: AwsTarget,
  description: Referable<TransformJob>,
): Referable<CreateTransformJobCommandInput> {
  const { target, kmsKey } = partsOf(json);
  const job = decodeWith(decoder, description, "The transform job", "job");
  const { input, output, filters, join } = job;
  return defined({
    TransformJobName: nameOf(target, job.name),
    ModelName: modelName(target, job.model),
    MaxConcurrentTransforms: job.concurrent,
    MaxPayloadInMB: job.maxPayloadMb,
    BatchStrategy: job.batch,
    Environment: job.environment,
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: input.uri } },
      ContentType: input.contentType,
      CompressionType: input.compression,
      SplitType: input.split,
    },
    TransformOutput: {
      S3OutputPath: output.uri,
      Accept: output.accept,
      // What was cut into lines is put together by lines; a join needs it.
      AssembleWith: input.split === "Line" ? "Line" : "None",
      KmsKeyId: kmsKey,
    },
    TransformResources: {
      InstanceType: job.instanceType,
      InstanceCount: job.instances,
      VolumeKmsKeyId: volumeKey(kmsKey, job.instanceType),
    },
    DataProcessing:
      filters === undefined && join === undefined
        ? undefined
        : { InputFilter: filters?.input, OutputFilter: filters?.output, JoinSource: join ?? "None" },
    Tags: tagsOf(target),
  });
}
