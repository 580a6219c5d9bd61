import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { afterEach, describe, expect, it } from "vitest";
import { rehearse, StateFault, type Rehearsal, type TaskHandler } from "../../../src/rehearsal/index.js";
import { motoClient } from "../../helpers/moto.js";
import { retraining } from "../../helpers/state-machines.js";

const hour = 3_600_000;
const good = { accuracy: 0.86, f1: 0.81, championF1: 0.8 };

const started: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.close();
});

interface World {
  /** The lambda functions, in this process. */
  readonly validate?: (event: unknown) => unknown;
  readonly evaluate?: () => unknown;
  /** Runs in place of the training's two hours. */
  readonly train?: (rehearsal: Rehearsal) => Promise<unknown>;
  readonly input?: object;
  readonly topic?: undefined;
}

/** Runs the retraining once, and says what came of it. */
async function run({ validate = () => ({}), evaluate = () => good, train, input = {}, ...options }: World = {}) {
  const requests: Record<string, Readonly<Record<string, unknown>>[]> = {};
  const told: string[] = [];
  const noted =
    (operation: string, work: () => Promise<unknown>): TaskHandler =>
    (parameters) => {
      (requests[operation] ??= []).push(parameters as Readonly<Record<string, unknown>>);
      return work();
    };
  const after = (hours: number, result: object) => rehearsal.clock.sleep(hours * hour).then(() => result);
  const training = (): Promise<unknown> =>
    train === undefined ? after(2, { ModelArtifacts: { S3ModelArtifacts: "s3://m/model.tar.gz" } }) : train(rehearsal);
  const rehearsal = await rehearse({
    functions: { validate, evaluate },
    tasks: {
      "arn:aws:states:::sagemaker:createProcessingJob.sync": noted("processing", () => after(1, {})),
      "arn:aws:states:::sagemaker:createTrainingJob.sync": noted("training", training),
      "arn:aws:states:::aws-sdk:sagemaker:createModelPackage": noted("register", () =>
        Promise.resolve({ ModelPackageArn: "package/1" }),
      ),
      "arn:aws:states:::sns:publish": (parameters) => {
        told.push((parameters as { Message: string }).Message);
        return Promise.resolve({});
      },
    },
  });
  const client = new SFNClient(motoClient(rehearsal.url));
  started.push(rehearsal, { close: () => client.destroy() });
  const { stateMachineArn } = await client.send(
    new CreateStateMachineCommand({
      name: "retraining",
      definition: JSON.stringify(retraining(options)),
      roleArn: "arn:aws:iam::123456789012:role/states",
    }),
  );
  const { executionArn } = await client.send(
    new StartExecutionCommand({
      stateMachineArn,
      name: "a-name_as-long-as-an-event-gives",
      input: JSON.stringify(input),
    }),
  );
  await rehearsal.clock.advanceTo(rehearsal.clock.now() + 10 * 24 * hour);
  const { status, error, cause, startDate, stopDate } = await client.send(
    new DescribeExecutionCommand({ executionArn }),
  );
  const hours = ((stopDate?.getTime() ?? NaN) - (startDate?.getTime() ?? NaN)) / hour;
  return { status, error, cause, hours, told, requests };
}

