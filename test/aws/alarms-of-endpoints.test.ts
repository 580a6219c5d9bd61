import { afterEach, expect, it } from "vitest";
import { alarms } from "../../src/deploy/aws/index.js";
import { deployEndpoint } from "../../src/deploy/sagemaker/index.js";
import type { RehearsalOptions } from "../../src/rehearsal/index.js";
import { awsTarget } from "../helpers/aws-target.js";
import { type EndpointAccount, endpointAccount, serving } from "../helpers/endpoint-session.js";

const minute = 60_000;
const opened: EndpointAccount[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** An endpoint that really serves, with its alarms. */
async function watched(misbehave: RehearsalOptions["misbehave"]) {
  const account = await endpointAccount(misbehave === undefined ? {} : { misbehave });
  opened.push(account);
  const { session, rehearsal, run } = account;
  await run(deployEndpoint(session, serving("v1")));
  const { metric, unhealthy } = alarms(awsTarget, { model: "churn" });
  const put = async (): Promise<void> => {
    for (const alarm of metric) await session.call("cloudwatch", "PutMetricAlarm", alarm);
    await session.call("cloudwatch", "PutCompositeAlarm", unhealthy);
  };
  await put();
  const { clock } = rehearsal;
  const wait = (minutes: number): Promise<void> => clock.advanceTo(clock.now() + minutes * minute);
  await clock.advanceTo(Math.ceil(clock.now() / (5 * minute)) * 5 * minute);
  const all = async () => {
    const AlarmTypes = ["MetricAlarm", "CompositeAlarm"] as ("MetricAlarm" | "CompositeAlarm")[];
    const { MetricAlarms = [], CompositeAlarms = [] } = await session.call("cloudwatch", "DescribeAlarms", {
      AlarmTypes,
    });
    return [...MetricAlarms, ...CompositeAlarms];
  };
  return {
    ...{ put, wait, all },
    ask: async (requests: number): Promise<void> => {
      const request = { EndpointName: "churn-dev", Body: "{}", ContentType: "application/json" };
      for (let i = 0; i < requests; i++)
        await clock.during(() => session.call("sagemaker-runtime", "InvokeEndpoint", request).catch(() => undefined));
    },
    ringing: async () =>
      (await all()).flatMap(({ AlarmName, StateValue }) => (StateValue === "ALARM" ? AlarmName : [])),
  };
}

it.each([
  [0.99, 303, []],
  [1.01, 297, ["churn-dev-5xx", "churn-dev-unhealthy"]],
])("an endpoint of which %d % of the requests fail, 3 of %i, alarms or not: %j", async (percent, requests, ringing) => {
  const { ask, wait, ringing: found } = await watched(() => ({ errors: 3 / requests, latency: 20 }));
  expect((100 * 3) / requests).toBeCloseTo(percent, 2);
  await ask(requests);
  await wait(5);
  expect((await found()).filter((name) => name !== "churn-dev-monitor")).toEqual(ringing);
});

it.each([
  [199.999, []],
  [200.001, ["churn-dev-latency-p99", "churn-dev-unhealthy"]],
])("an endpoint that takes %d ms alarms or not: %j", async (latency, ringing) => {
  const { ask, wait, ringing: found } = await watched(() => ({ latency }));
  await ask(20);
  await wait(5);
  expect((await found()).filter((name) => name !== "churn-dev-monitor")).toEqual(ringing);
});

it("an endpoint that is slow and then silent; its alarms, put once more, stay as they are", async () => {
  const { ask, wait, put, all, ringing } = await watched(() => ({ latency: 250 }));
  await ask(20);
  await wait(5);
  const before = await all();
  expect(before.map(({ StateValue }) => StateValue)).toContain("ALARM");
  await put();
  expect(await all()).toEqual(before);
  // Without requests there is no latency and no share of failures, but silence is what the last alarm waits for.
  await wait(45);
  expect((await ringing()).filter((name) => name !== "churn-dev-monitor")).toEqual(["churn-dev-no-requests"]);
});
