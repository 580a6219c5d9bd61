import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { compilePipeline, type CompileOptions } from "../../src/deploy/aws/index.js";
import { parsePipeline, type PipelineStep } from "../../src/jobs/graph.js";
import { settingsOf } from "../../src/jobs/hyperparameters.js";
import { awsTarget, securedTarget } from "../helpers/aws-target.js";
import { awsPython } from "../helpers/moto.js";
import { flatSteps, stepProblems, type Step } from "../helpers/pipeline-steps.js";

const ready = await awsPython("compiled pipelines against botocore's models");

const report = (path: string, atLeast: unknown) => ({ step: "evaluate.report", path, atLeast });
const ingest = {
  id: "ingest",
  job: "ingest",
  params: { target: "churn", positive: "Yes", id: ["customerId"] },
  inputs: { file: "input.customers" },
};
const parts = { id: "parts", job: "split", params: { seed: 7 }, inputs: { rows: "ingest.rows" }, retries: 2 };
const tune = {
  id: "tune",
  job: "tune",
  params: { learners: [{ learner: "network", options: { epochs: 30 } }], metric: "f1", seed: 7 },
  inputs: { rows: "parts.train" },
};
const evaluate = { id: "evaluate", job: "evaluate", inputs: { model: "tune.model", rows: "parts.test" } };
const champion = { id: "champion", job: "evaluate", inputs: { model: "input.champion", rows: "parts.test" } };
const register = {
  id: "register",
  job: "register",
  params: { by: "pipeline" },
  inputs: { model: "tune.model" },
  when: [report("accuracy", 0.84), report("f1", 0.79), report("auc", { step: "champion.report", path: "auc" })],
};
const churn = {
  inputs: { customers: "file", champion: "bundle" },
  steps: [ingest, parts, tune, evaluate, champion, register],
};
const searching: CompileOptions = {
  steps: {
    tune: {
      instanceType: "ml.m5.xlarge",
      spot: { maxWaitSeconds: 7200 },
      search: {
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
      },
    },
  },
};
const options: CompileOptions = {
  ...searching,
  inputs: { customers: "s3://churn-data/raw/customers.csv" },
  defaults: { cache: "P30D", volumeGb: 10 },
  register: { deployBy: "arn:aws:lambda:us-east-1:123456789012:function:churn-deploy" },
};
const train = { id: "train", job: "train", params: { learner: "logistic" }, inputs: { rows: "ingest.rows" } };
const when = { step: "ingest.quality", path: "rows", atLeast: 1 };
const compile = (steps: readonly object[], more: CompileOptions = {}) =>
  JSON.parse(JSON.stringify(compilePipeline({ inputs: churn.inputs, steps }, awsTarget, more))) as {
    Steps: Step[];
    Parameters: { Name: string; DefaultValue?: unknown }[];
  };
const named = (steps: readonly Step[], name: string): Step => {
  const found = flatSteps(steps).find(({ Name }) => Name === name);
  if (found === undefined) throw new Error(`no step ${name}`);
  return found;
};