describe("the retraining in the rehearsal", () => {
  it("registers a model that is good enough, and tells of it", async () => {
    const before = performance.now();
    const events: unknown[] = [];
    const { status, hours, told, requests } = await run({
      validate: (event) => events.push(event),
      input: { DataUri: "s3://churn-data/new.csv", detail: "of an event" },
    });
    expect([status, hours]).toEqual(["SUCCEEDED", 3]);
    expect(events).toEqual([{ uri: "s3://churn-data/new.csv" }]);
    expect(told).toEqual([expect.stringMatching(/execution:retraining:\S+ succeeded\.$/)]);
    const [training] = requests["training"] ?? [];
    expect(training?.["TrainingJobName"]).toMatch(/^churn-dev-Train-[0-9a-f]{32}$/);
    expect(training).toMatchObject({
      HyperParameters: { learner: "network", minF1: "0.79" },
      InputDataConfig: [
        {
          DataSource: {
            S3DataSource: { S3Uri: expect.stringMatching(/^s3:\/\/churn-data\/runs\/[0-9a-f]{32}$/) as string },
          },
        },
      ],
    });
    expect(requests["processing"]).toMatchObject([
      { AppSpecification: { ContainerArguments: ["--from", "s3://churn-data/new.csv"] } },
    ]);
    expect(requests["register"]).toMatchObject([
      { InferenceSpecification: { Containers: [{ ModelDataUrl: "s3://m/model.tar.gz" }] } },
    ]);
    // Three virtual hours, and ten days after them.
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it.each([
    ["accuracy below the gate", { ...good, accuracy: 0.8399 }, {}],
    ["F1 below the gate", { ...good, f1: 0.7899, championF1: 0 }, {}],
    ["F1 below the champion's", { ...good, championF1: 0.8101 }, {}],
    ["accuracy below the gate of the input", good, { MinAccuracy: 0.87 }],
    ["no F1", { accuracy: 0.9 }, {}],
    ["metrics that are texts", { accuracy: "0.9", f1: "0.9", championF1: "0" }, {}],
    ["no answer", null, {}],
  ])("refuses a model with %s", async (_what, evaluation, input) => {
    const { status, error, told, requests } = await run({ evaluate: () => evaluation, input });
    expect([status, error]).toEqual(["FAILED", "Failed.Refused"]);
    expect(requests["register"]).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(/failed: .*"Refused".*The model lacks accuracy 0\.8[47], F1 0\.79/)]);
  });

  it("takes a model exactly at the gate and equal to the champion", async () => {
    const { status } = await run({ evaluate: () => ({ accuracy: 0.84, f1: 0.79, championF1: 0.79 }) });
    expect(status).toBe("SUCCEEDED");
  });

  it("makes a throttled call again, under the same name", async () => {
    const faults = [1, 2].map(() => new StateFault("SageMaker.AmazonSageMakerException", "Rate exceeded"));
    const { status, requests } = await run({
      train: () => {
        const fault = faults.shift();
        return fault === undefined
          ? Promise.resolve({ ModelArtifacts: { S3ModelArtifacts: "s3://m" } })
          : Promise.reject(fault);
      },
    });
    expect(status).toBe("SUCCEEDED");
    expect(requests["training"]).toHaveLength(3);
    expect(new Set(requests["training"]?.map(({ TrainingJobName }) => TrainingJobName)).size).toBe(1);
  });

  it("waits for hours while a quota is used up", async () => {
    const full = new StateFault("SageMaker.ResourceLimitExceededException", "no instance");
    const { status, error, hours, requests } = await run({ train: () => Promise.reject(full) });
    expect([status, error]).toEqual(["FAILED", `Failed.${full.error}`]);
    expect(requests["training"]).toHaveLength(7);
    expect(hours).toBeGreaterThan(1 + 1.7);
  });

  it("does not repeat a training that failed", async () => {
    const { status, error, cause, told, requests } = await run({
      train: () => Promise.reject(new StateFault("States.TaskFailed", "AlgorithmError")),
    });
    expect([status, error]).toEqual(["FAILED", "Failed.States.TaskFailed"]);
    expect(cause).toBe('{"Error":"States.TaskFailed","Cause":"AlgorithmError"}');
    expect(requests["training"]).toHaveLength(1);
    expect(told).toEqual([expect.stringMatching(/failed: .*AlgorithmError/)]);
  });

  it("tells of invalid data, and starts no job", async () => {
    const { status, error, told, requests } = await run({
      validate: () => {
        throw Object.assign(new Error("column tenure is missing"), { name: "DataInvalid" });
      },
    });
    expect([status, error]).toEqual(["FAILED", "Failed.DataInvalid"]);
    expect(requests).toEqual({});
    expect(told).toEqual([expect.stringContaining("column tenure is missing")]);
  });

  it("gives up a training whose end is lost", async () => {
    const { status, error, hours, told } = await run({ train: ({ clock }) => clock.sleep(30 * 24 * hour) });
    // The training may take two hours, and waits an hour more for its instances.
    expect([status, error, hours]).toEqual(["FAILED", "Failed.States.Timeout", 1 + 2 + 1]);
    expect(told).toHaveLength(1);
  });

  it("ends without a topic too", async () => {
    const { status, error, told } = await run({ topic: undefined, evaluate: () => ({}) });
    expect([status, error, told]).toEqual(["FAILED", "Failed.Refused", []]);
  });
});
