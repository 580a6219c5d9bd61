import type { CreateEndpointConfigCommandInput } from "@aws-sdk/client-sagemaker";
import {
  list,
  literal,
  oneOf,
  optional,
  strictObject,
  text,
  variants,
  where,
  withDefault,
} from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { type AwsTarget, nameOf, tagsOf } from "../target.js";
import { ref, refCount, refSuffix, s3Uri, suffix } from "./decoders.js";
import { defined, hasLocalDisk, known, partsOf } from "./parts.js";
import type { Referable } from "./referable.js";
import { mainVariant, modelName, variant, variantOf, type Variant } from "./variants.js";

interface ConfigBase {
  /** Follows the target's name. */
  readonly name: string;
}

/** Requests and answers, kept in S3. */
interface Capture {
  readonly uri: string;
  /** Percent of the requests; default 100. */
  readonly percent?: number | undefined;
  /** Default both. */
  readonly what?: readonly ("Input" | "Output")[] | undefined;
}

/** Without what only a real-time endpoint has. */
interface Plain extends ConfigBase {
  readonly shadow?: undefined;
  readonly capture?: undefined;
}

/** Answers at once; also beside a shadow, which gets the same requests and whose answers nobody sees. */
interface RealTime extends ConfigBase {
  readonly kind: "real-time";
  /** 1 to 10; with a shadow exactly one. */
  readonly variants: readonly Variant[];
  readonly shadow?: Variant | undefined;
  readonly capture?: Capture | undefined;
}

/** One model without instances: it has no second variant, shadow, capture or VPC. */
interface Serverless extends Plain {
  readonly kind: "serverless";
  readonly model: string;
  readonly variants?: undefined;
  readonly variant?: string | undefined;
  readonly memoryMb: 1024 | 2048 | 3072 | 4096 | 5120 | 6144;
  /** Requests at once, at most 200. */
  readonly maxConcurrency: number;
  /** Of these, how many are always warm. */
  readonly provisionedConcurrency?: number | undefined;
}

/** Answers into S3, and may scale to no instance. */
interface Asynchronous extends Plain {
  readonly kind: "async";
  readonly variants: readonly Variant[];
  readonly output: {
    readonly uri: string;
    readonly failures?: string | undefined;
    /** ARNs of SNS topics. */
    readonly successTopic?: string | undefined;
    readonly errorTopic?: string | undefined;
  };
  /** Requests at once to each instance. */
  readonly concurrent?: number | undefined;
}

/** Many models on the same instances: a request names one of them. */
interface MultiModel extends Plain {
  readonly kind: "multi-model";
  readonly variants: readonly Variant[];
}

/**
 * Description of an endpoint's configuration. What its kind does not allow does not compile.
 *
 * @example
 * ```ts
 * import type { EndpointConfig } from "churnkit/deploy/aws";
 *
 * const config: EndpointConfig = {
 *   kind: "real-time",
 *   name: "v12",
 *   variants: [{ model: "v12", instanceType: "ml.m5.large", instances: 2 }],
 *   capture: { uri: "s3://churn-data/captured" },
 * };
 * ```
 */
export type EndpointConfig = RealTime | Serverless | Asynchronous | MultiModel;

const someVariants = where(
  list(variant, 10),
  (all) => all.length > 0 && new Set(all.map(({ name }) => name)).size === all.length,
  "a list of 1 to 10 variants, each with a name of its own",
);
const topic = ref(
  where(text(2048), (arn) => /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/.test(arn), "the ARN of an SNS topic"),
);
const captureModes = ["Input", "Output"] as const;
const someModes = where(list(oneOf(captureModes), 2), ({ length }) => length > 0, "Input, Output or both");
const memorySizes = [1024, 2048, 3072, 4096, 5120, 6144];

const realTime = withRules(
  strictObject({
    kind: literal("real-time"),
    name: suffix,
    variants: someVariants,
    shadow: optional(variant),
    capture: optional(
      strictObject({
        uri: s3Uri(512),
        percent: withDefault(refCount(0, 100), 100),
        what: withDefault(someModes, [...captureModes]),
      }),
    ),
  }),
  ({ shadow, variants: all }) =>
    broken(
      shadow !== undefined && all.length !== 1,
      "shadow",
      `stands beside exactly one variant, not ${all.length}: to split the traffic, remove the shadow`,
    ),
  ({ shadow, variants: all }) =>
    broken(
      shadow !== undefined && all.some(({ name }) => name === shadowName(shadow)),
      "shadow",
      "has the name of the variant; give it another",
    ),
);

const serverless = withRules(
  strictObject({
    kind: literal("serverless"),
    name: suffix,
    model: refSuffix,
    variant: withDefault(suffix, mainVariant),
    memoryMb: where(
      refCount(1),
      (size) => typeof size !== "number" || memorySizes.includes(size),
      `one of ${memorySizes.join(", ")}`,
    ),
    maxConcurrency: refCount(1, 200),
    provisionedConcurrency: optional(refCount(1, 200)),
  }),
  ({ provisionedConcurrency, maxConcurrency }) =>
    broken(
      (known(provisionedConcurrency) ?? 0) > (known(maxConcurrency) ?? Infinity),
      "provisionedConcurrency",
      "is more than maxConcurrency, of which it is a part",
    ),
);

