import { describe, expect, it } from "vitest";
import {
  endpointConfig,
  endpointRequest,
  modelRequest,
  processingJob,
  trainingJob,
  transformJob,
  tuningJob,
  updateEndpoint,
  type AwsTarget,
  type EndpointConfig,
  type Guardrails,
  type TrainingJob,
} from "../../src/deploy/aws/index.js";
import { awsTarget, securedTarget } from "../helpers/aws-target.js";
import { checkRequest } from "../helpers/botocore.js";
import { awsPython } from "../helpers/moto.js";

const ready = await awsPython("AWS requests against botocore's models");

const repeated = {
  channels: {
    train: { uri: "s3://churn-data/train", mode: "Pipe", compression: "Gzip", contentType: "text/csv" },
    validation: { uri: "s3://churn-data/validation", distribution: "ShardedByS3Key" },
  },
  hyperparameters: { learner: "network", epochs: 60, hidden: [64, 32], baseline: true },
  instanceType: "ml.m5.xlarge",
  maxSeconds: 3600,
  metrics: [{ name: "validation:f1", regex: "validation:f1=([0-9.]+)" }],
} as const;
const training = { name: "train-1", ...repeated } satisfies TrainingJob;
const spot = { spot: { maxWaitSeconds: 7200 }, checkpoints: "s3://churn-data/checkpoints/1" };
const search = {
  name: "tune-1",
  training: repeated,
  objective: { metric: "validation:f1", goal: "Maximize" },
  maxParallel: 2,
} as const;
const tuning = {
  ...search,
  strategy: "Bayesian",
  space: {
    learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" },
    units1: { kind: "integer", min: 16, max: 128 },
    activation: { kind: "choice", values: ["relu", "tanh"] },
  },
  maxJobs: 8,
} as const;
const processing = {
  name: "score-1",
  entrypoint: ["churnkit-container", "process", "score"],
  arguments: ["--params", "{}"],
  inputs: {
    rows: { uri: "s3://churn-data/rows", distribution: "ShardedByS3Key" },
    model: { uri: "s3://churn-data/m/model.tar.gz" },
  },
  outputs: { scores: { uri: "s3://churn-data/scores", upload: "Continuous" } },
  instanceType: "ml.m5.large",
  instances: 4,
  maxSeconds: 600,
  environment: { TZ: "UTC" },
  networkIsolation: true,
} as const;
const transform = {
  name: "score-1",
  model: "v12",
  input: { uri: "s3://churn-data/rows", contentType: "text/csv", split: "Line" },
  output: { uri: "s3://churn-data/scores", accept: "text/csv" },
  batch: "MultiRecord",
  join: "Input",
  filters: { input: "$[1:]", output: "$[0,-1]" },
  maxPayloadMb: 5,
  concurrent: 20,
  instanceType: "ml.m5.large",
} as const;
const variant = { model: "v12", instanceType: "ml.m5.large", instances: 2 } as const;
const realTime = {
  kind: "real-time",
  name: "v12",
  variants: [
    { ...variant, name: "champion", weight: 90, leastOutstanding: true },
    { ...variant, name: "challenger", weight: 10, startupSeconds: 120, downloadSeconds: 600, volumeGb: 8 },
  ],
  capture: { uri: "s3://churn-data/captured", percent: 20 },
} satisfies EndpointConfig;
const serverless = { kind: "serverless", name: "s", model: "v12", memoryMb: 2048, maxConcurrency: 20 } as const;
const asynchronous = {
  kind: "async",
  name: "a",
  variants: [variant],
  output: { uri: "s3://churn-data/answers", errorTopic: "arn:aws:sns:us-east-1:123456789012:errors" },
  concurrent: 4,
} satisfies EndpointConfig;
const config = (name: string, change: object = {}) =>
  endpointConfig(awsTarget, { kind: "real-time", name, variants: [{ ...variant, instances: 4, ...change }] });
const canary = { strategy: "canary", first: { percent: 10 }, waitSeconds: 600, alarms: ["5xx"] } satisfies Guardrails;
const update = { from: config("v11"), to: config("v12"), guardrails: canary };

