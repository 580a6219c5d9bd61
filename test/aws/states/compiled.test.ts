import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { describe, expect, it } from "vitest";
import { compileStateMachine } from "../../../src/deploy/aws/index.js";
import { memoryStore } from "../../../src/io/store/index.js";
import { rehearse, type StateMachine } from "../../../src/rehearsal/index.js";
import { csv, records } from "../../container/root.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { judgedGraph } from "../../helpers/judged-graph.js";
import { awsPython, motoClient } from "../../helpers/moto.js";
import { findings, lambda, topic } from "../../helpers/state-machines.js";

const ready = await awsPython("compiled state machines against botocore's models");

const report = (step: string, path: string, atLeast: unknown) => ({ step: `${step}.report`, path, atLeast });
const judged = (atLeast: number) => judgedGraph("train-1", atLeast);
const options = { inputs: { customers: "s3://churn-data/raw/customers.csv" }, topic } as const;

/** Runs a machine in the rehearsal, whose jobs really run in the container. */
async function run(machine: StateMachine, input: object) {
  const store = memoryStore();
  await store.put("raw/customers.csv", new TextEncoder().encode(csv(records)));
  const registered: unknown[] = [];
  const told: string[] = [];
  const rehearsal = await rehearse({
    buckets: () => store,
    tasks: {
      "arn:aws:states:::aws-sdk:s3:getObject": async (parameters) => {
        const { Bucket, Key } = parameters as { Bucket: string; Key: string };
        expect(Bucket).toBe("churn-data");
        return { Body: new TextDecoder().decode((await store.get(Key))?.bytes) };
      },
      "arn:aws:states:::aws-sdk:sagemaker:createModelPackage": (parameters) => {
        registered.push(parameters);
        return Promise.resolve({ ModelPackageArn: "package/1" });
      },
      "arn:aws:states:::sns:publish": (parameters) => {
        told.push((parameters as { Message: string }).Message);
        return Promise.resolve({});
      },
    },
  });
  const client = new SFNClient(motoClient(rehearsal.url));
  try {
    const { stateMachineArn } = await client.send(
      new CreateStateMachineCommand({ name: "churn", definition: JSON.stringify(machine), roleArn: awsTarget.role }),
    );
    const { executionArn } = await client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 24 * 3_600_000);
    const { status, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return { status, error, cause, registered, told, store };
  } finally {
    client.destroy();
    await rehearsal.close();
  }
}

describe("compileStateMachine", () => {
  it("runs a graph of jobs to a registered model", async () => {
    const machine = compileStateMachine(judged(0.5), awsTarget, options);
    expect(findings(machine, ready)).toEqual([]);
    const { status, cause, registered } = await run(machine, {});
    expect([status, cause]).toEqual(["SUCCEEDED", undefined]);
    expect(registered).toMatchObject([
      { ModelPackageGroupName: "churn-dev", ModelApprovalStatus: "PendingManualApproval" },
    ]);
  }, 60_000);

  it("refuses by the bounds that the input gives", async () => {
    const machine = compileStateMachine(judged(0.5), awsTarget, options);
    const { status, error, registered, told } = await run(machine, { MinAuc: 0.999 });
    expect([status, registered]).toEqual(["FAILED", []]);
    expect(told).toEqual([expect.stringMatching(/failed: .*auc of evaluate.report at least 0.999/)]);
    expect(error).toMatch(/register/);
  }, 60_000);

  it("takes every part of a graph", () => {
    const [ingest, parts] = judged(0.5).steps;
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
      inputs: { model: "tune.model" },
      when: [
        report("evaluate", "accuracy", 0.84),
        report("evaluate", "f1", 0.79),
        report("evaluate", "auc", { step: "champion.report", path: "auc" }),
      ],
    };
    const graph = {
      inputs: { customers: "file", champion: "bundle" },
      steps: [ingest, parts, tune, evaluate, champion, register],
    };
    const machine = compileStateMachine(graph, awsTarget, {
      ...options,
      register: { deployBy: lambda("deploy") },
      steps: {
        tune: {
          spot: { maxWaitSeconds: 7200 },
          search: {
            strategy: "Bayesian",
            maxJobs: 8,
            maxParallel: 2,
            space: { learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" } },
          },
        },
      },
    });
    expect(findings(machine, ready)).toEqual([]);
    expect(machine.States["deploy-register"]).toMatchObject({
      Parameters: { Payload: { "modelPackageArn.$": "$.Steps.register.ModelPackageArn", endpointName: "churn-dev" } },
      Next: "Notify of success",
    });
  });
});