const asynchronous = strictObject({
  kind: literal("async"),
  name: suffix,
  variants: someVariants,
  output: strictObject({
    uri: s3Uri(512),
    failures: optional(s3Uri(512)),
    successTopic: optional(topic),
    errorTopic: optional(topic),
  }),
  concurrent: optional(refCount(1, 1000)),
});

const multiModel = strictObject({ kind: literal("multi-model"), name: suffix, variants: someVariants });

const decoder = variants("kind", {
  "real-time": realTime,
  serverless,
  async: asynchronous,
  "multi-model": multiModel,
});
type Decoded = ReturnType<typeof decoder>;

const shadowName = ({ name }: ReturnType<typeof variant>): string => (name === mainVariant ? "shadow" : name);

/**
 * The request of an endpoint's configuration. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the configuration would break.
 *
 * @example
 * ```ts
 * import { endpointConfig, parseAwsTarget } from "churnkit/deploy/aws";
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
 * const request = endpointConfig(target, { kind: "serverless", name: "v12", model: "v12", memoryMb: 2048, maxConcurrency: 20 });
 * console.assert(request.EndpointConfigName === "churn-dev-v12");
 * ```
 */
export function endpointConfig(target: AwsTarget, config: EndpointConfig): CreateEndpointConfigCommandInput;
export function endpointConfig(
  target: AwsTarget,
  config: Referable<EndpointConfig>,
): Referable<CreateEndpointConfigCommandInput>;
export function endpointConfig(
  json: AwsTarget,
  description: Referable<EndpointConfig>,
): Referable<CreateEndpointConfigCommandInput> {
  const { target, kmsKey, network } = partsOf(json);
  const inPlace = withRules(
    decoder,
    ({ kind }) =>
      broken(
        kind === "serverless" && network !== undefined,
        "kind",
        "is serverless, which cannot be in a VPC. Serve on instances, or use a target without vpc",
      ),
    (config) =>
      broken(
        kmsKey !== undefined && new Set(volumesOf(config)).size > 1,
        "variants",
        "mixes instances with a disk of their own, for which SageMaker refuses the target's key, with others, which need it",
      ),
  );
  const config = decodeWith(inPlace, description, "The endpoint configuration", "config");
  return defined({
    EndpointConfigName: nameOf(target, config.name),
    ProductionVariants:
      config.kind === "serverless"
        ? [serverlessOf(target, config)]
        : config.variants.map((each) => variantOf(target, each)),
    ...(config.kind === "real-time" && realTimeOf(target, kmsKey, config)),
    ...(config.kind === "async" && { AsyncInferenceConfig: asyncOf(kmsKey, config) }),
    KmsKeyId: volumesOf(config).includes(true) ? undefined : kmsKey,
    Tags: tagsOf(target),
  });
}

/** For each variant on instances, whether its volume is the instance's own disk. */
const volumesOf = (config: Decoded): boolean[] =>
  config.kind === "serverless"
    ? []
    : [...config.variants, ...(config.kind === "real-time" && config.shadow ? [config.shadow] : [])].map((each) =>
        hasLocalDisk(each.instanceType),
      );

const serverlessOf = (target: AwsTarget, config: ReturnType<typeof serverless>) => ({
  VariantName: config.variant,
  ModelName: modelName(target, config.model),
  InitialVariantWeight: 1,
  ServerlessConfig: {
    MemorySizeInMB: config.memoryMb,
    MaxConcurrency: config.maxConcurrency,
    ProvisionedConcurrency: config.provisionedConcurrency,
  },
});

const realTimeOf = (
  target: AwsTarget,
  kmsKey: string | undefined,
  { shadow, capture }: ReturnType<typeof realTime>,
) => ({
  ShadowProductionVariants: shadow && [variantOf(target, { ...shadow, name: shadowName(shadow) })],
  DataCaptureConfig: capture && {
    EnableCapture: true,
    InitialSamplingPercentage: capture.percent,
    DestinationS3Uri: capture.uri,
    KmsKeyId: kmsKey,
    CaptureOptions: capture.what.map((CaptureMode) => ({ CaptureMode })),
    // All other content would be written in base64.
    CaptureContentTypeHeader: { CsvContentTypes: ["text/csv"], JsonContentTypes: ["application/json"] },
  },
});

const asyncOf = (kmsKey: string | undefined, { output, concurrent }: ReturnType<typeof asynchronous>) => ({
  ClientConfig: concurrent === undefined ? undefined : { MaxConcurrentInvocationsPerInstance: concurrent },
  OutputConfig: {
    KmsKeyId: kmsKey,
    S3OutputPath: output.uri,
    S3FailurePath: output.failures,
    NotificationConfig:
      output.successTopic === undefined && output.errorTopic === undefined
        ? undefined
        : { SuccessTopic: output.successTopic, ErrorTopic: output.errorTopic },
  },
});
