import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { endpointConfig, trainingJob, updateEndpoint } from "../../src/deploy/aws/index.js";
import { awsTarget, securedTarget } from "../helpers/aws-target.js";
import { checkRequest } from "../helpers/botocore.js";
import { budget } from "../helpers/budget.js";
import { awsPython } from "../helpers/moto.js";

const ready = await awsPython("random AWS requests against botocore's models");

/** The request, or undefined where a rule refused it with its code; other errors are defects. */
function requestOr<T>(build: () => T): T | undefined {
  try {
    return build();
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "OPTION_INVALID") return undefined;
    throw error;
  }
}
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const target = fc.constantFrom(awsTarget, securedTarget);
const configOf = (name: string, instances: number) =>
  endpointConfig(awsTarget, {
    kind: "real-time",
    name,
    variants: [{ model: name, instanceType: "ml.m5.large", instances }],
  });

describe.skipIf(!ready)("what the rules let through", () => {
  it("is a training job that AWS's model takes, with spot and its wait together", () => {
    const mostly = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>) =>
      fc.oneof({ arbitrary: good, weight: 9 }, { arbitrary: bad, weight: 1 });
    const word = (pattern: RegExp) => mostly(fc.stringMatching(pattern), fc.string({ maxLength: 70 }));
    const job = fc.record({
      name: word(/^[a-zA-Z0-9](-{0,2}[a-zA-Z0-9]){0,20}$/),
      instanceType: mostly(fc.constantFrom("ml.m5.large", "ml.g4dn.xlarge"), fc.constant("m5.large")),
      maxSeconds: fc.integer({ min: 0, max: 100 }),
      spot: maybe(fc.record({ maxWaitSeconds: fc.integer({ min: 0, max: 200 }) })),
      checkpoints: mostly(fc.constant("s3://b/k"), fc.constantFrom(undefined, "b/k")),
      keepAliveSeconds: mostly(fc.constant(undefined), maybe(fc.integer({ min: -1, max: 30_000 }))),
      hyperparameters: maybe(fc.dictionary(word(/^[a-z]{1,9}$/), mostly(fc.nat(), fc.jsonValue({ maxDepth: 2 })))),
      channels: maybe(fc.dictionary(word(/^[A-Za-z0-9._-]{1,9}$/), fc.constant({ uri: "s3://b/k" }))),
      environment: maybe(fc.dictionary(word(/^[A-Z_]{1,9}$/), fc.string({ maxLength: 600 }))),
    });
    let made = 0;
    fc.assert(
      fc.property(target, job, (at, each) => {
        const request = requestOr(() => trainingJob(at, each as never));
        if (request === undefined) return;
        made++;
        expect(checkRequest("sagemaker", "CreateTrainingJob", request)).toEqual([]);
        const { MaxWaitTimeInSeconds: wait, MaxRuntimeInSeconds: run } = request.StoppingCondition ?? {};
        expect(wait !== undefined).toBe(request.EnableManagedSpotTraining === true);
        expect(wait ?? Infinity).toBeGreaterThanOrEqual(run ?? 0);
        expect(request.ResourceConfig?.KeepAlivePeriodInSeconds === undefined || wait === undefined).toBe(true);
      }),
      { numRuns: budget(300) },
    );
    expect(made).toBeGreaterThan(20);
  });

  it("is an update whose waits end before its limit, and whose steps are no more than half", () => {
    const size = fc.oneof(
      fc.record({ percent: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ instances: fc.integer({ min: 0, max: 6 }) }),
    );
    const guardrails = fc.record({
      strategy: fc.constantFrom("all-at-once", "canary", "linear", "rolling"),
      first: maybe(size),
      step: maybe(size),
      batch: maybe(size),
      waitSeconds: fc.integer({ min: 0, max: 3700 }),
      keepOldSeconds: maybe(fc.integer({ min: 0, max: 3700 })),
      maxSeconds: maybe(fc.integer({ min: 500, max: 30_000 })),
    });
    /** Only the members of its strategy, half of the time. */
    const plain = guardrails.map(({ first, step, batch, keepOldSeconds, ...each }) => ({
      ...each,
      ...(each.strategy === "canary" && { first }),
      ...(each.strategy === "linear" && { step }),
      ...(each.strategy === "rolling" ? { batch } : { keepOldSeconds }),
    }));
    let made = 0;
    fc.assert(
      fc.property(fc.oneof(guardrails, plain), fc.integer({ min: 1, max: 8 }), (each, fleet) => {
        const present = Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined));
        const update = { from: configOf("v1", fleet), to: configOf("v2", fleet), guardrails: present as never };
        const request = requestOr(() => updateEndpoint(awsTarget, update));
        if (request === undefined) return;
        made++;
        expect(checkRequest("sagemaker", "UpdateEndpoint", request)).toEqual([]);
        const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = request.DeploymentConfig ?? {};
        expect([blueGreen, rolling].filter((policy) => policy !== undefined)).toHaveLength(1);
        const routing = blueGreen?.TrafficRoutingConfiguration;
        const part = routing?.CanarySize ?? routing?.LinearStepSize ?? rolling?.MaximumBatchSize;
        const share = part?.Type === "INSTANCE_COUNT" ? (part.Value ?? 0) / fleet : (part?.Value ?? 0) / 100;
        expect(share).toBeLessThanOrEqual(0.5);
        const steps = routing?.Type === "CANARY" ? 2 : share === 0 ? 1 : Math.ceil(1 / share - 1e-9);
        const wait = routing?.WaitIntervalInSeconds ?? rolling?.WaitIntervalInSeconds ?? 0;
        const limit =
          blueGreen?.MaximumExecutionTimeoutInSeconds ?? rolling?.MaximumExecutionTimeoutInSeconds ?? 28_800;
        expect(steps * wait + (blueGreen?.TerminationWaitInSeconds ?? 0)).toBeLessThan(limit);
      }),
      { numRuns: budget(300) },
    );
    expect(made).toBeGreaterThan(20);
  });
});
