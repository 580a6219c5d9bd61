import { describe, expect, it } from "vitest";
import {
  deployEndpoint,
  type EndpointDeployment,
  pruneEndpoint,
  removeEndpoint,
  rollBackEndpoint,
} from "../../../../src/deploy/sagemaker/index.js";
import { Paused, pausing } from "../../../../src/base/async/index.js";
import { emulatedAccounts, mortal, serving, writesOf } from "../../../helpers/endpoint-session.js";

const { hasMoto, account } = await emulatedAccounts("what is left of endpoints of SageMaker");

const empty = { endpoints: [], configs: [], models: [], scaled: [], policies: [] };
const scaled = (version: string): EndpointDeployment => serving(version, { scaling: [{ hold: 600, max: 5 }] });

describe.skipIf(!hasMoto)("what deployments leave behind", () => {
  it("is pruned, but for the newest, what serves, and what a rollback returns to", async () => {
    const { session, run, rehearsal, inventory } = await account();
    const configs: string[] = [];
    for (const version of ["v1", "v2", "v3", "v4", "v5", "v6"])
      configs.push((await run(deployEndpoint(session, serving(version)))).config);
    await run(rollBackEndpoint(session));
    // v5 serves; v4 and v3 are before it; v6 is the newest.
    const pruned = await run(pruneEndpoint(session, { keep: 1 }));
    expect(pruned.configs.toSorted()).toEqual(configs.slice(0, 2));
    expect(pruned.models).toHaveLength(2);
    expect(await inventory()).toMatchObject({ configs: configs.slice(2), endpoints: [{ config: configs[4] }] });
    // The newest may be that of a deployment under way, whatever is to be kept.
    expect(await run(pruneEndpoint(session, { keep: 0 }))).toEqual({ configs: [], models: [] });
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 3_600_000);
    expect(await run(pruneEndpoint(session, { keep: 0 }))).toMatchObject({ configs: [configs[5]] });
    expect(await run(pruneEndpoint(session, { keep: 0 }))).toEqual({ configs: [], models: [] });
    await expect(run(rollBackEndpoint(session))).resolves.toMatchObject({ config: configs[3] });

    // A model that was made before a kill, and no configuration names.
    await run(deployEndpoint(mortal(session, 1), serving("v1"))).catch(() => undefined);
    expect(await inventory()).toMatchObject({ models: { length: 4 } });
    expect((await run(pruneEndpoint(session))).models).toEqual([]);
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 2 * 3_600_000);
    expect((await run(pruneEndpoint(session))).models).toHaveLength(1);
  });

  it("is pruned beside a deployment under way, which goes on", async () => {
    const { session, run, inventory } = await account();
    // Killed before the endpoint is created.
    await run(deployEndpoint(mortal(session, 2), serving("v1"))).catch(() => undefined);
    expect(await inventory()).toMatchObject({ endpoints: [], configs: { length: 1 } });
    expect(await run(pruneEndpoint(session, { keep: 0 }))).toEqual({ configs: [], models: [] });
    expect(await run(deployEndpoint(session, serving("v1")))).toMatchObject({ outcome: "created" });
  });

  it("goes with the endpoint, and nothing else does", async () => {
    const { session, run, inventory } = await account();
    await run(deployEndpoint(session, { ...scaled("v1"), name: "other" }));
    const other = await inventory();
    for (const version of ["v1", "v2"]) await run(deployEndpoint(session, scaled(version)));
    const removed = await run(removeEndpoint(session));
    expect(removed).toMatchObject({ endpoint: "churn-dev", configs: { length: 2 }, models: { length: 2 } });
    expect(await inventory()).toEqual(other);
    expect(await run(removeEndpoint(session))).toEqual({ endpoint: undefined, configs: [], models: [] });
    await run(removeEndpoint(session, { name: "other" }));
    expect(await inventory()).toEqual(empty);
  });
});