const good: [what: string, operation: string, request: (target: AwsTarget) => unknown][] = [
  ["a training job", "CreateTrainingJob", (t) => trainingJob(t, training)],
  ["one on spot capacity", "CreateTrainingJob", (t) => trainingJob(t, { ...training, ...spot })],
  [
    "one on a GPU from a warm pool",
    "CreateTrainingJob",
    (t) =>
      trainingJob(t, {
        ...training,
        instanceType: "ml.g4dn.xlarge",
        instances: 2,
        keepAliveSeconds: 600,
        encryptTraffic: true,
      }),
  ],
  ["a Bayesian search", "CreateHyperParameterTuningJob", (t) => tuningJob(t, { ...tuning, earlyStopping: true })],
  [
    "a random search on spot capacity",
    "CreateHyperParameterTuningJob",
    (t) =>
      tuningJob(t, {
        ...tuning,
        strategy: "Random",
        training: { ...repeated, ...spot },
        until: { value: 0.9, notImproving: 5, converged: true },
      }),
  ],
  [
    "Hyperband",
    "CreateHyperParameterTuningJob",
    (t) => tuningJob(t, { ...tuning, strategy: "Hyperband", resource: { min: 5, max: 60 } }),
  ],
  [
    "a grid",
    "CreateHyperParameterTuningJob",
    (t) => {
      return tuningJob(t, { ...search, strategy: "Grid", space: { activation: tuning.space.activation } });
    },
  ],
  ["a processing job", "CreateProcessingJob", (t) => processingJob(t, processing)],
  [
    "a small processing job",
    "CreateProcessingJob",
    (t) => processingJob(t, { name: "x", instanceType: "ml.m5.large" }),
  ],
  ["a transform job", "CreateTransformJob", (t) => transformJob(t, transform)],
  [
    "a model",
    "CreateModel",
    (t) =>
      modelRequest(t, {
        name: "v12",
        data: "s3://churn-data/m/model.tar.gz",
        environment: { A: "b" },
        networkIsolation: true,
      }),
  ],
  [
    "a model of many",
    "CreateModel",
    (t) => modelRequest(t, { name: "many", serving: "multi-model", data: "s3://churn-data/m/", cache: false }),
  ],
  ["variants with weights and capture", "CreateEndpointConfig", (t) => endpointConfig(t, realTime)],
  [
    "a shadow",
    "CreateEndpointConfig",
    (t) =>
      endpointConfig(t, { kind: "real-time", name: "s", variants: [variant], shadow: { ...variant, model: "v13" } }),
  ],
  ["an asynchronous endpoint", "CreateEndpointConfig", (t) => endpointConfig(t, asynchronous)],
  [
    "an endpoint of many models",
    "CreateEndpointConfig",
    (t) => endpointConfig(t, { kind: "multi-model", name: "m", variants: [variant] }),
  ],
  ["an endpoint", "CreateEndpoint", (t) => endpointRequest(t, { config: "v12" })],
  [
    "an update",
    "UpdateEndpoint",
    (t) => updateEndpoint(t, { from: config("v11"), to: config("v12"), autoscaled: ["main"] }),
  ],
  ["a canary", "UpdateEndpoint", (t) => updateEndpoint(t, update)],
  [
    "linear steps",
    "UpdateEndpoint",
    (t) =>
      updateEndpoint(t, {
        ...update,
        guardrails: {
          strategy: "linear",
          step: { instances: 2 },
          waitSeconds: 60,
          keepOldSeconds: 300,
          maxSeconds: 1800,
        },
      }),
  ],
  [
    "all at once",
    "UpdateEndpoint",
    (t) => updateEndpoint(t, { ...update, guardrails: { strategy: "all-at-once", waitSeconds: 60 } }),
  ],
  [
    "batches",
    "UpdateEndpoint",
    (t) =>
      updateEndpoint(t, {
        ...update,
        guardrails: { strategy: "rolling", batch: { percent: 25 }, rollbackBatch: { percent: 100 }, waitSeconds: 60 },
      }),
  ],
];

