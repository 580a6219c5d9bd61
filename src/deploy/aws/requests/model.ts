import type { CreateModelCommandInput } from "@aws-sdk/client-sagemaker";
import { flag, oneOf, optional, strictObject, withDefault } from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { type AwsTarget, nameOf, tagsOf } from "../target.js";
import { environment, s3Uri, suffix } from "./decoders.js";
import { defined, partsOf } from "./parts.js";
import { isReference, type Referable, type Reference } from "./referable.js";

interface ModelBase {
  /** Follows the target's name. */
  readonly name: string;
  /** At most 100 variables and 32 kB in all. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** A bundle in one archive, `.tar.gz`. */
interface SingleModel extends ModelBase {
  readonly serving?: "instances" | undefined;
  readonly data: string;
  /** The container cannot reach the network. */
  readonly networkIsolation?: boolean | undefined;
}

/** Many bundles below one prefix, loaded on request. */
interface MultiModel extends ModelBase {
  readonly serving: "multi-model";
  /** The prefix, ending in `/`. */
  readonly data: string;
  readonly networkIsolation?: boolean | undefined;
  /** Whether loaded models stay in memory; they do by default. */
  readonly cache?: boolean | undefined;
}

/** For a serverless endpoint: without a network of its own. */
interface ServerlessModel extends ModelBase {
  readonly serving: "serverless";
  readonly data: string;
  readonly networkIsolation?: undefined;
}

/** Description of a model. */
export type ModelDescription = SingleModel | MultiModel | ServerlessModel;

const largestEnvironment = 32 * 1024;

/** Bytes of the names and values that are known. */
const bytesOf = (variables: Readonly<Record<string, string | Reference>>): number =>
  new TextEncoder().encode(
    Object.entries(variables)
      .flatMap(([name, value]) => (typeof value === "string" ? [name, value] : [name]))
      .join(""),
  ).length;

const decoder = withRules(
  strictObject({
    name: suffix,
    serving: withDefault(oneOf(["instances", "multi-model", "serverless"]), "instances"),
    data: s3Uri(),
    environment: environment(100, 1024),
    networkIsolation: optional(flag),
    cache: optional(flag),
  }),
  ({ serving, data }) =>
    broken(
      !isReference(data) && serving === "multi-model" && !data.endsWith("/"),
      "data",
      "must be a prefix that ends in / for a multi-model endpoint",
    ),
  ({ serving, data }) =>
    broken(
      !isReference(data) && serving !== "multi-model" && !data.endsWith(".tar.gz"),
      "data",
      "must be one archive, .tar.gz",
    ),
  ({ serving, cache }) =>
    broken(cache !== undefined && serving !== "multi-model", "cache", "belongs to a multi-model endpoint"),
  ({ serving, networkIsolation }) =>
    broken(
      serving === "serverless" && networkIsolation === true,
      "networkIsolation",
      "cannot be used on a serverless endpoint",
    ),
  ({ environment: variables = {} }) =>
    broken(bytesOf(variables) > largestEnvironment, "environment", "is more than 32 kB in all"),
);

/**
 * The request of a model: the target's image over a bundle in S3. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the model would break.
 *
 * @example
 * ```ts
 * import { modelRequest, parseAwsTarget } from "churnkit/deploy/aws";
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
 * const request = modelRequest(target, { name: "v12", data: "s3://churn-data/models/v12/model.tar.gz" });
 * console.assert(request.ModelName === "churn-dev-v12");
 * ```
 */
export function modelRequest(target: AwsTarget, model: ModelDescription): CreateModelCommandInput;
export function modelRequest(target: AwsTarget, model: Referable<ModelDescription>): Referable<CreateModelCommandInput>;
export function modelRequest(
  json: AwsTarget,
  description: Referable<ModelDescription>,
): Referable<CreateModelCommandInput> {
  const { target, network } = partsOf(json);
  const { name, serving, data, cache, ...model } = decodeWith(
    withRules(decoder, (decoded) =>
      broken(
        decoded.serving === "serverless" && network !== undefined,
        "serving",
        "is serverless, which cannot be in a VPC. Serve on instances, or use a target without vpc",
      ),
    ),
    description,
    "The model",
    "model",
  );
  return defined({
    ModelName: nameOf(target, name),
    PrimaryContainer: {
      Image: target.image,
      ModelDataUrl: data,
      Environment: model.environment,
      ...(serving === "multi-model" && {
        Mode: "MultiModel" as const,
        MultiModelConfig: { ModelCacheSetting: cache === false ? ("Disabled" as const) : ("Enabled" as const) },
      }),
    },
    ExecutionRoleArn: target.role,
    VpcConfig: network,
    EnableNetworkIsolation: model.networkIsolation,
    Tags: tagsOf(target),
  });
}