describe.skipIf(!hasMoto)("scaling", () => {
  it("is what the deployment says, and follows changes", async () => {
    const { session, run, inventory, calls } = await account();
    await run(deployEndpoint(session, scaled("v1")));
    expect(await inventory()).toMatchObject({
      scaled: ["endpoint/churn-dev/variant/main 1-5"],
      policies: ["endpoint/churn-dev/variant/main churn-dev-track"],
    });
    calls.length = 0;
    expect(await run(deployEndpoint(session, scaled("v1")))).toMatchObject({ outcome: "unchanged" });
    expect(writesOf(calls)).toEqual([]);
    const wider = serving("v1", { scaling: [{ hold: 600, max: 8 }] });
    expect(await run(deployEndpoint(session, wider))).toMatchObject({ outcome: "updated" });
    expect(await inventory()).toMatchObject({ scaled: ["endpoint/churn-dev/variant/main 1-8"] });
    // SageMaker refuses another kind of instances while the variant is registered.
    const larger = serving("v2", {
      config: { kind: "real-time", variants: [{ model: "v2", instanceType: "ml.m5.xlarge", instances: 2 }] },
    });
    expect(await run(deployEndpoint(session, larger))).toMatchObject({ outcome: "updated" });
    expect(await inventory()).toMatchObject({
      scaled: ["endpoint/churn-dev/variant/main 1-8"],
      policies: ["endpoint/churn-dev/variant/main churn-dev-track"],
    });
  });

  it("that no deployment describes is put back after an update that demands it off, even one that fails", async () => {
    const { session, run, inventory } = await account();
    await run(deployEndpoint(session, scaled("v1")));
    const before = await inventory();
    const larger = (environment?: Record<string, string>) =>
      serving("v2", {
        models: { v2: { data: "s3://churn-data/models/v2/model.tar.gz", environment } },
        config: { kind: "real-time", variants: [{ model: "v2", instanceType: "ml.m5.xlarge", instances: 2 }] },
      });
    await expect(run(deployEndpoint(session, larger({ BROKEN: "true" })))).rejects.toThrow(/rolled the update back/);
    const { scaled: registered, policies } = before as { scaled: unknown; policies: unknown };
    expect(await inventory()).toMatchObject({ scaled: registered, policies });
    await run(deployEndpoint(session, larger()));
    expect(await inventory()).toMatchObject({ scaled: registered, policies });
  });

  /** An account whose scaling nobody describes, and a deployment that demands it off. */
  async function undescribed() {
    const made = await account();
    const { session, run, rehearsal } = made;
    await run(deployEndpoint(session, scaled("v1")));
    const of = { ServiceNamespace: "sagemaker", ResourceId: "endpoint/churn-dev/variant/main" } as const;
    const action = { ...of, ScalableDimension: "sagemaker:variant:DesiredInstanceCount" } as const;
    await session.call("application-auto-scaling", "PutScheduledAction", {
      ...action,
      ScheduledActionName: "nightly",
      Schedule: "cron(0 22 * * ? *)",
      ScalableTargetAction: { MinCapacity: 1, MaxCapacity: 2 },
    });
    const larger = serving("v2", {
      config: { kind: "real-time", variants: [{ model: "v2", instanceType: "ml.m5.xlarge", instances: 2 }] },
    });
    const all = async () => {
      const { ScheduledActions } = await session.call("application-auto-scaling", "DescribeScheduledActions", of);
      const actions = ScheduledActions?.map(({ ScheduledActionName, Schedule, ScalableTargetAction }) => ({
        ...{ ScheduledActionName, Schedule, ScalableTargetAction },
      }));
      return { ...((await made.inventory()) as object), actions };
    };
    return { ...made, rehearsal, larger, all };
  }

  it("that no deployment describes is put back after a kill behind each call", async () => {
    const before = await undescribed();
    const { actions, policies, scaled: registered } = (await before.all()) as Record<string, unknown>;
    await before.run(deployEndpoint(before.session, before.larger));
    const expected = await before.all();
    expect(expected).toMatchObject({ actions, policies, scaled: registered });
    let after = 0;
    for (let isOver = false; !isOver;) {
      const { session, run, larger, all } = await undescribed();
      isOver = await run(deployEndpoint(mortal(session, ++after), larger)).then(
        () => true,
        () => false,
      );
      await run(deployEndpoint(session, larger));
      expect(await all(), `after write ${after}`).toEqual(expected);
    }
    expect(after).toBeGreaterThan(9);
  }, 120_000);

  it("that no deployment describes is put back by a call that did not wait, and after a rollback", async () => {
    const { session, run, larger, all, rehearsal } = await undescribed();
    const { actions, policies, scaled: registered } = (await all()) as Record<string, unknown>;
    const step = () => run(deployEndpoint({ ...session, clock: pausing(session.clock) }, larger));
    await expect(step()).rejects.toThrow(Paused);
    expect(await all()).toMatchObject({ actions: [], scaled: [] });
    await expect(step()).rejects.toThrow(Paused);
    await run(rehearsal.clock.sleep(1_800_000));
    expect(await step()).toMatchObject({ outcome: "unchanged" });
    expect(await all()).toMatchObject({ actions, policies, scaled: registered });
    await run(rollBackEndpoint(mortal(session, 3))).catch(() => undefined);
    await run(rollBackEndpoint(session));
    expect(await all()).toMatchObject({ actions, policies, scaled: registered });
  });
});
