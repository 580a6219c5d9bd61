import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { afterEach, describe, expect, it } from "vitest";
import { alarms, eventRules, releaseMachine } from "../../src/deploy/aws/index.js";
import { releaseFunction, retrainingFunction } from "../../src/deploy/functions/index.js";
import { releaseStatus, releaseStep } from "../../src/deploy/sagemaker/index.js";
import { memorySink } from "../../src/io/index.js";
import { readRetrainingState } from "../../src/monitor/retraining/index.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { awsTarget } from "../helpers/aws-target.js";
import { canary, releaseWorld, type ReleaseWorld, served } from "../helpers/release-world.js";
import { retraining } from "../helpers/state-machines.js";

const [hour, day] = [3_600_000, 24 * 3_600_000];
const lambda = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
const startOfYear = Date.UTC(2026, 0, 1);
/** The customers change three times. */
const shifts = [Date.UTC(2026, 2, 10, 5), Date.UTC(2026, 5, 2, 17), Date.UTC(2026, 8, 21, 11)];
const regimeAt = (time: number): number => shifts.filter((shift) => shift <= time).length;

const opened: Pick<ReleaseWorld, "close">[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** The whole loop of a target, which has its first version on duty: what is only written here is how the world behaves. */
async function loop(): Promise<ReleaseWorld & { readonly putDefinitions: () => Promise<void> }> {
  /** In which regime each version was trained. */
  const trainedIn = new Map([[1, 0]]);
  const functions = {
    validate: () => ({}),
    /** The training is only a wait; here its model appears. */
    evaluate: async () => {
      const { version } = await made.registry.register(
        await sampleArtifact({ networks: 0, seed: 10 + trainedIn.size }),
      );
      trainedIn.set(version.number, regimeAt(made.rehearsal.clock.now()));
      return { accuracy: 0.86, f1: 0.81, championF1: 0.8 };
    },
    monitor: async () => {
      const now = made.rehearsal.clock.now();
      const onDuty = (await made.registry.aliases()).get("champion") ?? 1;
      const isDrifted = trainedIn.get(onDuty) !== regimeAt(now);
      const metric = (MetricName: string, Value: number) => ({
        ...{ MetricName, Value, Timestamp: new Date(now), Dimensions: [{ Name: "model", Value: "churn" }] },
      });
      await made.session.call("cloudwatch", "PutMetricData", {
        Namespace: "Churnkit",
        MetricData: [metric("DataDriftScore", isDrifted ? 0.4 : 0.05), metric("ModelAccuracy", 0.86)],
      });
    },
    retrain: (event: unknown) => retrain(event),
    approved: (event: unknown) => approved(event),
    "churn-dev-release-step": async (event: unknown) => {
      const { version } = event as { version: number };
      // The customers of these minutes.
      for (let requests = 0; requests < 12; requests++) await made.ask();
      const { registry, store, session } = made;
      return releaseStep(session, { registry, store, version, serve: served, rollout: canary });
    },
  };
  const wait = (hours: number, result: object) => () => made.rehearsal.clock.sleep(hours * hour).then(() => result);
  const made: ReleaseWorld = await releaseWorld({
    ...{ versions: 1, start: new Date(startOfYear), deliveries: 2, delay: 1000, functions },
    // The second retraining gives a model that cannot bear the requests.
    misbehave: ({ model }) => (model.includes("-v3-") ? { errors: 0.5 } : undefined),
    tasks: {
      "arn:aws:states:::sagemaker:createProcessingJob.sync": wait(1, {}),
      "arn:aws:states:::sagemaker:createTrainingJob.sync": wait(2, {
        ModelArtifacts: { S3ModelArtifacts: "s3://churn-data/models/v1/model.tar.gz" },
      }),
      "arn:aws:states:::sns:publish": () => Promise.resolve({}),
    },
  });
  opened.push(made);
  const { session, store, rehearsal } = made;
  const around = { target: awsTarget, store, clientConfig: session.clientConfig, clock: rehearsal.clock };
  const retrain = retrainingFunction({ ...around, sink: memorySink(), policy: { schedule: null } });
  const approved = releaseFunction(around);

  const register = { realTimeInstances: ["ml.m5.large"], approval: "Approved" } as const;
  const machines = { retraining: retraining({ register }), release: releaseMachine(awsTarget) };
  for (const [name, machine] of Object.entries(machines))
    await session.call("sfn", "CreateStateMachine", {
      ...{ name: `churn-dev-${name}`, roleArn: awsTarget.role, definition: JSON.stringify(machine) },
    });
  const group = { ModelPackageGroupName: "churn-dev" };
  await session.call("sagemaker", "CreateModelPackageGroup", group);
  await session.call("sagemaker", "CreateModelPackage", { ...group, ModelApprovalStatus: "PendingManualApproval" });
  await made.go(1);

  const events = new EventBridgeClient({ ...session.clientConfig, region: awsTarget.region });
  async function putDefinitions(): Promise<void> {
    for (const alarm of alarms(awsTarget, { model: "churn" }).metric)
      if (/-(accuracy|drift)$/.test(alarm.AlarmName ?? "")) await session.call("cloudwatch", "PutMetricAlarm", alarm);
    const called = { retrain: lambda("retrain"), monitor: lambda("monitor"), approved: lambda("approved") };
    const everySixHours = { monitorHours: 6, reconcileHours: 6 };
    const deadLetters = "arn:aws:sqs:us-east-1:123456789012:churn-dev-dead";
    for (const { PutRule, PutTargets } of eventRules(
      awsTarget,
      { model: "churn" },
      { ...called, ...everySixHours, deadLetters },
    )) {
      await events.send(new PutRuleCommand({ ...PutRule, Tags: [] }));
      await events.send(new PutTargetsCommand(PutTargets));
    }
  }
  await putDefinitions();
  opened.push({ close: () => Promise.resolve(events.destroy()) });
  return { ...made, putDefinitions };
}

describe("a year", () => {
  it("from drift to new versions, over a bad one and back", async () => {
    const made = await loop();
    const { rehearsal, session, registry, store } = made;
    const { clock, timeline } = rehearsal;
    await clock.advanceTo(startOfYear + 180 * day);
    // In the middle, all is put once more, which changes nothing.
    await made.putDefinitions();
    await clock.advanceTo(startOfYear + 365 * day);

    const texts = (kind: string) => timeline.filter((each) => each.kind === kind).map(({ text }) => text);
    const count = (kind: string, pattern: RegExp): number => texts(kind).filter((text) => pattern.test(text)).length;
    expect(texts("dead letter")).toEqual([]);
    // Each shift is told by one alarm, which goes when a version of its time is on duty.
    expect(texts("alarm").filter((text) => text.includes("drift"))).toEqual([
      "churn-dev-drift INSUFFICIENT_DATA -> OK",
      ...shifts.flatMap(() => ["churn-dev-drift OK -> ALARM", "churn-dev-drift ALARM -> OK"]),
    ]);
    // One retraining for each shift, and one more after the bad version; none is lost and none comes twice.
    const { runs, running, pending } = await readRetrainingState(store, "churn-dev");
    expect({ running, pending, runs: runs.map(({ status }) => status) }).toEqual({
      ...{ running: null, pending: [], runs: Array(4).fill("succeeded") },
    });
    for (const { id } of runs) expect(texts("execution").filter((text) => text.includes(id))).toHaveLength(2);
    const days = runs.map(({ startedAt }) => (Date.parse(startedAt) - startOfYear) / day).reverse();
    const [march = 0, june = 0, again = 0, september = 0] = days;
    for (const [i, started] of [march, june, september].entries())
      expect(started * day + startOfYear - (shifts[i] ?? 0)).toBeLessThan(7.1 * hour);
    expect(again - june).toBeGreaterThan(1);
    expect(again - june).toBeLessThan(1.5);

    // Each was released once: the third version went back by itself.
    expect(
      texts("execution")
        .flatMap((text) => /^churn-dev-release (.*)$/.exec(text)?.[1] ?? [])
        .sort(),
    ).toEqual([
      "release-churn-dev-2 RUNNING",
      "release-churn-dev-2 SUCCEEDED",
      "release-churn-dev-3 FAILED Failed.returned",
      "release-churn-dev-3 RUNNING",
      "release-churn-dev-4 RUNNING",
      "release-churn-dev-4 SUCCEEDED",
      "release-churn-dev-5 RUNNING",
      "release-churn-dev-5 SUCCEEDED",
    ]);
    expect(count("version", /./)).toBe(5);
    expect((await registry.list()).map(({ number, status }) => `${number} ${status}`).sort()).toEqual([
      "1 pending",
      "2 pending",
      "3 quarantined",
      "4 pending",
      "5 pending",
    ]);
    const status = await releaseStatus(session, { registry, store });
    expect(status).toMatchObject({ alias: 5, serving: { v5: 1 }, baseline: 5, disagreements: [] });
    expect(await made.go(5)).toMatchObject({ outcome: "unchanged" });
  }, 120_000);
});
