import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { pipelineDefinition, refs, stateMachine, steps, type StateMachine } from "../../../src/deploy/aws/index.js";
import type { DefinedStep } from "../../../src/deploy/aws/pipeline/step.js";
import { runStateMachine, virtualClock } from "../../../src/rehearsal/index.js";
import { awsTarget, securedTarget } from "../../helpers/aws-target.js";
import { awsPython } from "../../helpers/moto.js";
import { findings, lambda, own, retraining, taskProblems, validator } from "../../helpers/state-machines.js";

const ready = await awsPython("tasks of state machines against botocore's models");
const golden = resolve(import.meta.dirname, "../golden/retraining-machine.json");

const instanceType = "ml.m5.large";
const machineOf = (...list: DefinedStep[]): StateMachine =>
  stateMachine(
    pipelineDefinition({
      parameters: { Uri: { type: "String" }, Epochs: { type: "Integer", default: 5 } },
      steps: list,
    }),
    awsTarget,
  );
const evaluate = steps.processing(
  "evaluate-1",
  awsTarget,
  {
    instanceType,
    outputs: { report: { uri: refs.join("/", ["s3://b/runs", refs.execution("PipelineExecutionId"), "report"]) } },
  },
  { files: { report: { output: "report", path: "report.json" } } },
);
const training = {
  channels: { train: { uri: refs.parameter("Uri") } },
  metrics: [{ name: "validation:f1", regex: "f1=([0-9.]+)" }],
  instanceType,
  maxSeconds: 3600,
} as const;

describe("retrainingMachine", () => {
  it("is the same as the file that people have read, in the same order", () => {
    expect(`${JSON.stringify(retraining(), null, 2)}\n`).toBe(readFileSync(golden, "utf8"));
  });

  it("is valid", () => expect(findings(retraining(), ready)).toEqual([]));
});

