import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { beforeAll, onTestFinished } from "vitest";
import type { EndpointDeployment } from "../../src/deploy/sagemaker/index.js";
import type { AwsSession } from "../../src/deploy/sagemaker/session.js";
import { memoryStore } from "../../src/io/store/index.js";
import type { AwsError } from "../../src/rehearsal/front/aws-error.js";
import type { AwsCall } from "../../src/rehearsal/front/front.js";
import type { ContainerEntry } from "../../src/rehearsal/sagemaker/job.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../src/rehearsal/rehearse.js";
import { awsPython, type Moto, sharedMoto } from "./moto.js";
import { sessionOf } from "./rehearsed.js";

/** A rehearsal of endpoints, and a session of its account. */
export interface EndpointAccount {
  readonly rehearsal: Rehearsal;
  readonly session: AwsSession;
  /** Names of the calls that arrived, in order. */
  readonly calls: string[];
  /** Lets time pass until the work has settled. */
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  /** Endpoints with what they serve, configurations, models, tags and registrations of scaling. */
  readonly inventory: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** A container that starts fast, and whose scores are spread evenly over the records of a request; the model's variables say how it misbehaves. */
export const quickContainer: ContainerEntry = (_, { env, signal }) =>
  new Promise((resolve) => {
    if (env["BROKEN"] === "true") return resolve(1);
    const server = createServer((request, response) => {
      text(request).then(
        (body) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answerTo(body))),
        () => response.destroy(),
      );
    });
    server.listen(Number(env["SAGEMAKER_BIND_TO_PORT"]), "127.0.0.1");
    signal.addEventListener("abort", () => {
      server.close(() => resolve(0)).closeAllConnections();
    });
  });

function answerTo(body: string): object {
  const { instances = [] } = JSON.parse(body || "{}") as { readonly instances?: readonly unknown[] };
  return { predictions: instances.map((_, i) => ({ probability: (i + 0.5) / instances.length })) };
}

/**
 * The accounts of a file's tests, on the emulator, whose Application Auto Scaling they use. Each is closed when its test has ended.
 *
 * @param purpose said where the emulator cannot be had, and the tests are skipped.
 */
export async function emulatedAccounts(purpose: string): Promise<{
  readonly hasMoto: boolean;
  readonly account: (options?: RehearsalOptions) => Promise<EndpointAccount>;
}> {
  const hasMoto = await awsPython(purpose);
  let moto: Moto;
  beforeAll(async () => {
    if (hasMoto) moto = await sharedMoto();
  }, 60_000);
  return {
    hasMoto,
    async account(options) {
      await moto.reset();
      const made = await endpointAccount({ emulator: moto.url, ...options });
      onTestFinished(() => made.close());
      return made;
    },
  };
}

/** Names of calls that change something. */
export const writesOf = (calls: readonly string[]): string[] =>
  calls.filter((name) => !/^(Describe|List|Get)/.test(name));

export async function endpointAccount(options: RehearsalOptions = {}): Promise<EndpointAccount> {
  const store = memoryStore();
  const archive = new Uint8Array(gzipSync(await packTar([{ header: { name: "model.json", size: 2 }, body: "{}" }])));
  for (const version of ["v1", "v2", "v3", "v4", "v5", "v6"])
    await store.put(`models/${version}/model.tar.gz`, archive);
  const calls: string[] = [];
  const rehearsal = await rehearse({
    container: quickContainer,
    buckets: () => store,
    ...options,
    onCall: (call, input) => {
      calls.push(call.operation);
      options.onCall?.(call, input);
    },
  });
  const session = sessionOf(rehearsal);
  return {
    ...{ rehearsal, session, calls },
    run: (work) => rehearsal.clock.until(work),
    inventory: () => inventoryOf(session),
    async close() {
      session.close();
      await rehearsal.close();
    },
  };
}

