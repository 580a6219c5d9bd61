import { describe, expect, it } from "vitest";
import {
  type AwsSession,
  deployEndpoint,
  type EndpointDeployment,
  removeEndpoint,
  rollBackEndpoint,
} from "../../../../src/deploy/sagemaker/index.js";
import { AwsError } from "../../../../src/rehearsal/front/aws-error.js";
import { emulatedAccounts, type Fault, faulty, mortal, serving, writesOf } from "../../../helpers/endpoint-session.js";

const { hasMoto, account } = await emulatedAccounts("recovery of endpoints of SageMaker");

const scaled = (version: string): EndpointDeployment => serving(version, { scaling: [{ hold: 600, max: 5 }] });

const tasks: Readonly<
  Record<string, { before?: string; run: (session: AwsSession, config: string) => Promise<unknown> }>
> = {
  "the first deployment": { run: (session) => deployEndpoint(session, scaled("v1")) },
  "an update": { before: "v1", run: (session) => deployEndpoint(session, scaled("v2")) },
  "a rollback": {
    before: "v1 v2",
    run: (session, from) => rollBackEndpoint(session, { from }),
  },
  "a removal": { before: "v1 v2", run: (session) => removeEndpoint(session) },
};

describe.skipIf(!hasMoto)("a kill after any call", () => {
  /** Does a task, killed after its Nth write, and again. */
  async function killed(name: string, after: number): Promise<{ inventory: unknown; wasKilled: boolean }> {
    const { session, run, inventory } = await account();
    const { before = "", run: task } = tasks[name] ?? { run: () => Promise.resolve() };
    let config = "";
    for (const version of before.split(" ").filter(Boolean))
      ({ config } = await run(deployEndpoint(session, scaled(version))));
    const wasKilled = await run(task(mortal(session, after), config)).then(
      () => false,
      (error: unknown) => String(error).includes("killed"),
    );
    await run(task(session, config));
    return { inventory: await inventory(), wasKilled };
  }

  it.each([
    ["the first deployment", 5],
    ["an update", 4],
    ["a rollback", 1],
    ["a removal", 6],
  ])("of %s ends as without one", async (name, writes) => {
    const { inventory: expected } = await killed(name, Infinity);
    for (let after = 1; after <= writes + 1; after++) {
      const { inventory, wasKilled } = await killed(name, after);
      expect(wasKilled).toBe(after <= writes);
      expect(inventory, `after write ${after}`).toEqual(expected);
    }
  });
});

describe.skipIf(!hasMoto)("a call that AWS refuses", () => {
  const faults: readonly (Fault & { readonly says: RegExp })[] = [
    {
      operation: "DescribeEndpoint",
      times: 1,
      error: new AwsError("ThrottlingException", "Rate exceeded", 400),
      says: /throttles these calls.*sagemaker:DescribeEndpoint|sagemaker:DescribeEndpoint.*throttles these calls/,
    },
    {
      operation: "CreateEndpointConfig",
      times: 1,
      error: new AwsError(
        "AccessDeniedException",
        "User: x is not authorized to perform: sagemaker:CreateEndpointConfig on resource: y",
        400,
      ),
      says: /needs the permission sagemaker:CreateEndpointConfig/,
    },
    {
      operation: "CreateEndpoint",
      times: 1,
      error: new AwsError(
        "ResourceLimitExceeded",
        "The account-level service limit 'ml.m5.large for endpoint usage' is 0 Instances.",
        400,
      ),
      says: /limit is reached.*ml\.m5\.large for endpoint usage/,
    },
  ];

  it.each(faults.map((fault) => [fault.error.name, fault] as const))(
    "is told, and the deployment goes on later: %s",
    async (_, { says, ...fault }) => {
      const { session, run, inventory } = await account({ onCall: faulty([{ ...fault }]) });
      await expect(run(deployEndpoint(session, serving("v1")))).rejects.toMatchObject({
        code: "AWS_FAILED",
        message: expect.stringMatching(says) as unknown,
      });
      const { outcome } = await run(deployEndpoint(session, serving("v1")));
      expect(outcome).toBe("created");
      expect(await inventory()).toMatchObject({ endpoints: [{ status: "InService" }], configs: [/./], models: [/./] });
    },
  );

  it("does not end a wait, if it is throttling", async () => {
    const throttled: Fault = {
      operation: "DescribeEndpoint",
      times: 0,
      error: new AwsError("ThrottlingException", "Rate exceeded", 400),
    };
    const { session, run } = await account({ onCall: faulty([throttled]) });
    const { outcome } = await run(
      deployEndpoint(session, serving("v1"), {
        onProgress: ({ status }) => {
          if (status === "Creating") throttled.times = 3;
        },
      }),
    );
    expect(outcome).toBe("created");
    expect(throttled.times).toBeLessThan(0);
  });

  it("is not even made to another account", async () => {
    const { session, run, calls } = await account({ account: "999999999999" });
    const wrong = { code: "OPTION_INVALID", message: expect.stringContaining("999999999999") as unknown };
    await expect(run(deployEndpoint(session, serving("v1")))).rejects.toMatchObject(wrong);
    expect(writesOf(calls)).toEqual([]);
  });
});