describe("requests", () => {
  it.skipIf(!ready).each(good)("AWS's model takes %s", (_what, operation, request) => {
    for (const target of [awsTarget, securedTarget])
      expect(checkRequest("sagemaker", operation, request(target))).toEqual([]);
  });

  it.skipIf(!ready)("AWS's model takes serverless endpoints and models, which have no VPC", () => {
    const target = { ...securedTarget, vpc: undefined };
    const model = { name: "v12", serving: "serverless", data: "s3://churn-data/m/model.tar.gz" } as const;
    expect(checkRequest("sagemaker", "CreateModel", modelRequest(target, model))).toEqual([]);
    const provisioned = { ...serverless, provisionedConcurrency: 5 };
    expect(checkRequest("sagemaker", "CreateEndpointConfig", endpointConfig(target, provisioned))).toEqual([]);
  });

  it("are plain JSON without undefined members", () => {
    for (const [, , request] of good) {
      const made = request(securedTarget);
      expect(JSON.parse(JSON.stringify(made))).toStrictEqual(made);
    }
  });

  it("encrypt by the target's key, but never a disk of the instance, whose key SageMaker refuses", () => {
    expect(trainingJob(securedTarget, training).ResourceConfig?.VolumeKmsKeyId).toBe(securedTarget.kmsKey);
    for (const instanceType of ["ml.g4dn.xlarge", "ml.p4d.24xlarge", "ml.g5.xlarge"] as const) {
      const { ResourceConfig, OutputDataConfig } = trainingJob(securedTarget, { ...training, instanceType });
      expect([ResourceConfig?.VolumeKmsKeyId, OutputDataConfig?.KmsKeyId]).toEqual([undefined, securedTarget.kmsKey]);
    }
    expect(() =>
      endpointConfig(securedTarget, {
        kind: "real-time",
        name: "x",
        variants: [variant, { ...variant, name: "gpu", instanceType: "ml.g4dn.xlarge" }],
      }),
    ).toThrow(/mixes instances with a disk of their own/);
  });

  it("write hyperparameters and ranges as texts", () => {
    expect(trainingJob(awsTarget, training).HyperParameters).toEqual({
      learner: "network",
      epochs: "60",
      hidden: "[64,32]",
      baseline: "true",
    });
    expect(tuningJob(awsTarget, tuning).HyperParameterTuningJobConfig?.ParameterRanges).toEqual({
      IntegerParameterRanges: [{ Name: "units1", MinValue: "16", MaxValue: "128", ScalingType: "Auto" }],
      ContinuousParameterRanges: [
        { Name: "learningRate", MinValue: "0.0001", MaxValue: "0.1", ScalingType: "Logarithmic" },
      ],
      CategoricalParameterRanges: [{ Name: "activation", Values: ["relu", "tanh"] }],
    });
  });

  it("keep counts of autoscaled variants in an update", () => {
    const kept = updateEndpoint(awsTarget, { from: config("v11"), to: config("v12"), autoscaled: ["main"] });
    expect(kept.RetainAllVariantProperties).toBe(true);
    expect(kept.ExcludeRetainedVariantProperties).toEqual([{ VariantPropertyType: "DesiredWeight" }]);
    expect(updateEndpoint(awsTarget, update).RetainAllVariantProperties).toBeUndefined();
  });
});

