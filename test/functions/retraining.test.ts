import { CloudWatchClient, SetAlarmStateCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { afterEach, describe, expect, it } from "vitest";
import { alarms, eventRules } from "../../src/deploy/aws/index.js";
import { releaseFunction, retrainingFunction } from "../../src/deploy/functions/index.js";
import { memorySink, memoryStore, type ObjectStore } from "../../src/io/index.js";
import { readRetrainingState } from "../../src/monitor/retraining/index.js";
import { AwsError } from "../../src/rehearsal/front/aws-error.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../src/rehearsal/index.js";
import { awsTarget } from "../helpers/aws-target.js";
import { failing } from "../helpers/faults.js";

const hour = 3_600_000;
const lambda = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
const machineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:churn-dev-retraining";
const started: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each.close();
});

type Options = Parameters<typeof retrainingFunction>[0];
type Handler = ReturnType<typeof retrainingFunction>;

interface World {
  readonly rehearsal: Rehearsal;
  readonly states: SFNClient;
  readonly store: ObjectStore;
  readonly handler: Handler;
  /** Another function with the same settings, but for some. */
  readonly withOptions: (options: Options) => Handler;
  readonly wait: (hours: number) => Promise<void>;
  readonly setAlarm: (name: string, state: "OK" | "ALARM") => Promise<unknown>;
  readonly executions: () => Promise<string[]>;
}

/** The loop of a target: two alarms, the rules of EventBridge, the function, and a machine that works for three hours. */
async function world(
  options: Options = {},
  { told = true, ...rehearsed }: RehearsalOptions & { readonly told?: boolean } = {},
): Promise<World> {
  const store = memoryStore();
  const handlers: Handler[] = [];
  const functions = { retrain: (event: unknown) => handlers[0]?.(event) };
  const rehearsal = await rehearse({ deliveries: 2, delay: 1000, functions, ...rehearsed });
  const credentials = { accessKeyId: "A", secretAccessKey: "s" };
  const clientConfig = { endpoint: rehearsal.url, credentials, maxAttempts: 1 };
  const config = { ...clientConfig, region: "us-east-1" };
  const clients = [new CloudWatchClient(config), new EventBridgeClient(config), new SFNClient(config)] as const;
  const [cloudWatch, events, states] = clients;
  started.push(rehearsal, ...clients.map((client) => ({ close: () => client.destroy() })));

  const withOptions = (more: Options): Handler =>
    retrainingFunction({
      target: awsTarget,
      store,
      clientConfig,
      clock: rehearsal.clock,
      sink: memorySink(),
      policy: { schedule: null },
      input: { DataUri: "s3://churn-data/churn-dev/ingested/rows/" },
      ...more,
    });
  handlers.push(withOptions(options));

  for (const alarm of alarms(awsTarget, { model: "churn" }).metric)
    if (/-(accuracy|drift)$/.test(alarm.AlarmName ?? "")) await cloudWatch.send(new PutMetricAlarmCommand(alarm));
  const deadLetters = "arn:aws:sqs:us-east-1:123456789012:churn-dev-dead";
  for (const { PutRule, PutTargets } of eventRules(
    awsTarget,
    { model: "churn" },
    { retrain: lambda("retrain"), deadLetters },
  )) {
    if (PutRule.EventPattern !== undefined && !told) continue;
    await events.send(new PutRuleCommand({ ...PutRule, Tags: [] }));
    await events.send(new PutTargetsCommand(PutTargets));
  }
  const definition = JSON.stringify({
    StartAt: "Work",
    States: { Work: { Type: "Wait", Seconds: 10_800, End: true } },
  });
  await states.send(
    new CreateStateMachineCommand({ name: "churn-dev-retraining", roleArn: awsTarget.role, definition }),
  );
  return {
    rehearsal,
    states,
    store,
    handler: (event) => rehearsal.clock.during(async () => handlers[0]?.(event) as ReturnType<Handler>),
    withOptions,
    wait: (hours) => rehearsal.clock.advanceTo(rehearsal.clock.now() + hours * hour),
    setAlarm: (name, StateValue) =>
      cloudWatch.send(new SetAlarmStateCommand({ AlarmName: name, StateValue, StateReason: `set to ${StateValue}` })),
    executions: async () => {
      const found = await states.send(new ListExecutionsCommand({ stateMachineArn: machineArn }));
      return (found.executions ?? []).map(({ name = "" }) => name);
    },
  };
}

/** A request by hand, when the rehearsal begins. */
const request = (reason: string) => ({ by: "ada", reason, at: "2026-01-01T00:00:00Z" });
const stateOf = ({ store }: World) => readRetrainingState(store, "churn-dev");

