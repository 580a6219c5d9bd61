import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import type { DescribeEndpointOutput } from "@aws-sdk/client-sagemaker";
import { callFailed } from "../../../src/deploy/sagemaker/call-failed.js";
import { awsSession, type AwsSession } from "../../../src/deploy/sagemaker/session.js";
import { logTail } from "../../../src/deploy/sagemaker/jobs/log-tail.js";
import { patiently } from "../../../src/deploy/sagemaker/patiently.js";
import { virtualClock } from "../../../src/rehearsal/clock.js";
import { rehearse } from "../../../src/rehearsal/rehearse.js";
import { awsTarget as target } from "../../helpers/aws-target.js";

const opened: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function sessionIn(account: string): Promise<{ session: AwsSession; calls: string[] }> {
  const calls: string[] = [];
  const rehearsal = await rehearse({ account, onCall: ({ operation }) => void calls.push(operation) });
  const credentials = { accessKeyId: "A", secretAccessKey: "s" };
  const session = awsSession(target, { clientConfig: { endpoint: rehearsal.url, credentials, maxAttempts: 1 } });
  opened.push(rehearsal, session);
  return { session, calls };
}

describe("a session of an account", () => {
  it("asks whose the credentials are once, before the first write", async () => {
    const { session, calls } = await sessionIn(target.account);
    const stop = () => session.call("sagemaker", "StopTrainingJob", { TrainingJobName: "none" });
    await expect(session.call("sagemaker", "ListTrainingJobs", {})).resolves.toMatchObject({
      TrainingJobSummaries: [],
    });
    expect(calls).toEqual(["ListTrainingJobs"]);
    for (const time of [1, 2]) await expect(stop(), String(time)).rejects.toMatchObject({ code: "AWS_FAILED" });
    expect(calls).toEqual(["ListTrainingJobs", "GetCallerIdentity", "StopTrainingJob", "StopTrainingJob"]);
  });

  it("writes nothing to another account than the target's", async () => {
    const { session, calls } = await sessionIn("999999999999");
    const stop = session.call("sagemaker", "StopTrainingJob", { TrainingJobName: "none" });
    await expect(stop).rejects.toMatchObject({ code: "OPTION_INVALID", where: { value: "999999999999" } });
    expect(calls).toEqual(["GetCallerIdentity"]);
  });

  it("names the permission that a call lacks as IAM does", () => {
    const denied = Object.assign(new Error("denied"), { name: "AccessDeniedException" });
    const { message } = callFailed("application-auto-scaling", "RegisterScalableTarget", denied);
    expect(message).toContain("it needs the permission application-autoscaling:RegisterScalableTarget");
  });

  it("outlasts a network that fails for a minute, and no wrong address", async () => {
    const clock = virtualClock(0);
    const failing = (code: string, times: number) => {
      let calls = 0;
      const call = (): Promise<number> =>
        ++calls > times
          ? Promise.resolve(calls)
          : Promise.reject(
              callFailed("sagemaker", "DescribeEndpoint", Object.assign(new Error("no answer"), { code })),
            );
      return clock.until(patiently(clock, call));
    };
    await expect(failing("ECONNRESET", 4)).resolves.toBe(5);
    expect(clock.now()).toBe(75_000);
    await expect(failing("ENOTFOUND", 1)).rejects.toMatchObject({ code: "AWS_FAILED" });
  });

  it("puts no whole log into a message", async () => {
    const answers: Readonly<Record<string, object>> = {
      DescribeLogStreams: { logStreams: [{ logStreamName: "train-1/a" }] },
      GetLogEvents: { events: [{ message: "x".repeat(200_000) }] },
    };
    const call = (_: string, operation: string) => Promise.resolve(answers[operation]);
    const tail = await logTail({ call } as unknown as AwsSession, "/aws/sagemaker/TrainingJobs", "train-1");
    expect(tail).toMatch(/x{500}$/);
    expect(tail.length).toBeLessThan(700);
  });

  it("types inputs and outputs by the operation's name", () => {
    expectTypeOf(describeEndpoint).returns.resolves.toExtend<DescribeEndpointOutput>();
    function describeEndpoint(session: AwsSession) {
      // @ts-expect-error an endpoint's name is a text
      void (() => session.call("sagemaker", "DescribeEndpoint", { EndpointName: 1 }));
      return session.call("sagemaker", "DescribeEndpoint", { EndpointName: "churn" });
    }
  });
});