describe("stateMachine", () => {
  it("makes valid states of every step", () => {
    const model = steps.model("Model", securedTarget, {
      data: refs.property("Train", "ModelArtifacts.S3ModelArtifacts"),
    });
    const machine = machineOf(
      steps.training("Train", securedTarget, {
        ...training,
        hyperparameters: { epochs: refs.parameter("Epochs") },
        spot: { maxWaitSeconds: 7200 },
        checkpoints: refs.join("/", ["s3://b/checkpoints", refs.execution("PipelineExecutionId")]),
      }),
      steps.tuning("Tune", securedTarget, {
        training,
        objective: { metric: "validation:f1", goal: "Maximize" },
        strategy: "Random",
        space: { epochs: { kind: "integer", min: 1, max: 9 } },
        maxJobs: 4,
        maxParallel: 2,
        maxSeconds: 7200,
      }),
      model,
      steps.transform("Score", securedTarget, {
        model: refs.property("Model", "ModelName"),
        input: { uri: refs.parameter("Uri"), contentType: "text/csv", split: "Line" },
        output: { uri: "s3://b/scores" },
        instanceType,
      }),
      evaluate,
      steps.condition(
        "Good",
        [
          { type: "GreaterThanOrEqualTo", left: refs.jsonGet("evaluate-1", "report", "auc"), right: 0.8 },
          { type: "LessThan", left: 0.5, right: refs.property("Train", "FinalMetricDataList['validation:f1'].Value") },
          { type: "Equals", left: refs.parameter("Uri"), right: refs.execution("PipelineName") },
        ],
        { if: [steps.lambda("Tell", { function: lambda("tell"), inputs: { epochs: refs.parameter("Epochs") } })] },
      ),
    );
    expect(findings(machine, ready)).toEqual([]);
    expect(machine).toMatchObject({
      StartAt: "Take defaults",
      States: {
        "Take input": { Next: "Train" },
        Train: {
          Parameters: {
            HyperParameters: { "epochs.$": "States.Format('{}', $.Parameters.Epochs)" },
            CheckpointConfig: { "S3Uri.$": "States.Format('s3://b/checkpoints/{}', $.ExecutionId)" },
          },
          // The longest wait for spot capacity, and an hour.
          TimeoutSeconds: 10_800,
        },
        Tune: {
          Parameters: {
            "HyperParameterTuningJobName.$": "States.Hash(States.Format('{}-Tune', $.ExecutionId), 'MD5')",
          },
          TimeoutSeconds: 10_800,
        },
        Score: { Parameters: { "ModelName.$": "States.Format('churn-dev-Model-{}', $.ExecutionId)" } },
        "evaluate-1": { Next: "evaluate-1: report" },
        "evaluate-1: report": {
          Parameters: { Bucket: "b", "Key.$": "States.Format('runs/{}/report/report.json', $.ExecutionId)" },
          ResultPath: "$.Steps['evaluate-1'].PropertyFiles.report",
          Next: "Good",
        },
        Good: { Type: "Pass", Next: "Good: compare" },
        "Good: compare": { Type: "Choice", Default: "Notify of success" },
        Tell: { Next: "Notify of success" },
      },
    });
  });

  it("gives names of at most 63 characters that differ by step", () => {
    const long = { ...awsTarget, name: "c".repeat(24), stage: "production" };
    const job = { instanceType, outputs: {} } as const;
    const names = ["a", "b"].map((end) => steps.processing(`${"evaluate-".repeat(4)}${end}`, long, job));
    const { States } = stateMachine(pipelineDefinition({ steps: names }), long);
    const calls = names.map(({ Name }) => {
      const state = States[Name];
      return state?.Type === "Task" ? (state.Parameters as Record<string, string>)["ProcessingJobName.$"] : undefined;
    });
    expect(new Set(calls).size).toBe(2);
    expect(findings(stateMachine(pipelineDefinition({ steps: names }), long), ready)).toEqual([]);
  });

  it("writes any text", async () => {
    const text = "It's {0}, 100 % {} 'x' }{ $.a States.Format('{}')";
    const machine = machineOf(steps.fail("Failed", refs.join(" ", [text, refs.parameter("Uri"), text])));
    expect(findings(machine, ready)).toEqual([]);
    const clock = virtualClock(0);
    const context = {
      Execution: { Id: "e", StartTime: "t", Input: { Uri: "{}'" } },
    };
    const task = () => Promise.reject(new Error("no task"));
    const ended = clock.until(runStateMachine(machine, {}, { clock, random: () => 0, task }, context));
    const Cause = `${text} {}' ${text}`;
    await expect(ended).rejects.toMatchObject({
      error: "Failed.Failed",
      message: JSON.stringify({ Error: "Failed", Cause }),
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "a property file whose bucket is not known",
      () => {
        const uri = refs.parameter("Uri");
        const files = { report: { output: "out", path: "report.json" } };
        return machineOf(steps.processing("A", awsTarget, { instanceType, outputs: { out: { uri } } }, { files }));
      },
      /"A" has a property file in an output whose bucket is a parameter/,
    ],
    [
      "equality of values of any type",
      () => {
        const left = refs.property("L", "OutputParameters.a");
        const right = refs.property("L", "OutputParameters.b");
        return machineOf(
          steps.lambda("L", { function: lambda("l") }),
          steps.condition("C", [{ type: "Equals", left, right }], {}),
        );
      },
      /"C" asks whether two values are equal whose type is not known/,
    ],
    [
      "an unknown option",
      () => stateMachine(pipelineDefinition({ steps: [evaluate] }), awsTarget, { topics: "" } as never),
      /topics/,
    ],
    ["a topic that is none", () => retraining({ topic: "churn" }), /topic must be the ARN of an SNS topic/],
    ["a gate above 1", () => retraining({ gate: { f1: 79 } }), /gate.f1/],
  ])("refuses %s", (_what, make, message) => expect(make).toThrow(message));
});

/** The retraining with other members in one state. */
const planted = (name: string, change: object): StateMachine => {
  const machine = retraining();
  return { ...machine, States: { ...machine.States, [name]: { ...machine.States[name], ...change } as never } };
};
const all = { ErrorEquals: ["States.ALL"] };
const publish = "arn:aws:states:::sns:publish";

describe("planted faults", () => {
  it.each<[string, StateMachine, (machine: StateMachine) => string[], RegExp]>([
    ["a missing Next", planted("Prepare", { Next: undefined }), validator, /Prepare/],
    ["an unknown state", planted("Prepare", { Next: "Trian" }), validator, /Trian/],
    ["an unknown start", { ...retraining(), StartAt: "Start" }, validator, /Start/],
    ["an unknown type", planted("Gate", { Type: "Choose" }), validator, /Gate/],
    ["a path that is none", planted("Prepare", { ResultPath: "Steps" }), validator, /ResultPath|Steps/],
    [
      "a typo in a resource",
      planted("Train", { Resource: "arn:aws:states:::sagemaker:createTraningJob.sync" }),
      own,
      /"Train" has the resource/,
    ],
    [
      "a typo in a service",
      planted("Train", { Resource: "arn:aws:states:::sagmaker:createTrainingJob.sync" }),
      own,
      /"Train" has the resource/,
    ],
    [
      "a member of Object",
      planted("Train", { Resource: "arn:aws:states:::sagemaker:toString" }),
      own,
      /has the resource/,
    ],
    [
      "a pattern that the API lacks",
      planted("Register", { Resource: "arn:aws:states:::sagemaker:createModel.sync" }),
      own,
      /has the resource/,
    ],
    [
      "a token where there is none",
      planted("Train", { Resource: "arn:aws:states:::sagemaker:createTrainingJob.waitForTaskToken" }),
      own,
      /has the resource/,
    ],
    [
      "an SDK call that waits for a job",
      planted("Register", { Resource: "arn:aws:states:::aws-sdk:sagemaker:createModelPackage.sync" }),
      own,
      /has the resource/,
    ],
    [
      "States.ALL not last",
      planted("Train", { Retry: [all, { ErrorEquals: ["X"] }] }),
      own,
      /"Train" has States.ALL in Retry, but not last/,
    ],
    [
      "States.ALL not alone",
      planted("Train", { Catch: [{ ErrorEquals: ["X", "States.ALL"], Next: "Execution failed" }] }),
      own,
      /beside other errors in Catch/,
    ],
    ["no time-out", planted("Train", { TimeoutSeconds: undefined }), own, /"Train" has no TimeoutSeconds/],
    ["half a second", planted("Train", { TimeoutSeconds: 0.5 }), own, /TimeoutSeconds 0.5/],
    ["a heartbeat that nobody sends", planted("Train", { HeartbeatSeconds: 60 }), own, /nobody sends/],
    [
      "a heartbeat after the time-out",
      planted("Notify of success", { Resource: `${publish}.waitForTaskToken`, HeartbeatSeconds: 60 }),
      own,
      /not below TimeoutSeconds/,
    ],
    ["a name of 81 characters", planted("x".repeat(81), { Type: "Succeed" }), own, /81 characters/],
    [
      "a name twice",
      planted("Map", {
        Type: "Map",
        Next: "Train",
        ItemProcessor: { StartAt: "Train", States: { Train: { Type: "Succeed" } } },
      }),
      own,
      /"Train" occurs twice/,
    ],
    [
      "a fault in a branch",
      planted("Both", {
        Type: "Parallel",
        Next: "Train",
        Branches: [{ StartAt: "In", States: { In: { Type: "Task", Resource: publish, End: true } } }],
      }),
      own,
      /"In" has no TimeoutSeconds/,
    ],
    ["no wait between attempts", planted("Train", { Retry: [{ ...all, IntervalSeconds: 0 }] }), own, /IntervalSeconds/],
    ["a falling wait", planted("Train", { Retry: [{ ...all, BackoffRate: 0.5 }] }), own, /BackoffRate/],
    [
      "a longest wait below the first",
      planted("Train", { Retry: [{ ...all, IntervalSeconds: 9, MaxDelaySeconds: 9 }] }),
      own,
      /MaxDelaySeconds/,
    ],
    ["a megabyte", planted("Execution failed", { Comment: "x".repeat(2 ** 20) }), own, /Step Functions takes 1048576/],
  ])("finds %s", (_what, machine, check, message) => {
    const parsed = JSON.parse(JSON.stringify(machine)) as StateMachine;
    expect(check(parsed).join("\n")).toMatch(message);
  });

  const parameters = (name: string, more: object): StateMachine => {
    const state = retraining().States[name];
    return planted(name, { Parameters: { ...(state?.Type === "Task" && (state.Parameters as object)), ...more } });
  };
  it.skipIf(!ready).each([
    ["an unknown parameter", parameters("Train", { InputDataConfigs: [] }), /Train: .*InputDataConfigs/],
    [
      "a parameter of the wrong type",
      parameters("Prepare", { "RoleArn.$": undefined, RoleArn: 5 }),
      /Prepare: .*RoleArn/,
    ],
    ["a missing parameter", parameters("Train", { OutputDataConfig: undefined }), /Train: .*OutputDataConfig/],
    [
      "a name that is too long",
      parameters("Train", { "TrainingJobName.$": `States.Format('${"x".repeat(40)}-{}', $.ExecutionId)` }),
      /Train: .*TrainingJobName/,
    ],
    [
      "an unknown operation",
      planted("Register", { Resource: "arn:aws:states:::aws-sdk:sagemaker:createModelPackge" }),
      /no operation/,
    ],
  ])("finds %s by AWS's models", (_what, machine, message) => {
    expect(taskProblems(JSON.parse(JSON.stringify(machine)) as StateMachine).join("\n")).toMatch(message);
  });
});
