import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  deployEndpoint,
  endpointReadings,
  guardedTraffic,
  rollBackEndpoint,
  setVariantWeights,
  variantTraffic,
} from "../../../../src/deploy/sagemaker/index.js";
import type { Traffic } from "../../../../src/deploy/rollout/ports.js";
import { trafficConformance } from "../../../conformance/traffic.js";
import type { AwsSession } from "../../../../src/deploy/sagemaker/session.js";
import { awsTarget } from "../../../helpers/aws-target.js";
import { type EndpointAccount, endpointAccount, quietAlarm, serving } from "../../../helpers/endpoint-session.js";
import { awsPython, type Moto, sharedMoto } from "../../../helpers/moto.js";

const opened: EndpointAccount[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
// Application Auto Scaling is the emulator's.
const hasMoto = await awsPython("traffic of endpoints of SageMaker");
let moto: Moto;
beforeAll(async () => {
  if (hasMoto) moto = await sharedMoto();
}, 60_000);

const between = { stable: serving("v1"), candidate: serving("v2") };

/** An account whose endpoint serves v1. */
async function account(): Promise<EndpointAccount> {
  await moto.reset();
  const made = await endpointAccount({ emulator: moto.url });
  opened.push(made);
  await made.run(deployEndpoint(made.session, between.stable));
  return made;
}

/** The same traffic, on which time passes. */
const timed = ({ run }: EndpointAccount, traffic: Traffic): Traffic => ({
  read: () => run(traffic.read()),
  set: (share) => run(traffic.set(share)),
  end: (winner) => run(traffic.end(winner)),
  mirror: () => run(traffic.mirror?.() ?? Promise.reject(new Error("has no shadow"))),
});

describe.skipIf(!hasMoto)("weights of variants", () => {
  trafficConformance("variants of SageMaker", async () => {
    const made = await account();
    const { session, run } = made;
    return {
      traffic: timed(made, variantTraffic(session, between)),
      stable: "v1",
      candidate: "v2",
      edit: ({ v1 = 0, v2 = 0 }) => run(setVariantWeights(session, {}, { main: v1, candidate: v2 })),
    };
  });

  it("leave everything with the stable version, if the candidate does not start", async () => {
    const { session, run } = await account();
    const candidate = serving("v2", {
      models: { v2: { data: "s3://churn-data/models/v2/model.tar.gz", environment: { BROKEN: "true" } } },
    });
    const traffic = variantTraffic(session, { stable: between.stable, candidate });
    await expect(run(traffic.set(0.5))).rejects.toThrow(/rolled the update back/);
    expect(await run(traffic.read())).toEqual({ v1: 1 });
    await run(traffic.end("stable"));
    expect(await run(traffic.read())).toEqual({ v1: 1 });
  });

  it("are changed by one call for each step, and a trial is no way back", async () => {
    const { session, run, calls, inventory } = await account();
    const traffic = variantTraffic(session, between);
    await run(traffic.set(0.1));
    calls.length = 0;
    await run(traffic.set(0.1));
    expect(calls.filter((name) => name.startsWith("Update"))).toEqual([]);
    await run(traffic.set(0.5));
    expect(calls.filter((name) => name.startsWith("Update"))).toEqual(["UpdateEndpointWeightsAndCapacities"]);
    expect(await inventory()).toMatchObject({ endpoints: [{ weights: ["main=50", "candidate=50"] }] });
    await run(traffic.end("candidate"));
    expect(await inventory()).toMatchObject({ endpoints: [{ weights: ["main=1"] }] });
    expect(await run(rollBackEndpoint(session))).toMatchObject({ versions: ["v1"] });
  });

  it("are refused where no variant would get traffic, or there is no such variant", async () => {
    const { session, run } = await account();
    const refused = { code: "OPTION_INVALID" };
    await expect(run(setVariantWeights(session, {}, { main: 0 }))).rejects.toMatchObject(refused);
    await expect(run(setVariantWeights(session, {}, { mian: 1 }))).rejects.toThrow(/has no variant mian. It has main/);
    await expect(run(setVariantWeights(session, { name: "none" }, { main: 1 }))).rejects.toThrow(
      /no endpoint churn-dev-none/,
    );
  });

  it("follow a registration of scaling of the candidate, which goes with it", async () => {
    const { session, run, inventory } = await account();
    const scaling = [{ hold: 600, max: 4 }];
    const traffic = variantTraffic(session, {
      stable: serving("v1", { scaling }),
      candidate: serving("v2", { scaling }),
    });
    await run(traffic.set(0.5));
    expect(await inventory()).toMatchObject({
      scaled: ["endpoint/churn-dev/variant/candidate 1-4", "endpoint/churn-dev/variant/main 1-4"],
    });
    await run(traffic.end("candidate"));
    expect(await inventory()).toMatchObject({ scaled: ["endpoint/churn-dev/variant/main 1-4"] });
  });
});

describe.skipIf(!hasMoto)("traffic that guardrails move", () => {
  const alarms = ["churn-dev-5xx"];
  const guardrails = { strategy: "canary", first: { percent: 50 }, waitSeconds: 600, alarms } as const;

  it("arrives at the candidate by steps of their own, and returns", async () => {
    const made = await account();
    const { session, run } = made;
    await quietAlarm(made, "churn-dev-5xx");
    const seen: Promise<object>[] = [];
    const traffic = guardedTraffic(session, between, {
      guardrails,
      onProgress: ({ variants }) => {
        if (variants[0]?.stage === "Baking") seen.push(traffic.read());
      },
    });
    await expect(run(traffic.set(0.5))).rejects.toThrow(/steps of their own/);
    await run(traffic.set(1));
    expect(await Promise.all(seen)).toContainEqual({ v1: 0.5, v2: 0.5 });
    expect(await run(traffic.read())).toEqual({ v2: 1 });
    await run(traffic.end("candidate"));
    await run(traffic.set(0));
    expect(await run(traffic.read())).toEqual({ v1: 1 });
    // The candidate that was given up is no way back.
    await expect(run(rollBackEndpoint(session))).rejects.toThrow(/no configuration before/);
  });

  it("is given back by an alarm, and that is an error", async () => {
    const made = await account();
    const { session, run } = made;
    const set = await quietAlarm(made, "churn-dev-5xx");
    let rung: Promise<unknown> | undefined;
    const traffic = guardedTraffic(session, between, {
      guardrails,
      onProgress: ({ variants }) => {
        if (variants[0]?.stage === "Baking") rung ??= set("ALARM");
      },
    });
    await expect(run(traffic.set(1))).rejects.toThrow(/rolled the update back.*In ALARM: churn-dev-5xx/);
    await rung;
    expect(await run(traffic.read())).toEqual({ v1: 1 });
  });

  it("returns to the stable version once an update that is under way has ended", async () => {
    const made = await account();
    const { session, run } = made;
    await quietAlarm(made, "churn-dev-5xx");
    await run(deployEndpoint(session, between.candidate, { guardrails, maxSeconds: 200 })).catch(() => undefined);
    const traffic = guardedTraffic(session, between, { guardrails });
    await run(traffic.end("stable"));
    expect(await run(traffic.read())).toEqual({ v1: 1 });
  });
});

describe.skipIf(!hasMoto)("readings of CloudWatch", () => {
  it("are those of each version in the window", async () => {
    const { session, run, rehearsal } = await account();
    const start = rehearsal.clock.now();
    const put = (variant: string, MetricName: string, values: readonly number[], minute: number) =>
      session.call("cloudwatch", "PutMetricData", {
        Namespace: "AWS/SageMaker",
        MetricData: values.map((Value) => ({
          ...{ MetricName, Value, Timestamp: new Date(start + minute * 60_000 + 1000) },
          Dimensions: [
            { Name: "EndpointName", Value: "churn-dev" },
            { Name: "VariantName", Value: variant },
          ],
        })),
      });
    await put("main", "Invocations", [1, 1, 1, 1], -5);
    for (const minute of [1, 2]) {
      await put("main", "Invocations", [1, 1, 1, 1], minute);
      await put("main", "Invocation5XXErrors", [0, 0, 0, 0], minute);
      await put("main", "ModelLatency", [10_000, 10_000, 10_000, 50_000], minute);
      await put("candidate", "Invocations", [1, 1], minute);
      await put("candidate", "Invocation5XXErrors", [0, 1], minute);
      await put("candidate", "ModelLatency", [30_000, 30_000], minute);
    }
    await session.call("cloudwatch", "PutMetricData", {
      Namespace: "Churnkit",
      MetricData: [
        {
          MetricName: "PredictionDriftScore",
          Value: 0.3,
          Timestamp: new Date(start + 90_000),
          Dimensions: [{ Name: "model", Value: "churn" }],
        },
      ],
    });
    const readings = endpointReadings(session, {
      versions: { main: "v1", candidate: "v2" },
      monitored: { version: "v2", model: "churn" },
    });
    expect(await run(readings.read(start, start + 10 * 60_000))).toEqual({
      v1: { requests: 8, errors: 0, latency: { average: 20, p99: expect.closeTo(50, 0) as number } },
      v2: { requests: 4, errors: 2, latency: { average: 30, p99: 30 }, scorePsi: 0.3 },
    });
    expect(await run(readings.read(start + 5 * 60_000, start + 10 * 60_000))).toEqual({
      v1: { requests: 0, errors: 0 },
      v2: { requests: 0, errors: 0 },
    });
    expect(() => endpointReadings(session, { versions: { main: "v1", candidate: "v1" } })).toThrow(/two variants/i);
  });
});

it("reads no latency where CloudWatch has no percentile", async () => {
  const values: Readonly<Record<string, number>> = { requests0: 8, errors0: 0, time0: 160_000, timed0: 8 };
  const MetricDataResults = Object.entries(values).map(([Id, value]) => ({ Id, Values: [value] }));
  const session = { target: awsTarget, call: () => Promise.resolve({ MetricDataResults }) } as unknown as AwsSession;
  const readings = endpointReadings(session, { versions: { main: "v1" } });
  expect(await readings.read(0, 60_000)).toEqual({ v1: { requests: 8, errors: 0 } });
});