/** Descriptions from JSON, which no compiler has seen. */
const refused: [
  what: string,
  build: (target: AwsTarget, description: never) => unknown,
  description: object,
  message: RegExp,
][] = [
  ["an unknown member", trainingJob, { ...training, instanceTyp: "x" }, /unknown member "instanceTyp"/],
  ["a name too long", trainingJob, { ...training, name: "x".repeat(54) }, /at most 63/],
  ["a name with _", trainingJob, { ...training, name: "a_b" }, /job\.name must be a name of letters/],
  ["no instance type", trainingJob, { ...training, instanceType: undefined }, /job\.instanceType is missing/],
  ["an instance type of EC2", trainingJob, { ...training, instanceType: "m5.large" }, /such as "ml\.m5\.large"/],
  ["a path for an URI", trainingJob, { ...training, channels: { train: { uri: "/data" } } }, /must be an S3 URI/],
  [
    "21 channels",
    trainingJob,
    { ...training, channels: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, { uri: "s3://b/k" }])) },
    /at most 20/,
  ],
  [
    "a channel's name",
    trainingJob,
    { ...training, channels: { "a b": { uri: "s3://b/k" } } },
    /whose names are letters/,
  ],
  [
    "Gzip in File mode",
    trainingJob,
    { ...training, channels: { train: { uri: "s3://b/k", compression: "Gzip" } } },
    /train in Gzip, which only the mode Pipe/,
  ],
  [
    "101 hyperparameters",
    trainingJob,
    { ...training, hyperparameters: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`h${i}`, i])) },
    /at most 100/,
  ],
  [
    "a long hyperparameter",
    trainingJob,
    { ...training, hyperparameters: { a: "x".repeat(2501) } },
    /hyperparameters\.a must be a text of at most 2500/,
  ],
  [
    "a reference inside a list",
    trainingJob,
    { ...training, hyperparameters: { a: [{ Get: "Parameters.A" }] } },
    /reference inside a list/,
  ],
  [
    "a wait below the run",
    trainingJob,
    { ...training, ...spot, spot: { maxWaitSeconds: 3599 } },
    /job\.spot has a longest wait below maxSeconds.*at least 3600/,
  ],
  ["spot without checkpoints", trainingJob, { ...training, spot: spot.spot }, /job\.checkpoints is missing/],
  [
    "spot in a warm pool",
    trainingJob,
    { ...training, ...spot, keepAliveSeconds: 60 },
    /keepAliveSeconds cannot be used with spot/,
  ],
  ["too long in a warm pool", trainingJob, { ...training, keepAliveSeconds: 21_601 }, /from 0 to 21600/],
  ["a grid over numbers", tuningJob, { ...tuning, strategy: "Grid", maxJobs: undefined }, /Grid tries choices only/],
  [
    "a grid with a limit",
    tuningJob,
    { ...tuning, strategy: "Grid", space: { a: { kind: "choice", values: [1] } } },
    /maxJobs cannot be given/,
  ],
  ["no limit", tuningJob, { ...tuning, maxJobs: undefined }, /job\.maxJobs is missing/],
  [
    "Hyperband with early stopping",
    tuningJob,
    { ...tuning, strategy: "Hyperband", resource: { min: 1, max: 2 }, earlyStopping: true },
    /cannot be used with the strategy Hyperband/,
  ],
  [
    "Hyperband without epochs",
    tuningJob,
    { ...tuning, strategy: "Hyperband" },
    /job\.resource belongs to the strategy Hyperband/,
  ],
  [
    "a metric nobody prints",
    tuningJob,
    { ...tuning, objective: { metric: "auc", goal: "Maximize" } },
    /does not define: auc/,
  ],
  [
    "a parameter both fixed and varied",
    tuningJob,
    { ...tuning, space: { epochs: { kind: "integer", min: 1, max: 2 } } },
    /varies epochs, which training\.hyperparameters fixes/,
  ],
  ["more at once than in all", tuningJob, { ...tuning, maxParallel: 9 }, /maxParallel is more than maxJobs, 8/],
  [
    "31 ranges of a kind",
    tuningJob,
    {
      ...tuning,
      space: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`r${i}`, { kind: "real", min: 0, max: 1 }])),
    },
    /more than 30 ranges/,
  ],
  [
    "an empty range",
    tuningJob,
    { ...tuning, space: { a: { kind: "real", min: 1, max: 1 } } },
    /whose min is below its max/,
  ],
  [
    "a log range from 0",
    tuningJob,
    { ...tuning, space: { a: { kind: "real", min: 0, max: 1, scale: "log" } } },
    /above 0, because its scale is log/,
  ],
  [
    "a reversed log up to 1",
    tuningJob,
    { ...tuning, space: { a: { kind: "real", min: 0, max: 1, scale: "reverseLog" } } },
    /below 1/,
  ],
  ["a short search", tuningJob, { ...tuning, maxSeconds: 119 }, /from 120 to/],
  [
    "a warm pool in a search",
    tuningJob,
    { ...tuning, training: { ...repeated, keepAliveSeconds: 60 } },
    /no warm pool/,
  ],
  [
    "11 inputs",
    processingJob,
    { ...processing, inputs: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`i${i}`, { uri: "s3://b/k" }])) },
    /at most 10/,
  ],
  [
    "a long argument",
    processingJob,
    { ...processing, arguments: ["x".repeat(257)] },
    /arguments\[0\] must be a text of at most 256/,
  ],
  ["101 instances", processingJob, { ...processing, instances: 101 }, /from 1 to 100/],
  ["a long variable", processingJob, { ...processing, environment: { A: "x".repeat(257) } }, /at most 256/],
  ["a variable's name", processingJob, { ...processing, environment: { "A-B": "x" } }, /whose names are letters/],
  [
    "a batch without records",
    transformJob,
    { ...transform, join: undefined, input: { ...transform.input, split: "None" } },
    /batch needs records/,
  ],
  ["more than 100 MB at once", transformJob, { ...transform, concurrent: 21 }, /more than 100 MB/],
  [
    "a join with Parquet",
    transformJob,
    { ...transform, input: { ...transform.input, contentType: "application/x-parquet" } },
    /needs CSV or JSON/,
  ],
  [
    "a join of RecordIO",
    transformJob,
    { ...transform, input: { ...transform.input, split: "RecordIO" } },
    /cannot join records of RecordIO/,
  ],
  ["a filter", transformJob, { ...transform, filters: { input: "features" } }, /JSONPath/],
  ["a folder as model", modelRequest, { name: "m", data: "s3://b/m/" }, /one archive/],
  [
    "an archive as many models",
    modelRequest,
    { name: "m", serving: "multi-model", data: "s3://b/model.tar.gz" },
    /prefix that ends in \//,
  ],
  [
    "an environment of 40 kB",
    modelRequest,
    {
      name: "m",
      data: "s3://b/m.tar.gz",
      environment: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`V${i}`, "x".repeat(1024)])),
    },
    /more than 32 kB/,
  ],
  [
    "isolation on a serverless endpoint",
    modelRequest,
    { name: "m", serving: "serverless", data: "s3://b/m.tar.gz", networkIsolation: true },
    /networkIsolation cannot be used on a serverless/,
  ],
  [
    "two serverless variants",
    endpointConfig,
    { ...serverless, variants: [variant, variant] },
    /unknown member "variants"/,
  ],
  [
    "capture on a serverless endpoint",
    endpointConfig,
    { ...serverless, capture: { uri: "s3://b/c" } },
    /unknown member "capture"/,
  ],
  ["a shadow on a serverless endpoint", endpointConfig, { ...serverless, shadow: variant }, /unknown member "shadow"/],
  ["half a gigabyte", endpointConfig, { ...serverless, memoryMb: 512 }, /one of 1024, 2048/],
  ["201 at once", endpointConfig, { ...serverless, maxConcurrency: 201 }, /from 1 to 200/],
  [
    "more provisioned than allowed",
    endpointConfig,
    { ...serverless, provisionedConcurrency: 21 },
    /provisionedConcurrency is more than maxConcurrency/,
  ],
  [
    "a shadow of many models",
    endpointConfig,
    { kind: "multi-model", name: "m", variants: [variant], shadow: variant },
    /unknown member "shadow"/,
  ],
  ["a shadow beside two variants", endpointConfig, { ...realTime, shadow: variant }, /exactly one variant, not 2/],
  [
    "11 variants",
    endpointConfig,
    { ...realTime, variants: Array.from({ length: 11 }, (_, i) => ({ ...variant, name: `v${i}` })) },
    /at most 10/,
  ],
  ["no variant", endpointConfig, { ...realTime, variants: [] }, /1 to 10 variants/],
  ["two variants of a name", endpointConfig, { ...realTime, variants: [variant, variant] }, /a name of its own/],
  ["a negative weight", endpointConfig, { ...realTime, variants: [{ ...variant, weight: -1 }] }, /at least 0/],
  [
    "a capture of nothing",
    endpointConfig,
    { ...realTime, capture: { uri: "s3://b/c", what: [] } },
    /Input, Output or both/,
  ],
  [
    "a kind of endpoint",
    endpointConfig,
    { ...realTime, kind: "batch" },
    /one of real-time, serverless, async, multi-model/,
  ],
  [
    "a topic",
    endpointConfig,
    { ...asynchronous, output: { uri: "s3://b/a", errorTopic: "errors" } },
    /ARN of an SNS topic/,
  ],
  [
    "a canary above half",
    updateEndpoint,
    { ...update, guardrails: { ...canary, first: { percent: 51 } } },
    /first\.percent must be a whole number from 1 to 50/,
  ],
  [
    "a canary of 3 of 4 instances",
    updateEndpoint,
    { ...update, guardrails: { ...canary, first: { instances: 3 } } },
    /3 of 4 instances.*at most half/,
  ],
  [
    "a linear step of 1 of 20 instances",
    updateEndpoint,
    {
      from: config("v11", { instances: 20 }),
      to: config("v12", { instances: 20 }),
      guardrails: { strategy: "linear", step: { instances: 1 }, waitSeconds: 1 },
    },
    /1 of 20 instances.*at least 10 %/,
  ],
  [
    "a canary of two sizes",
    updateEndpoint,
    { ...update, guardrails: { ...canary, first: { instances: 1, percent: 10 } } },
    /unknown member "instances"/,
  ],
  [
    "a linear step of 5 %",
    updateEndpoint,
    { ...update, guardrails: { strategy: "linear", step: { percent: 5 }, waitSeconds: 1 } },
    /from 10 to 50/,
  ],
  [
    "a batch of 60 %",
    updateEndpoint,
    { ...update, guardrails: { strategy: "rolling", batch: { percent: 60 }, waitSeconds: 1 } },
    /from 5 to 50/,
  ],
  [
    "a wait above an hour",
    updateEndpoint,
    { ...update, guardrails: { ...canary, waitSeconds: 3601 } },
    /from 0 to 3600/,
  ],
  [
    "waits beyond the limit",
    updateEndpoint,
    { ...update, guardrails: { ...canary, maxSeconds: 1200 } },
    /more than all waits together, 1200 s/,
  ],
  [
    "waits beyond 8 hours",
    updateEndpoint,
    { ...update, guardrails: { strategy: "linear", step: { percent: 10 }, waitSeconds: 3600 } },
    /36000 s of waits in all/,
  ],
  [
    "11 alarms",
    updateEndpoint,
    { ...update, guardrails: { ...canary, alarms: Array.from({ length: 11 }, (_, i) => `a${i}`) } },
    /at most 10/,
  ],
  [
    "guardrails for serverless",
    updateEndpoint,
    { ...update, to: endpointConfig(awsTarget, { ...serverless, variant: "main" }) },
    /cannot guard a serverless variant/,
  ],
  [
    "other variant names",
    updateEndpoint,
    { ...update, to: config("v12", { name: "other" }) },
    /has other variants \(other\) than the one in service \(main\)/,
  ],
  [
    "guardrails on Inf1",
    updateEndpoint,
    { ...update, to: config("v12", { instanceType: "ml.inf1.xlarge" }) },
    /no effect on ml\.inf1/,
  ],
  [
    "rolling over two variants",
    updateEndpoint,
    {
      from: endpointConfig(awsTarget, { ...realTime, name: "v11" }),
      to: endpointConfig(awsTarget, realTime),
      guardrails: { strategy: "rolling", batch: { percent: 25 }, waitSeconds: 1 },
    },
    /roll one variant only/,
  ],
  [
    "other instances of an autoscaled variant",
    updateEndpoint,
    { ...update, to: config("v12", { instanceType: "ml.m5.xlarge" }), autoscaled: ["main"] },
    /the variant main, which is autoscaled/,
  ],
  ["the configuration in service", updateEndpoint, { ...update, to: config("v11") }, /must have a name of its own/],
  ["an endpoint's name", endpointRequest, { name: "a b", config: "v12" }, /endpoint\.name must be/],
];