describe("retrainingFunction", () => {
  it("starts one execution for an alarm that is told twice, and another where it is still on after the cooldown", async () => {
    const sink = memorySink();
    const here = await world({ sink });
    await here.setAlarm("churn-dev-drift", "ALARM");
    await here.wait(2);
    const [first, ...others] = await here.executions();
    expect(others).toEqual([]);
    const { input } = await here.states.send(
      new DescribeExecutionCommand({ executionArn: `${machineArn.replace("stateMachine", "execution")}:${first}` }),
    );
    expect(JSON.parse(input ?? "")).toEqual({ DataUri: "s3://churn-data/churn-dev/ingested/rows/" });

    // It ended after three hours. The alarm is on all the time, and told again; a day must pass from the end.
    await here.wait(8);
    expect((await stateOf(here)).lastSuccess).not.toBeNull();
    const [runs, seconds] = ["pipeline_runs_total", "pipeline_duration_seconds"].map((metric) =>
      sink.points().filter(({ name }) => name === metric),
    );
    expect(runs).toMatchObject([{ value: 1, labels: { policy: "churn-dev", status: "succeeded" } }]);
    // Its end is seen by the next look of the schedule, at most an hour later.
    expect(seconds?.[0]?.value).toBeGreaterThanOrEqual(10_800);
    expect(seconds?.[0]?.value).toBeLessThanOrEqual(14_400);
    here.rehearsal.emit("aws.cloudwatch", "CloudWatch Alarm State Change", {
      alarmName: "churn-dev-drift",
      state: { value: "ALARM", timestamp: "2026-01-01T00:00:00.000+0000" },
    });
    await here.wait(16);
    expect(await here.executions()).toHaveLength(1);
    await here.wait(3);
    expect(await here.executions()).toHaveLength(2);

    // Then it is off, and stays so: nothing more.
    await here.setAlarm("churn-dev-drift", "OK");
    await here.wait(5 * 24);
    expect(await here.executions()).toHaveLength(2);
    expect((await stateOf(here)).pending).toEqual([]);

    // A later one is not lost, also if nobody is told.
    await here.setAlarm("churn-dev-accuracy", "ALARM");
    await here.wait(2);
    expect(await here.executions()).toHaveLength(3);
    expect(here.rehearsal.timeline.filter(({ kind }) => kind === "dead letter")).toEqual([]);
  });

  it("finds an alarm that came during the cooldown and of which no event told", async () => {
    const here = await world({}, { told: false });
    await here.handler({ manual: request("new prices") });
    await here.wait(4);
    await here.setAlarm("churn-dev-accuracy", "ALARM");
    await here.wait(20);
    expect(await here.executions()).toHaveLength(1);
    await here.wait(8);
    expect(await here.executions()).toHaveLength(2);
    expect((await stateOf(here)).runs[0]?.triggers ?? (await stateOf(here)).running?.triggers).toContain("alarm");
  });

  it("takes levels, people's requests, and the switch", async () => {
    const here = await world();
    const drift = { "detail-type": "Churnkit Retraining Signals", detail: { psi: { value: 0.31, column: "tenure" } } };
    expect(await here.handler({ stop: { by: "ada", reason: "price change" } })).toMatchObject({ action: "skip" });
    expect(await here.handler(drift)).toMatchObject({
      action: "skip",
      explanation: expect.stringContaining("ada stopped all retraining") as unknown,
      execution: null,
    });
    expect(await here.executions()).toEqual([]);
    const result = await here.handler({ start: true });
    expect(result).toMatchObject({ action: "retrain", execution: expect.stringMatching(/:retrain-/) as unknown });
    expect(await here.executions()).toHaveLength(1);
    expect(await here.handler({ signals: { newLabels: { value: 4000 } } })).toMatchObject({ action: "wait" });
    expect(await here.handler({ "detail-type": "Scheduled Event", detail: {} })).toMatchObject({ action: "wait" });
  });

  it("starts nothing where the environment says so", async () => {
    process.env["CHURNKIT_RETRAINING"] = "off";
    try {
      const here = await world();
      expect(await here.handler({ manual: request("now") })).toMatchObject({ action: "skip" });
      await here.wait(3);
      expect(await here.executions()).toEqual([]);
      expect((await stateOf(here)).pending).toMatchObject([{ kind: "manual" }]);
    } finally {
      delete process.env["CHURNKIT_RETRAINING"];
    }
  });

  it("tries again after an execution that failed, by the schedule", async () => {
    const here = await world();
    await here.handler({ manual: request("now") });
    const [name] = await here.executions();
    const executionArn = `${machineArn.replace("stateMachine", "execution")}:${name}`;
    await here.states.send(new StopExecutionCommand({ executionArn, error: "Quota", cause: "no instances" }));
    await here.wait(1.5);
    expect((await stateOf(here)).runs).toMatchObject([{ status: "failed", detail: "ABORTED: Quota: no instances" }]);
    await here.wait(2);
    expect(await here.executions()).toHaveLength(2);
  });

  it("passes an event to the dead letters when the machine cannot be started, and starts it once when it can", async () => {
    let down = true;
    const refuse = ({ operation }: { readonly operation?: string }): void => {
      if (down && operation === "StartExecution") throw new AwsError("ThrottlingException", "Rate exceeded");
    };
    const here = await world({}, { onCall: refuse, deliveries: 1 });
    await here.setAlarm("churn-dev-drift", "ALARM");
    await here.wait(0.5);
    const dead = (): unknown[] => here.rehearsal.timeline.filter(({ kind }) => kind === "dead letter");
    expect(dead()).toMatchObject([{ text: expect.stringMatching(/states:StartExecution.*Rate exceeded/) as unknown }]);
    expect(await here.executions()).toEqual([]);
    down = false;
    await here.wait(1);
    expect(await here.executions()).toHaveLength(1);
    await here.wait(5);
    expect(await here.executions()).toHaveLength(1);
    expect((await stateOf(here)).runs).toMatchObject([{ status: "succeeded" }]);
  });

  it("ends with one execution after a kill between any two calls", async () => {
    for (let at = 1; ; at++) {
      const here = await world({ alarms: [] });
      const { target, calls } = failing(here.store, at, "rejects", true);
      const asked = { manual: request("now") };
      await here.rehearsal.clock.during(() =>
        here
          .withOptions({ store: target, alarms: [] })(asked)
          .catch(() => undefined),
      );
      // The event comes again, twice at once.
      await here.rehearsal.clock.during(() =>
        Promise.all([here.handler(asked), here.withOptions({ alarms: [] })(asked)]),
      );
      expect(await here.executions()).toHaveLength(1);
      await here.wait(5);
      expect((await stateOf(here)).running).toBeNull();
      if (calls() < at) break;
      expect(at).toBeLessThan(30);
    }
  });

  it.each([
    [null, /must be an object/],
    [{ "detail-type": "Object Created", detail: {} }, /no event that a retraining takes/],
    [{ manual: { by: "ada", reason: "now" } }, /manual.at/],
    [{ retrain: true }, /unknown member/],
    [{ "detail-type": "CloudWatch Alarm State Change", detail: { alarmName: "a" } }, /detail.state/],
    [{ signals: { psi: { value: -1 } } }, /psi.value/],
    [{ alarmData: { alarmName: "a", state: { value: "ALARM", timestamp: "soon" } } }, /timestamp/],
  ])("refuses the event %j", async (event, message) => {
    const handler = retrainingFunction({ target: awsTarget, store: memoryStore() });
    await expect(handler(event)).rejects.toThrow(message);
  });
});

