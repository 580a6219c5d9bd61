import { afterEach, describe, expect, it } from "vitest";
import { listPrices } from "../../../../src/deploy/aws/index.js";
import { deployEndpoint, idleEndpoints } from "../../../../src/deploy/sagemaker/index.js";
import { type EndpointAccount, endpointAccount, serving } from "../../../helpers/endpoint-session.js";

const week = 7 * 24 * 3_600_000;
let made: EndpointAccount;
afterEach(() => made.close());

/** Endpoints by the ends of their names, with that many instances, of a week ago. */
async function account(instances: Readonly<Record<string, number>>): Promise<EndpointAccount> {
  made = await endpointAccount();
  for (const [name, count] of Object.entries(instances)) {
    const variants = [{ model: "v1", instanceType: "ml.m5.large", instances: count }] as const;
    await made.run(deployEndpoint(made.session, serving("v1", { name, config: { kind: "real-time", variants } })));
  }
  await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + week);
  return made;
}

const ask = ({ session }: EndpointAccount, end: string) =>
  session.call("sagemaker-runtime", "InvokeEndpoint", {
    ...{ EndpointName: `churn-dev-${end}`, ContentType: "application/json", Body: "{}" },
  });

describe("endpoints without traffic", () => {
  it("are those that nobody asked in the days before, with what they cost", async () => {
    const { session, run, rehearsal, calls } = await account({ asked: 1, small: 1, large: 3 });
    await run(ask(made, "asked"));
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 120_000);
    calls.length = 0;
    const idle = await run(idleEndpoints(session));
    expect(idle.map(({ endpoint, requests }) => [endpoint, requests])).toEqual([
      ["churn-dev-large", 0],
      ["churn-dev-small", 0],
    ]);
    expect(idle[0]?.cost?.total).toBeCloseTo(3 * 730 * 0.115, 6);
    expect(calls.filter((call) => !/^(List|Describe|Get)/.test(call))).toEqual([]);

    const all = await run(idleEndpoints(session, { atMost: Infinity }));
    expect(all.find(({ endpoint }) => endpoint === "churn-dev-asked")).toMatchObject({ requests: 1 });
    expect(all).toHaveLength(3);
  });

  it("are not those that are younger than the days", async () => {
    const { session, run } = await account({ old: 1 });
    await run(deployEndpoint(session, serving("v1", { name: "young" })));
    expect((await run(idleEndpoints(session))).map(({ endpoint }) => endpoint)).toEqual(["churn-dev-old"]);
    await expect(idleEndpoints(session, { days: 0 })).rejects.toThrow(/days/);
  });

  it("are of the target only, unless those of the whole account are asked for", async () => {
    const { session, run } = await account({ own: 1 });
    const others = { ...session, target: { ...session.target, name: "other" } };
    expect(await run(idleEndpoints(others))).toEqual([]);
    expect(await run(idleEndpoints(others, { everywhere: true }))).toMatchObject([{ endpoint: "churn-dev-own" }]);
  });

  it("cost what one's own prices say, and nothing is said of a type without a price", async () => {
    const { session, run } = await account({ own: 1 });
    const priced = async (prices: Partial<typeof listPrices>) =>
      (await run(idleEndpoints(session, { prices: { ...listPrices, ...prices } })))[0]?.cost;
    expect(await priced({ instances: { "ml.m5.large": 1 } })).toMatchObject({ total: 730 });
    expect(await priced({ instances: {} })).toBeNull();
  });
});
