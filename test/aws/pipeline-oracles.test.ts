import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { pipelineDefinition, refs, steps, type PipelineDefinition } from "../../src/deploy/aws/index.js";
import { tagsOf } from "../../src/deploy/aws/target.js";
import { awsTarget } from "../helpers/aws-target.js";
import { awsPython } from "../helpers/moto.js";
import { stepProblems, type Step } from "../helpers/pipeline-steps.js";

const ready = await awsPython("pipeline steps against botocore's models");
const { join, parameter, output, property, jsonGet, execution } = refs;

/** What the scripts beside them wrote with AWS's SDK for Python. */
const oracle = (file: string) =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, "golden", file), "utf8")) as {
    Parameters: unknown;
    PipelineExperimentConfig: unknown;
    Steps: Step[];
  };

const asJson = (definition: PipelineDefinition) =>
  JSON.parse(JSON.stringify(definition)) as { Parameters: unknown; PipelineExperimentConfig: unknown; Steps: Step[] };

/** The oracles' requests have no tags; ours always do, where the service takes them. */
const tagged = (step: Step): Step => {
  const isTagged = ["Processing", "Training", "Tuning", "Model"].includes(step.Type);
  const branches = ["IfSteps", "ElseSteps"].flatMap((key) =>
    step.Type === "Condition" ? [[key, (step.Arguments[key] as Step[]).map(tagged)] as const] : [],
  );
  return {
    ...step,
    Arguments: { ...step.Arguments, ...(isTagged && { Tags: tagsOf(awsTarget) }), ...Object.fromEntries(branches) },
  };
};

const seconds = { maxSeconds: 3600, spot: { maxWaitSeconds: 7200 } } as const;
const f1 = { name: "validation:f1", regex: "validation:f1=([0-9.]+)" };
const accuracy = { name: "validation:accuracy", regex: "validation:accuracy=([0-9.]+)" };

