import { CreateModelPackageGroupCommand, ListModelPackagesCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pipelineDefinition, refs, stateMachine, steps } from "../../../src/deploy/aws/index.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/index.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { awsPython, motoClient, sharedMoto } from "../../helpers/moto.js";

const ready = await awsPython("state machines in moto's interpreter");

/** What runs without a job, which moto's interpreter cannot wait for. */
const definition = JSON.stringify(
  stateMachine(
    pipelineDefinition({
      parameters: {
        F1: { type: "Float", default: 0.8 },
        ChampionF1: { type: "Float", default: 0.79 },
        Group: { type: "String" },
      },
      steps: [
        steps.condition(
          "Gate",
          [
            { type: "GreaterThanOrEqualTo", left: refs.parameter("F1"), right: 0.79 },
            { type: "GreaterThanOrEqualTo", left: refs.parameter("F1"), right: refs.parameter("ChampionF1") },
          ],
          {
            if: [
              steps.register("Register", awsTarget, {
                data: refs.join("/", ["s3://b", refs.execution("PipelineExecutionId"), "model.tar.gz"]),
                group: refs.parameter("Group"),
                realTimeInstances: ["ml.m5.large"],
                metadata: { f1: refs.parameter("F1") },
              }),
            ],
            else: [
              steps.fail("Refused", refs.join(" ", ["Not", refs.parameter("F1"), "for", refs.parameter("Group")])),
            ],
          },
        ),
      ],
    }),
    awsTarget,
  ),
);

/** moto has no text there but a date, which its States.Format cannot write. */
const inMoto = (text: string): string => text.split("$$.Execution.StartTime").join("$$.StateMachine.Name");

interface Ended {
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly parameters: unknown;
  readonly steps: string[];
}

describe.skipIf(!ready)("a machine in moto's interpreter and in the rehearsal", () => {
  let rehearsal: Rehearsal;
  let moto: string;
  beforeAll(async () => {
    moto = (await sharedMoto()).url;
    await switched(true);
    rehearsal = await rehearse({
      tasks: {
        "arn:aws:states:::aws-sdk:sagemaker:createModelPackage": () => Promise.resolve({ ModelPackageArn: "arn" }),
      },
    });
  }, 120_000);
  afterAll(async () => {
    await rehearsal.close();
    await switched(false);
  });

  const switched = async (execute_state_machine: boolean): Promise<void> => {
    const body = JSON.stringify({ stepfunctions: { execute_state_machine } });
    expect((await fetch(`${moto}/moto-api/config`, { method: "POST", body })).ok).toBe(true);
  };

  /** Runs the machine at an address; `pass` lets its time pass. */
  async function run(url: string, name: string, input: object, pass: () => Promise<unknown>): Promise<Ended> {
    const client = new SFNClient(motoClient(url));
    try {
      const { stateMachineArn } = await client.send(
        new CreateStateMachineCommand({ name, definition: inMoto(definition), roleArn: awsTarget.role }),
      );
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
      );
      for (;;) {
        await pass();
        const { status, error, cause, output } = await client.send(new DescribeExecutionCommand({ executionArn }));
        if (status === "RUNNING") continue;
        const data = JSON.parse(output ?? "{}") as { Parameters?: unknown; Steps?: object };
        return { status, error, cause, parameters: data.Parameters, steps: Object.keys(data.Steps ?? {}) };
      }
    } finally {
      client.destroy();
    }
  }

  it.each([
    ["a better model", {}, "SUCCEEDED"],
    ["a model exactly at the gate", { F1: 0.79 }, "SUCCEEDED"],
    ["a model below the gate", { F1: 0.78, ChampionF1: 0 }, "FAILED"],
    ["a model below the champion", { ChampionF1: 0.81 }, "FAILED"],
    ["a metric that is text", { F1: "0.9" }, "FAILED"],
  ])(
    "agree on %s",
    async (what, input, status) => {
      const name = what.replaceAll(" ", "-");
      const sagemaker = new SageMakerClient(motoClient(moto));
      await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: name }));
      const whole = { ...input, Group: name };
      const theirs = await run(moto, name, whole, () => sleep(100));
      const ours = await run(rehearsal.url, name, whole, () => rehearsal.clock.advanceTo(rehearsal.clock.now() + 1000));
      expect(ours.status).toBe(status);
      expect(ours).toEqual(theirs);
      const { ModelPackageSummaryList = [] } = await sagemaker.send(
        new ListModelPackagesCommand({ ModelPackageGroupName: name }),
      );
      expect(ModelPackageSummaryList).toHaveLength(status === "SUCCEEDED" ? 1 : 0);
      sagemaker.destroy();
    },
    30_000,
  );
});