describe("compilePipeline", () => {
  it("compiles the churn pipeline to the definition that was reviewed", () => {
    const golden = resolve(import.meta.dirname, "golden/churn-pipeline.json");
    const made = `${JSON.stringify(compilePipeline(churn, awsTarget, options), undefined, 2)}\n`;
    if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, made);
    const reviewed = JSON.parse(readFileSync(golden, "utf8")) as unknown;
    expect(JSON.parse(made)).toEqual(reviewed);
    // In the same order too, so that a diff of two definitions shows what changed.
    expect(`${JSON.stringify(reviewed, undefined, 2)}\n`).toBe(made);
  });

  it.skipIf(!ready)("makes arguments that AWS's model takes, with and without keys and a network", () => {
    for (const target of [awsTarget, securedTarget])
      expect(stepProblems(compilePipeline(churn, target, options).Steps)).toEqual([]);
  });

  it("makes bounds, inputs and the approval parameters", () => {
    const { Parameters } = compile(churn.steps, options);
    expect(Parameters.map(({ Name, DefaultValue }) => [Name, DefaultValue])).toEqual([
      ["CustomersUri", "s3://churn-data/raw/customers.csv"],
      ["ChampionUri", undefined],
      ["MinAccuracy", 0.84],
      ["MinF1", 0.79],
      ["ModelApprovalStatus", "PendingManualApproval"],
    ]);
    const other = { ...parts, id: "again", when: report("f1", 0.5) };
    expect(compile([...churn.steps, other], options).Parameters.map(({ Name }) => Name)).toContain("MinF1OfAgain");
  });

  it("writes hyperparameters that the job train reads as the params of the graph", () => {
    const params = { learner: "boosting", options: { leaves: 8 }, facets: ["plan"], seed: 3 };
    const { Steps } = compile([ingest, { ...train, params }]);
    const { HyperParameters } = named(Steps, "train").Arguments as { HyperParameters: Record<string, string> };
    expect(settingsOf(HyperParameters).training).toMatchObject(params);
  });

  it("cuts long params into arguments that SageMaker takes, and loses no character", () => {
    const description = 'é😀"'.repeat(400);
    const ignore = [description];
    const { Steps } = compile([{ ...ingest, params: { ...ingest.params, ignore } }]);
    const { AppSpecification } = named(Steps, "ingest").Arguments as {
      AppSpecification: { ContainerArguments: string[] };
    };
    const pieces = AppSpecification.ContainerArguments;
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(256);
    const joined = pieces.map((piece) => piece.replace(/^--params=/, "")).join("");
    expect(JSON.parse(joined)).toEqual({ ...ingest.params, ignore });
    expect(pieces.every((piece) => !piece.endsWith("\ud83d"))).toBe(true);
  });

  it("takes a number of a training from the log's metrics, and of another job from its report", () => {
    const when = [
      { step: "train.report", path: "auc", atLeast: 0.7 },
      { step: "ingest.quality", path: "rows", atMost: 1e6 },
    ];
    const { Steps } = compile([ingest, train, { ...parts, when }]);
    const { Conditions } = named(Steps, "if-parts").Arguments as { Conditions: { Type: string; LeftValue: object }[] };
    expect(Conditions.map(({ Type, LeftValue }) => [Type, LeftValue])).toEqual([
      ["GreaterThanOrEqualTo", { Get: "Steps.train.FinalMetricDataList['validation:auc'].Value" }],
      [
        "LessThanOrEqualTo",
        { "Std:JsonGet": { PropertyFile: { Get: "Steps.ingest.PropertyFiles.quality" }, Path: "rows" } },
      ],
    ]);
    expect(named(Steps, "ingest")).toHaveProperty("PropertyFiles", [
      { PropertyFileName: "quality", OutputName: "quality", FilePath: "quality.json" },
    ]);
  });

  it("nests conditions as the graph skips steps, and fails only where a model is refused", () => {
    const graph = [
      ingest,
      { ...train, when: { step: "ingest.quality", path: "rows", atLeast: 100 } },
      { id: "evaluate", job: "evaluate", inputs: { model: "train.model", rows: "ingest.rows" } },
      { id: "score", job: "score", inputs: { model: "train.model", rows: "ingest.rows" }, when: report("auc", 0.6) },
      { id: "register", job: "register", inputs: { model: "train.model" }, when: report("auc", 0.7) },
    ];
    const { Steps } = compile(graph);
    const tree = (steps: readonly Step[]): unknown[] =>
      steps.map(({ Name, Arguments: { IfSteps, ElseSteps } }) =>
        IfSteps === undefined ? Name : { [Name]: [tree(IfSteps as Step[]), tree(ElseSteps as Step[])] },
      );
    expect(tree(Steps)).toEqual([
      "ingest",
      {
        "if-train": [
          [
            "train",
            "evaluate",
            { "if-score": [["score"], []] },
            { "if-register": [["register"], ["refuse-register"]] },
          ],
          [],
        ],
      },
    ]);
    expect(named(Steps, "refuse-register").Arguments).toEqual({
      ErrorMessage: {
        "Std:Join": {
          On: " ",
          Values: ["register needs", "auc of evaluate.report at least", { Get: "Parameters.MinAucOfRegister" }],
        },
      },
    });
  });

  it("gives each step its own compute, cache and repetitions", () => {
    const { Steps } = compile([ingest, parts, { ...train, retries: 1 }], {
      defaults: { cache: "P7D" },
      steps: {
        parts: {
          instanceType: "ml.m5.2xlarge",
          instances: 2,
          sharded: ["rows"],
          cache: undefined,
          networkIsolation: true,
        },
        train: { spot: { maxWaitSeconds: 7200 }, environment: { TZ: "UTC" } },
      },
    });
    expect(named(Steps, "ingest")).toHaveProperty("CacheConfig", { Enabled: true, ExpireAfter: "P7D" });
    expect(named(Steps, "parts")).not.toHaveProperty("CacheConfig");
    expect(named(Steps, "parts")).toMatchObject({
      Arguments: {
        ProcessingResources: { ClusterConfig: { InstanceType: "ml.m5.2xlarge", InstanceCount: 2 } },
        ProcessingInputs: [{ InputName: "rows", S3Input: { S3DataDistributionType: "ShardedByS3Key" } }],
        NetworkConfig: { EnableNetworkIsolation: true },
      },
      RetryPolicies: [{ MaxAttempts: 2 }, { MaxAttempts: 2 }],
    });
    const checkpoint = ["s3://churn-data/churn-dev/checkpoints", { Get: "Execution.PipelineExecutionId" }, "train", ""];
    expect(named(Steps, "train").Arguments).toMatchObject({
      EnableManagedSpotTraining: true,
      CheckpointConfig: { S3Uri: { "Std:Join": { On: "/", Values: checkpoint } } },
      Environment: { TZ: "UTC" },
    });
  });

  it("registers with the evaluation that has always run before", () => {
    const evaluation = { id: "evaluate", job: "evaluate", inputs: { model: "train.model", rows: "ingest.rows" } };
    const registered = { id: "register", job: "register", inputs: { model: "train.model" } };
    const qualityIn = (...steps: object[]) =>
      named(compile([ingest, train, ...steps]).Steps, "register").Arguments["ModelMetrics"];
    const S3Uri = {
      "Std:Join": {
        On: "/",
        Values: [{ Get: "Steps.evaluate.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri" }, "evaluation.json"],
      },
    };
    expect(qualityIn(evaluation, registered)).toEqual({
      ModelQuality: { Statistics: { ContentType: "application/json", S3Uri } },
    });
    expect(qualityIn({ ...evaluation, when }, registered)).toBeUndefined();
    expect(qualityIn(registered, evaluation)).toBeUndefined();
  });

  it("takes the space of the learner where the search has none", () => {
    const space = { l2: { kind: "real", min: 0.1, max: 10, scale: "log" } };
    const learners = [{ learner: "logistic", options: { folds: 3 }, space }];
    const search = { strategy: "Random", maxJobs: 4, maxParallel: 2 } as const;
    const { Steps } = compile([ingest, { ...tune, params: { learners, trials: 9 }, inputs: { rows: "ingest.rows" } }], {
      steps: { tune: { search } },
    });
    expect(Steps[1]).toMatchObject({
      Type: "Tuning",
      Arguments: {
        HyperParameterTuningJobConfig: {
          ParameterRanges: {
            ContinuousParameterRanges: [{ Name: "l2", MinValue: "0.1", MaxValue: "10", ScalingType: "Logarithmic" }],
          },
        },
        TrainingJobDefinition: { StaticHyperParameters: { learner: "logistic", options: '{"folds":3}' } },
      },
    });
  });

  it("runs tune without a search as the job itself", () => {
    expect(compile([ingest, { ...tune, inputs: { rows: "ingest.rows" } }]).Steps.map(({ Type }) => Type)).toEqual([
      "Processing",
      "Processing",
    ]);
  });

  const evaluated = { id: "evaluate", job: "evaluate", inputs: { model: "train.model", rows: "ingest.rows" } };
  it.each<[string, object[], RegExp, CompileOptions?]>([
    ["a graph that cannot run", [train], /takes its input rows from ingest\.rows/],
    [
      "the report of a training as input",
      [ingest, train, { id: "decide", job: "retrain-decision", inputs: { report: "train.report" } }],
      /takes train\.report, which SageMaker cannot give: a training job keeps its report in an archive/,
    ],
    [
      "a number that no training prints",
      [ingest, train, { ...parts, when: { step: "train.report", path: "rows", atLeast: 1 } }],
      /takes rows of train\.report/,
    ],
    [
      "the trials of a search",
      [ingest, parts, tune, { ...champion, when: { step: "tune.trials", path: "value", atLeast: 0.5 } }],
      /a tuning job leaves its best model only/,
      searching,
    ],
    [
      "a search over two learners",
      [ingest, parts, { ...tune, params: { learners: [{ learner: "network" }, { learner: "logistic" }] } }],
      /"tune" has 2 learners/,
      searching,
    ],
    [
      "a search by a metric over several classes",
      [ingest, parts, { ...tune, params: { ...tune.params, metric: "classes.logLoss" } }],
      /"tune" searches by classes\.logLoss, which the log of a training job does not have/,
      searching,
    ],
    [
      "gates",
      [ingest, train, { ...register, inputs: { model: "train.model", rows: "ingest.rows" }, when: undefined }],
      /"register" has rows, which/,
    ],
    [
      "an alias",
      [
        ingest,
        train,
        { ...register, params: { alias: "production" }, inputs: { model: "train.model" }, when: undefined },
      ],
      /"register" has alias, which/,
    ],
    [
      "steps under conditions side by side",
      [
        ingest,
        { ...train, when },
        { ...parts, when: { ...when, atLeast: 2 } },
        { ...evaluated, inputs: { model: "train.model", rows: "parts.test" } },
      ],
      /"evaluate" needs steps under the conditions of both train and parts/,
    ],
    ["settings of no step", [ingest], /no step "trian"; it has ingest/, { steps: { trian: {} } }],
    [
      "a place of no input",
      [ingest],
      /no input "custmers"; it has customers, champion/,
      { inputs: { custmers: "s3://b/k" } },
    ],
  ])("refuses %s", (_what, steps, message, more) => {
    expect(() => compile(steps, more)).toThrow(message);
  });

  it("runs here too", () => {
    const steps: readonly PipelineStep[] = parsePipeline(churn).steps;
    expect(steps.map(({ id }) => id)).toEqual(["ingest", "parts", "tune", "evaluate", "champion", "register"]);
  });
});