describe("releaseFunction", () => {
  const event = (ModelApprovalStatus: string, ModelPackageVersion: number) => ({
    "detail-type": "SageMaker Model Package State Change",
    detail: {
      ModelPackageGroupName: "churn-dev",
      ModelPackageVersion,
      ModelPackageArn: `arn:aws:sagemaker:us-east-1:123456789012:model-package/churn-dev/${ModelPackageVersion}`,
      ModelApprovalStatus,
    },
  });

  it("starts one release for each approved version", async () => {
    const here = await world();
    const { clientConfig } = {
      clientConfig: { endpoint: here.rehearsal.url, credentials: { accessKeyId: "A", secretAccessKey: "s" } },
    };
    const options = { target: awsTarget, clock: here.rehearsal.clock, clientConfig };
    const handler = releaseFunction({ ...options, stateMachine: "churn-dev-retraining" });
    await handler(event("PendingManualApproval", 7));
    expect(await here.executions()).toEqual([]);
    await Promise.all([handler(event("Approved", 7)), handler(event("Approved", 7))]);
    await here.wait(5);
    // It has ended, and the event comes once more.
    await handler(event("Approved", 7));
    expect(await here.executions()).toEqual(["release-churn-dev-7"]);
    await handler(event("Approved", 8));
    expect(await here.executions()).toHaveLength(2);
    const called: unknown[] = [];
    const own = releaseFunction({ ...options, release: (approved) => Promise.resolve(called.push(approved)) });
    await own(event("Approved", 9));
    expect(called).toMatchObject([{ group: "churn-dev", version: 9 }]);
    await expect(own({ "detail-type": "Other" })).rejects.toThrow(/a change of a model package/);
  });
});
