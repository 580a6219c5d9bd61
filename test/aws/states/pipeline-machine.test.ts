import { describe, expect, it } from "vitest";
import { pipelineDefinition, pipelineMachine, refs, steps } from "../../../src/deploy/aws/index.js";
import { runStateMachine, StateFault, virtualClock } from "../../../src/rehearsal/index.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { awsPython } from "../../helpers/moto.js";
import { findings, topic } from "../../helpers/state-machines.js";

const ready = await awsPython("machines that start pipelines against botocore's models");

const pipeline = pipelineDefinition({
  parameters: { Uri: { type: "String" }, MinF1: { type: "Float", default: 0.79 } },
  steps: [steps.fail("Fail", refs.parameter("Uri"))],
});

const validate = { function: "arn:aws:lambda:us-east-1:123456789012:function:churn-dev-validation", parameter: "Uri" };

/** Runs the machine, whose pipeline has these statuses in turn; its first calls of an operation fail. */
async function run(
  statuses: string[],
  faults: StateFault[] = [],
  options: Parameters<typeof pipelineMachine>[2] = {},
  failing = "startPipelineExecution",
) {
  const clock = virtualClock(0);
  const calls: [string, unknown][] = [];
  const task = (resource: string, parameters: unknown): Promise<unknown> => {
    const operation = resource.split(":").at(-1) ?? "";
    calls.push([operation, parameters]);
    const fault = operation === failing ? faults.shift() : undefined;
    if (fault !== undefined) return Promise.reject(fault);
    if (operation === "invoke") return Promise.resolve({ Payload: { rows: 8000 } });
    return Promise.resolve({ PipelineExecutionArn: "arn", PipelineExecutionStatus: statuses.shift() ?? "Executing" });
  };
  const context = { Execution: { Id: "e", StartTime: "t", Input: { Uri: "s3://b/k" } } };
  const machine = pipelineMachine(pipeline, awsTarget, { topic, ...options });
  const services = { clock, random: () => 0, task };
  const ended = await clock.until(
    runStateMachine(machine, {}, services, context).catch((error: unknown) => error as StateFault),
  );
  return { ended, calls, hours: clock.now() / 3_600_000 };
}

describe("pipelineMachine", () => {
  it("is valid", () => expect(findings(pipelineMachine(pipeline, awsTarget, { topic }), ready)).toEqual([]));

  it("starts the pipeline with the input's parameters, and waits for its end", async () => {
    const { calls, hours } = await run(["", ...Array<string>(287).fill("Executing"), "Succeeded"]);
    expect(hours).toBe(24);
    expect(calls[0]).toEqual([
      "startPipelineExecution",
      {
        PipelineName: "churn-dev",
        ClientRequestToken: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        PipelineParameters: [
          { Name: "Uri", Value: "s3://b/k" },
          { Name: "MinF1", Value: "0.79" },
        ],
      },
    ]);
    expect(calls.at(-1)?.[1]).toMatchObject({ Subject: "churn-dev: succeeded" });
  });

  it.each(["Failed", "Stopped"])("fails if the pipeline ends as %s", async (status) => {
    const { ended, calls } = await run(["", "Executing", status]);
    expect(ended).toMatchObject({ error: "Failed.Pipeline", message: expect.stringContaining(status) as string });
    expect(calls.at(-1)?.[1]).toMatchObject({ Subject: "churn-dev: failed" });
  });

  it("repeats a throttled start with the same token", async () => {
    const { calls } = await run(["", "Succeeded"], [new StateFault("SageMaker.SageMakerException", "Rate exceeded")]);
    const starts = calls.filter(([operation]) => operation === "startPipelineExecution");
    expect(starts).toHaveLength(2);
    expect(starts[0]).toEqual(starts[1]);
  });

  describe("with a function that validates the data", () => {
    const refusal = new StateFault("ChurnkitError", "s3://b/k cannot be used: 12 rows keep the contract");

    it("is valid", () =>
      expect(findings(pipelineMachine(pipeline, awsTarget, { topic, validate }), ready)).toEqual([]));

    it("gives it the parameter's URI first, and starts the pipeline if it does not throw", async () => {
      const { calls, ended } = await run(["", "Succeeded"], [], { validate });
      expect(calls.map(([operation]) => operation)).toEqual([
        ...["invoke", "startPipelineExecution", "describePipelineExecution", "publish"],
      ]);
      expect(calls[0]?.[1]).toEqual({ FunctionName: validate.function, Payload: { uri: "s3://b/k" } });
      expect(ended).not.toBeInstanceOf(StateFault);
      expect(calls.at(-1)?.[1]).toMatchObject({ Subject: "churn-dev: succeeded" });
    });

    it("starts nothing if it throws, and says why", async () => {
      const { calls, ended } = await run([], [refusal], { validate }, "invoke");
      expect(calls.map(([operation]) => operation)).toEqual(["invoke", "publish"]);
      expect(ended).toMatchObject({ message: expect.stringContaining("12 rows keep the contract") as string });
      expect(calls.at(-1)?.[1]).toMatchObject({
        Subject: "churn-dev: failed",
        Message: expect.stringContaining("12 rows keep the contract") as string,
      });
    });

    it("asks again when Lambda is throttled", async () => {
      const throttled = new StateFault("Lambda.TooManyRequestsException", "Rate exceeded");
      const { calls } = await run(["", "Succeeded"], [throttled], { validate }, "invoke");
      expect(calls.map(([operation]) => operation).slice(0, 3)).toEqual(["invoke", "invoke", "startPipelineExecution"]);
    });

    it("refuses half a description of it", () =>
      expect(() => pipelineMachine(pipeline, awsTarget, { validate: { function: "f" } as typeof validate })).toThrow(
        /validate.*parameter/s,
      ));
  });

  it("refuses more polls than an execution may have", () =>
    expect(() => pipelineMachine(pipeline, awsTarget, { pollSeconds: 60 })).toThrow(/pollSeconds of at least 224/));
});