function versionThree(): PipelineDefinition {
  const processor = {
    instanceType: "ml.m5.large",
    volumeGb: 10,
    maxSeconds: 1800,
    environment: { TZ: "UTC" },
  } as const;
  const run = (name: string) => join("/", ["s3://churn-data/runs", execution("PipelineExecutionId"), name]);
  const trainer = (name: string) => ({
    ...seconds,
    instanceType: "ml.m5.xlarge" as const,
    volumeGb: 20,
    checkpoints: `s3://churn-data/checkpoints/${name}`,
    output: "s3://churn-data/models",
  });
  const parts = ["train", "validation", "test"];
  const prepare = steps.processing(
    "Prepare",
    awsTarget,
    {
      ...processor,
      entrypoint: ["churnkit", "sagemaker", "prepare"],
      arguments: ["--seed", "7"],
      inputs: { raw: { uri: parameter("DataUri") } },
      outputs: Object.fromEntries(parts.map((name) => [name, { uri: run(name) }])),
    },
    {
      cache: "P30D",
      retries: [
        { errors: ["Step.SERVICE_FAULT", "Step.THROTTLING"], seconds: 5, attempts: 3 },
        { errors: ["SageMaker.JOB_INTERNAL_ERROR"], seconds: 60, attempts: 2 },
      ],
    },
  );
  const tune = steps.tuning("Tune", awsTarget, {
    training: {
      ...trainer("churn-tune"),
      channels: { train: { uri: output("Prepare", "train") }, validation: { uri: output("Prepare", "validation") } },
      hyperparameters: { epochs: 30 },
      metrics: [f1],
    },
    objective: { metric: "validation:f1", goal: "Maximize" },
    strategy: "Bayesian",
    maxJobs: 8,
    maxParallel: 2,
    earlyStopping: true,
    seed: 7,
    space: {
      learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" },
      dropout: { kind: "real", min: 0, max: 0.5 },
      units1: { kind: "integer", min: 16, max: 128 },
      units2: { kind: "integer", min: 8, max: 64 },
    },
  });
  const train = steps.training(
    "Train",
    awsTarget,
    {
      ...trainer("churn"),
      channels: {
        train: { uri: output("Prepare", "train"), mode: "File" },
        validation: { uri: output("Prepare", "validation"), mode: "File" },
      },
      hyperparameters: {
        epochs: "60",
        learningRate: property("Tune", "BestTrainingJob.TunedHyperParameters['learningRate']"),
      },
      metrics: [f1, accuracy],
    },
    { cache: "P30D" },
  );
  const model = property("Train", "ModelArtifacts.S3ModelArtifacts");
  const evaluate = steps.processing(
    "Evaluate",
    awsTarget,
    {
      ...processor,
      entrypoint: ["churnkit", "sagemaker", "evaluate"],
      inputs: {
        model: { uri: model, path: "/opt/ml/processing/model" },
        test: { uri: output("Prepare", "test"), path: "/opt/ml/processing/test" },
      },
      outputs: { evaluation: { uri: run("evaluation"), path: "/opt/ml/processing/evaluation" } },
    },
    { files: { Evaluation: { output: "evaluation", path: "evaluation.json" } } },
  );
  const environment = { CHURNKIT_MODE: "serve" };
  const register = steps.register("Register", awsTarget, {
    data: model,
    group: "churn",
    approval: parameter("ModelApprovalStatus"),
    contentTypes: ["application/json", "text/csv"],
    realTimeInstances: ["ml.m5.large"],
    transformInstances: ["ml.m5.large"],
    environment,
    metadata: { pipelineExecution: execution("PipelineExecutionArn") },
    quality: join("/", [output("Evaluate", "evaluation"), "evaluation.json"]),
  });
  const create = steps.model("Create", awsTarget, { data: model, environment });
  const deploy = steps.lambda("Deploy", {
    function: "arn:aws:lambda:us-east-1:123456789012:function:churn-deploy",
    inputs: {
      modelName: property("Create", "ModelName"),
      modelPackageArn: property("Register", "ModelPackageArn"),
      endpointName: "churn",
    },
    outputs: { endpointArn: "String" },
  });
  const refused = steps.fail(
    "Refused",
    join(" ", ["accuracy or F1 below", parameter("MinAccuracy"), parameter("MinF1")]),
  );
  const atLeast = (metric: string, minimum: string) =>
    ({
      type: "GreaterThanOrEqualTo",
      left: jsonGet("Evaluate", "Evaluation", `binary_classification_metrics.${metric}.value`),
      right: parameter(minimum),
    }) as const;
  const goodEnough = steps.condition("GoodEnough", [atLeast("accuracy", "MinAccuracy"), atLeast("f1", "MinF1")], {
    if: [register, create, deploy],
    else: [refused],
  });
  return pipelineDefinition({
    parameters: {
      DataUri: { type: "String", default: "s3://churn-data/raw/customers.csv" },
      MinAccuracy: { type: "Float", default: 0.84 },
      MinF1: { type: "Float", default: 0.79 },
      ModelApprovalStatus: { type: "String", default: "PendingManualApproval" },
    },
    steps: [prepare, tune, train, evaluate, goodEnough],
  });
}

