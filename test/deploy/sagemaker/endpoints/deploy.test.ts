import { describe, expect, it } from "vitest";
import { deployEndpoint, rollBackEndpoint } from "../../../../src/deploy/sagemaker/index.js";
import { AwsError } from "../../../../src/rehearsal/front/aws-error.js";
import { Paused, pausing } from "../../../../src/base/async/index.js";
import { ChurnkitError } from "../../../../src/base/errors.js";
import { emulatedAccounts, faulty, quietAlarm, serving } from "../../../helpers/endpoint-session.js";

const { hasMoto, account } = await emulatedAccounts("endpoints of SageMaker");

describe.skipIf(!hasMoto)("an endpoint that is deployed", () => {
  it("is created, and a second call changes nothing", async () => {
    const { session, run, calls, inventory } = await account();
    const first = await run(deployEndpoint(session, serving("v1")));
    expect(first).toMatchObject({ outcome: "created", endpoint: "churn-dev", versions: ["v1"], former: undefined });
    expect(first.config).toMatch(/^churn-dev-v1-[0-9a-f]{10}$/);
    const made = await inventory();
    calls.length = 0;
    expect(await run(deployEndpoint(session, serving("v1")))).toEqual({
      ...first,
      outcome: "unchanged",
      former: first.config,
    });
    expect(calls).toEqual(["DescribeEndpoint", "ListTags"]);
    expect(await inventory()).toEqual(made);
  });

  it("is updated to a configuration of its own, and returns in one call", async () => {
    const { session, run, inventory } = await account();
    const first = await run(deployEndpoint(session, serving("v1")));
    const second = await run(deployEndpoint(session, serving("v2")));
    expect(second).toMatchObject({ outcome: "updated", versions: ["v2"], former: first.config });
    const back = await run(rollBackEndpoint(session));
    expect(back).toMatchObject({ outcome: "updated", config: first.config, versions: ["v1"], former: second.config });
    // Again with the configuration to leave, as after a kill.
    expect(await run(rollBackEndpoint(session, { from: second.config }))).toMatchObject({ outcome: "unchanged" });
    await expect(run(rollBackEndpoint(session))).rejects.toThrow(/has served no configuration before/);
    expect(await inventory()).toMatchObject({ endpoints: [{ config: first.config }] });
  });

  it("goes on with a rollback that was cut off, and returns from an update that is under way", async () => {
    const { session, run } = await account();
    const first = await run(deployEndpoint(session, serving("v1")));
    await run(deployEndpoint(session, serving("v2")));
    await expect(run(rollBackEndpoint(session, {}, { maxSeconds: 60 }))).rejects.toThrow(/still Updating/);
    expect(await run(rollBackEndpoint(session))).toMatchObject({ outcome: "unchanged", config: first.config });
    await expect(run(deployEndpoint(session, serving("v3"), { maxSeconds: 60 }))).rejects.toThrow(/still Updating/);
    expect(await run(rollBackEndpoint(session))).toMatchObject({ outcome: "updated", config: first.config });
  });

  it("reports an update that SageMaker rolled back, although it ends InService without a reason", async () => {
    const made = await account();
    const { session, run, inventory } = made;
    const first = await run(deployEndpoint(session, serving("v1")));
    const set = await quietAlarm(made, "churn-dev-5xx");
    const seen: string[] = [];
    let rung: Promise<unknown> | undefined;
    const update = () =>
      deployEndpoint(session, serving("v2"), {
        guardrails: { strategy: "canary", first: { percent: 50 }, waitSeconds: 600, alarms: ["churn-dev-5xx"] },
        onProgress: ({ status, variants }) => {
          seen.push(`${status} ${variants[0]?.stage ?? ""}`);
          if (variants[0]?.stage === "Baking") rung ??= set("ALARM");
        },
      });
    const failed = await run(update()).catch((error: unknown) => error as ChurnkitError);
    await rung;
    if (!(failed instanceof ChurnkitError)) throw new Error("the rollback was not noticed");
    expect(failed.code).toBe("DEPLOY_FAILED");
    expect(failed.message).toMatch(/churn-dev-v2-\w{10} \(version v2\): SageMaker rolled the update back/);
    expect(failed.message).toContain(`it serves ${first.config} again. In ALARM: churn-dev-5xx.`);
    expect(failed.message).toContain("SageMaker gives no reason.");
    expect(failed.where.value).toMatchObject({
      outcome: "rolled back",
      standing: first.config,
      versions: ["v2"],
      alarms: ["churn-dev-5xx"],
    });
    expect(seen).toEqual(expect.arrayContaining(["Updating Creating", "Updating Baking", "RollingBack Deleting"]));
    // The history is as good as before: v1 has nothing before it.
    await expect(run(rollBackEndpoint(session))).rejects.toThrow(/has served no configuration before/);
    await run(set("OK"));
    const calm = { strategy: "all-at-once", waitSeconds: 0, alarms: ["churn-dev-5xx"] } as const;
    const second = await run(deployEndpoint(session, serving("v2"), { guardrails: calm }));
    expect(second.outcome).toBe("updated");
    expect(await inventory()).toMatchObject({ endpoints: [{ config: second.config }] });
  });

  it("says why a container did not start, and is only replaced where that is asked for", async () => {
    const { session, run } = await account();
    const broken = serving("v1", {
      models: { v1: { data: "s3://churn-data/models/v1/model.tar.gz", environment: { BROKEN: "true" } } },
    });
    await expect(run(deployEndpoint(session, broken))).rejects.toThrow(
      /is Failed on the way to churn-dev-v1-\w{10} \(version v1\)\. SageMaker says: .*exit code 1.*replaceFailed/,
    );
    await expect(run(deployEndpoint(session, serving("v1")))).rejects.toThrow(/is Failed/);
    const replaced = await run(deployEndpoint(session, serving("v1"), { replaceFailed: true }));
    expect(replaced.outcome).toBe("created");
    await expect(run(deployEndpoint(session, broken))).rejects.toMatchObject({
      message: expect.stringMatching(/rolled the update back.*SageMaker says: .*exit code 1/) as unknown,
      where: { value: { outcome: "rolled back", standing: replaced.config } },
    });
  });

  it("reports an update whose end no call waited for, once, and does not begin it again by itself", async () => {
    const { session, run, calls, rehearsal } = await account();
    await run(deployEndpoint(session, serving("v1")));
    const broken = serving("v2", {
      models: { v2: { data: "s3://churn-data/models/v2/model.tar.gz", environment: { BROKEN: "true" } } },
    });
    const step = () => run(deployEndpoint({ ...session, clock: pausing(session.clock) }, broken));
    const updates = () => calls.filter((call) => call === "UpdateEndpoint").length;
    await expect(step()).rejects.toThrow(Paused);
    await expect(step()).rejects.toThrow(Paused);
    await run(rehearsal.clock.sleep(2 * 3_600_000));
    await expect(step()).rejects.toMatchObject({ where: { value: { outcome: "rolled back" } } });
    expect(updates()).toBe(1);
    await expect(step()).rejects.toThrow(Paused);
    expect(updates()).toBe(2);
  });

  it("stops waiting in time, and goes on when it is called again", async () => {
    const { session, run } = await account();
    const stuck = run(deployEndpoint(session, serving("v1"), { maxSeconds: 60 }));
    await expect(stuck).rejects.toThrow(/still Creating after 6\d s.*call again once that has ended/);
    await expect(run(deployEndpoint(session, serving("v1")))).resolves.toMatchObject({ outcome: "created" });
    await expect(run(deployEndpoint(session, serving("v2"), { maxSeconds: 60 }))).rejects.toThrow(/still Updating/);
    // Somebody else's update is not disturbed.
    await expect(run(deployEndpoint(session, serving("v3")))).rejects.toMatchObject({
      message: expect.stringMatching(/is Updating, on the way to churn-dev-v2-/) as unknown,
      where: { value: { outcome: "busy" } },
    });
    await expect(run(deployEndpoint(session, serving("v2")))).resolves.toMatchObject({ outcome: "updated" });
  });

  it("finds what SageMaker has not told everywhere yet", async () => {
    const notYet = (what: string) => new AwsError("ValidationException", `Could not find ${what} "arn".`);
    const faults = [
      { operation: "CreateEndpointConfig", times: 1, error: notYet("model") },
      { operation: "CreateEndpoint", times: 3, error: notYet("endpoint configuration") },
    ];
    const { session, run } = await account({ onCall: faulty(faults) });
    await expect(run(deployEndpoint(session, serving("v1")))).resolves.toMatchObject({ outcome: "created" });
    expect(faults.map(({ times }) => times)).toEqual([-1, -1]);
  });
});
