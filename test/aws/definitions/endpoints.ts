import { endpointConfig, endpointRequest, modelRequest, updateEndpoint } from "../../../src/deploy/aws/index.js";
import { awsTarget, securedTarget } from "../../helpers/aws-target.js";
import { type Definition, model, rehearsal } from "./definition.js";

const variant = { model: "v1", instanceType: "ml.m5.large", instances: 2 } as const;
export const configOf = (name: string, change: object = {}) =>
  endpointConfig(awsTarget, { kind: "real-time", name, variants: [{ ...variant, ...change }] });
export const standing = endpointRequest(awsTarget, { config: "c1" });

export const endpoints: Readonly<Record<string, Definition>> = {
  model: {
    by: ["modelRequest"],
    made: modelRequest(securedTarget, { name: "v9", data: "s3://churn-data/models/v1/model.tar.gz" }),
    checkers: { model: model("CreateModel"), rehearsal: rehearsal("CreateModel") },
    faults: [
      ["a name with a dot", "ModelName", "v.9", "model", /ModelName/],
      ["a role that is none", "ExecutionRoleArn", "churn", "model", /ExecutionRoleArn/],
      [
        "a model that is not there",
        "PrimaryContainer.ModelDataUrl",
        "s3://churn-data/none.tar.gz",
        "rehearsal",
        /none.tar.gz/,
      ],
      ["no container", "PrimaryContainer", undefined, "rehearsal", /PrimaryContainer/],
    ],
  },
  "endpoint-config": {
    by: ["endpointConfig"],
    made: endpointConfig(securedTarget, {
      kind: "real-time",
      name: "v9",
      variants: [
        { ...variant, name: "champion", weight: 90 },
        { ...variant, model: "v2", name: "challenger", weight: 10 },
      ],
      capture: { uri: "s3://churn-data/captured", percent: 20 },
    }),
    checkers: { model: model("CreateEndpointConfig"), rehearsal: rehearsal("CreateEndpointConfig") },
    faults: [
      ["a type of no instance", "ProductionVariants.0.InstanceType", "m5.large", "model", /InstanceType/],
      [
        "a share of more than all",
        "DataCaptureConfig.InitialSamplingPercentage",
        101,
        "model",
        /InitialSamplingPercentage/,
      ],
      ["nothing to capture", "DataCaptureConfig.CaptureOptions", undefined, "model", /CaptureOptions/],
      ["two variants of one name", "ProductionVariants.1.VariantName", "champion", "rehearsal", /must be unique/],
      ["a model that is not there", "ProductionVariants.1.ModelName", "v3", "rehearsal", /v3/],
      ["no instances", "ProductionVariants.0.InitialInstanceCount", undefined, "rehearsal", /InitialInstanceCount/],
    ],
  },
  "endpoint-config-serverless": {
    by: ["endpointConfig"],
    made: endpointConfig(awsTarget, {
      kind: "serverless",
      name: "v9s",
      model: "v1",
      memoryMb: 2048,
      maxConcurrency: 20,
    }),
    checkers: { model: model("CreateEndpointConfig"), rehearsal: rehearsal("CreateEndpointConfig") },
    faults: [
      ["too many at a time", "ProductionVariants.0.ServerlessConfig.MaxConcurrency", 201, "model", /MaxConcurrency/],
      ["an odd size", "ProductionVariants.0.ServerlessConfig.MemorySizeInMB", 2000, "rehearsal", /MemorySizeInMB is/],
      ["answers in a bucket", "AsyncInferenceConfig", { OutputConfig: {} }, "rehearsal", /are not asynchronous/],
      ["more ready than there may be", "ProductionVariants.0.ServerlessConfig.ProvisionedConcurrency", 21, "rehearsal", /not be more/], // prettier-ignore
    ],
  },
  "endpoint-config-async": {
    by: ["endpointConfig"],
    made: endpointConfig(securedTarget, {
      kind: "async",
      name: "v9a",
      variants: [variant],
      output: { uri: "s3://churn-data/answers" },
    }),
    checkers: { model: model("CreateEndpointConfig"), rehearsal: rehearsal("CreateEndpointConfig") },
    faults: [
      ["no output", "AsyncInferenceConfig.OutputConfig", undefined, "model", /OutputConfig/],
      [
        "a bucket that is none",
        "AsyncInferenceConfig.OutputConfig.S3OutputPath",
        "churn-data",
        "model",
        /S3OutputPath/,
      ],
    ],
  },
  "update-endpoint": {
    by: ["updateEndpoint"],
    made: updateEndpoint(awsTarget, {
      from: configOf("c1"),
      to: configOf("c2", { instances: 4 }),
      guardrails: { strategy: "canary", first: { percent: 25 }, waitSeconds: 600, alarms: ["5xx"] },
    }),
    checkers: { model: model("UpdateEndpoint"), rehearsal: rehearsal("UpdateEndpoint") },
    faults: [
      ["a wait of no number", "DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.WaitIntervalInSeconds", "600", "model", /WaitInterval/], // prettier-ignore
      ["no alarm by name", "DeploymentConfig.AutoRollbackConfiguration.Alarms.0.AlarmName", "", "model", /AlarmName/],
      ["a canary of most", "DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.CanarySize.Value", 60, "rehearsal", /percent/], // prettier-ignore
      ["too little time", "DeploymentConfig.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds", 600, "rehearsal", /all waits/], // prettier-ignore
      [
        "an alarm of nobody",
        "DeploymentConfig.AutoRollbackConfiguration.Alarms.0.AlarmName",
        "4xx",
        "rehearsal",
        /alarm 4xx/,
      ],
      ["a configuration of nobody", "EndpointConfigName", "c9", "rehearsal", /c9/],
    ],
  },
  endpoint: {
    by: ["endpointRequest"],
    made: endpointRequest(awsTarget, { name: "other", config: "c1" }),
    checkers: { model: model("CreateEndpoint"), rehearsal: rehearsal("CreateEndpoint") },
    faults: [
      ["no configuration", "EndpointConfigName", undefined, "model", /EndpointConfigName/],
      ["a name that is too long", "EndpointName", "e".repeat(64), "model", /EndpointName/],
      ["a configuration of nobody", "EndpointConfigName", "c9", "rehearsal", /c9/],
    ],
  },
};