function versionTwo(): PipelineDefinition {
  const target = { ...awsTarget, image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1" };
  const run = (step: string, name: string) =>
    join("/", ["s3:/", "churn-data", "churn", execution("PipelineExecutionId"), step, "output", name]);
  const prepare = steps.processing("Prepare", target, {
    instanceType: "ml.m5.large",
    entrypoint: ["churnkit", "prepare"],
    inputs: { "input-1": { uri: "s3://churn-data/raw", path: "/opt/ml/processing/input" } },
    outputs: { train: { uri: run("Prepare", "train") } },
  });
  const tune = steps.tuning("Tune", target, {
    training: {
      ...seconds,
      instanceType: "ml.m5.xlarge",
      checkpoints: "s3://churn-data/ck",
      output: "s3://churn-data/models",
      channels: { train: { uri: output("Prepare", "train") } },
      metrics: [{ name: "validation:f1", regex: "f1=([0-9.]+)" }],
    },
    objective: { metric: "validation:f1", goal: "Maximize" },
    strategy: "Bayesian",
    maxJobs: parameter("MaxJobs"),
    maxParallel: 2,
    space: {
      learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" },
      units1: { kind: "integer", min: 16, max: 128 },
    },
  });
  const best = property("Tune", "TrainingJobSummaries[0].TrainingJobName");
  const model = join("/", ["s3:/", "churn-data", "models", best, "output/model.tar.gz"]);
  const evaluate = steps.processing(
    "Evaluate",
    target,
    {
      instanceType: "ml.m5.large",
      entrypoint: ["churnkit", "evaluate"],
      inputs: { "input-1": { uri: model, path: "/opt/ml/processing/model" } },
      outputs: { evaluation: { uri: run("Evaluate", "evaluation"), path: "/opt/ml/processing/evaluation" } },
    },
    { files: { Evaluation: { output: "evaluation", path: "evaluation.json" } } },
  );
  const register = steps.register("Register-RegisterModel", target, {
    data: model,
    group: "churn",
    contentTypes: ["application/json"],
    realTimeInstances: ["ml.m5.large"],
    transformInstances: ["ml.m5.large"],
    environment: { M: "serve" },
    quality: join("/", [output("Evaluate", "evaluation"), "evaluation.json"]),
  });
  const accurate = jsonGet("Evaluate", "Evaluation", "binary_classification_metrics.accuracy.value");
  const condition = { type: "GreaterThanOrEqualTo", left: accurate, right: parameter("MinAccuracy") } as const;
  return pipelineDefinition({
    parameters: { MinAccuracy: { type: "Float", default: 0.84 }, MaxJobs: { type: "Integer", default: 8 } },
    steps: [prepare, tune, evaluate, steps.condition("GoodEnough", [condition], { if: [register] })],
  });
}

describe("the pipeline that AWS's own SDK makes", () => {
  it("of version 3 is made the same, step by step", () => {
    const theirs = oracle("sagemaker-sdk-v3.json");
    const ours = asJson(versionThree());
    expect(ours.Steps.map(({ Name }) => Name)).toEqual(theirs.Steps.map(({ Name }) => Name));
    for (const [i, step] of theirs.Steps.entries()) expect(ours.Steps[i]).toEqual(tagged(step));
    const { Parameters, PipelineExperimentConfig } = theirs;
    expect(ours).toMatchObject({ Parameters, PipelineExperimentConfig });
  });

  it("of version 2 is made the same, but for what version 3 says in another way", () => {
    const theirs = oracle("sagemaker-sdk-v2.json");
    const ours = asJson(versionTwo());
    for (const [i, step] of theirs.Steps.entries()) expect(ours.Steps[i]).toEqual(tagged(asVersionThree(step)));
    expect(ours.Parameters).toEqual(theirs.Parameters);
  });

  it.skipIf(!ready)("has arguments that AWS's model takes", () => {
    expect(stepProblems(versionThree().Steps)).toEqual([]);
    expect(stepProblems(versionTwo().Steps)).toEqual([]);
    // The check finds what is wrong: the oracle with one misspelled member.
    const spoilt = JSON.stringify(versionThree()).replace('"ImageUri"', '"ImageUrl"');
    expect(stepProblems((JSON.parse(spoilt) as { Steps: Step[] }).Steps)).toHaveLength(2);
  });
});

/** The differences between the two versions of AWS's SDK, all of them ways to say the same. */
function asVersionThree(step: Step): Step {
  const text = JSON.stringify(step)
    .replaceAll('"AppManaged":false,', "")
    .replaceAll(',"Bias":{},"Explainability":{}', "")
    .replaceAll(',"SkipModelValidation":"None"', "")
    .replaceAll('"CategoricalParameterRanges":[],', "")
    .replaceAll('"StaticHyperParameters":{},', "")
    .replaceAll("HyperParameterTuningResourceConfig", "ResourceConfig")
    .replaceAll(
      '"S3OutputPath":"s3://churn-data/models"',
      '"S3OutputPath":"s3://churn-data/models","CompressionType":"GZIP"',
    )
    .replaceAll('"CheckpointConfig":{', '"CheckpointConfig":{"LocalPath":"/opt/ml/checkpoints",')
    // Ours always has a seed, so that the same search draws the same values.
    .replaceAll('"Strategy":"Bayesian"', '"Strategy":"Bayesian","RandomSeed":0');
  return JSON.parse(text) as Step;
}