/** Puts an alarm whose state stays as it is set. */
export async function quietAlarm({ session }: EndpointAccount, AlarmName: string) {
  const metric = { Namespace: "test", MetricName: "none", Statistic: "Sum", Period: 60, EvaluationPeriods: 1 } as const;
  const rule = { Threshold: 1, ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "ignore" } as const;
  await session.call("cloudwatch", "PutMetricAlarm", { AlarmName, ...metric, ...rule });
  return (StateValue: "ALARM" | "OK") =>
    session.call("cloudwatch", "SetAlarmState", { AlarmName, StateValue, StateReason: "test" });
}

/** A deployment of one version. */
export const serving = (version: string, more: Partial<EndpointDeployment> = {}): EndpointDeployment => ({
  models: { [version]: { data: `s3://churn-data/models/${version}/model.tar.gz` } },
  config: { kind: "real-time", variants: [{ model: version, instanceType: "ml.m5.large", instances: 2 }] },
  ...more,
});

/** A fault of AWS: the calls of an operation that are answered with an error, from the first on. */
export interface Fault {
  readonly operation: string;
  times: number;
  readonly error: AwsError;
}

/** For `onCall`: answers with the first fault that is left. */
export const faulty =
  (faults: readonly Fault[]) =>
  ({ operation }: AwsCall): void => {
    const fault = faults.find((each) => each.operation === operation && each.times-- > 0);
    if (fault !== undefined) throw fault.error;
  };

/**
 * A session that dies after its Nth call that changes something has had its effect. After a call that reads, all is as after the
 * last that wrote.
 */
export function mortal(session: AwsSession, writes: number): AwsSession {
  let left = writes;
  return {
    ...session,
    async call(...given) {
      if (left === 0) throw new Error("killed");
      const answer = await session.call(...given);
      if (!/^(Describe|List|Get)/.test(given[1]) && --left === 0) throw new Error("killed");
      return answer;
    },
  };
}

/** Endpoints with what they serve, configurations, models, tags and registrations of scaling. */
export async function inventoryOf(session: AwsSession): Promise<unknown> {
  const { Endpoints = [] } = await session.call("sagemaker", "ListEndpoints", { MaxResults: 100 });
  const { EndpointConfigs = [] } = await session.call("sagemaker", "ListEndpointConfigs", { MaxResults: 100 });
  const { Models = [] } = await session.call("sagemaker", "ListModels", { MaxResults: 100 });
  const ServiceNamespace = "sagemaker";
  const { ScalableTargets = [] } = await session.call("application-auto-scaling", "DescribeScalableTargets", {
    ServiceNamespace,
  });
  const { ScalingPolicies = [] } = await session.call("application-auto-scaling", "DescribeScalingPolicies", {
    ServiceNamespace,
  });
  const endpoints = [];
  for (const { EndpointName, EndpointArn } of Endpoints) {
    const seen = await session.call("sagemaker", "DescribeEndpoint", { EndpointName });
    const { Tags = [] } = await session.call("sagemaker", "ListTags", { ResourceArn: EndpointArn });
    const weights = seen.ProductionVariants?.map(({ VariantName, CurrentWeight }) => `${VariantName}=${CurrentWeight}`);
    // Notes that are over are emptied.
    const tags = Tags.filter(({ Value }) => Value !== "");
    endpoints.push({ EndpointName, status: seen.EndpointStatus, config: seen.EndpointConfigName, weights, tags });
  }
  return {
    endpoints,
    configs: EndpointConfigs.map(({ EndpointConfigName }) => EndpointConfigName).sort(),
    models: Models.map(({ ModelName }) => ModelName).sort(),
    scaled: ScalableTargets.map(
      ({ ResourceId, MinCapacity, MaxCapacity }) => `${ResourceId} ${MinCapacity}-${MaxCapacity}`,
    ).sort(),
    // AWS deletes them with the registration; moto does not.
    policies: ScalingPolicies.filter((each) => ScalableTargets.some(({ ResourceId }) => ResourceId === each.ResourceId))
      .map(({ ResourceId, PolicyName }) => `${ResourceId} ${PolicyName}`)
      .sort(),
  };
}