describe("rules", () => {
  it.each(refused)("refuse %s", (_what, build, description, message) => {
    expect(() => build(awsTarget, description as never)).toThrow(message);
    expect(() => build(awsTarget, description as never)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });

  it("keep serverless models and endpoints out of a VPC", () => {
    expect(() => endpointConfig(securedTarget, serverless)).toThrow(
      /config\.kind is serverless, which cannot be in a VPC/,
    );
    expect(() => modelRequest(securedTarget, { name: "m", serving: "serverless", data: "s3://b/m.tar.gz" })).toThrow(
      /cannot be in a VPC/,
    );
  });

  it("check the target too", () => {
    expect(() => trainingJob({ ...awsTarget, account: "1" }, training)).toThrow(/target\.account/);
  });

  it("let references pass in place of any text or number", () => {
    const get = (name: string) => ({ Get: `Parameters.${name}` });
    const request = trainingJob(awsTarget, {
      ...training,
      instances: get("Instances"),
      channels: { train: { uri: get("DataUri") } },
      hyperparameters: { seed: get("Seed") },
      maxSeconds: get("Seconds"),
    });
    expect(request.ResourceConfig?.InstanceCount).toEqual(get("Instances"));
    expect(request.InputDataConfig?.[0]?.DataSource?.S3DataSource?.S3Uri).toEqual(get("DataUri"));
    expect(request.HyperParameters).toEqual({ seed: get("Seed") });
    expect(request.StoppingCondition?.MaxRuntimeInSeconds).toEqual(get("Seconds"));
  });
});
