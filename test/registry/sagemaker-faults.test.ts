import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
  type ModelPackageSummary,
} from "@aws-sdk/client-sagemaker";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { s3Store } from "../../src/io/store/s3/store.js";
import type { Artifact } from "../../src/model/artifact.js";
import type { ModelRegistry } from "../../src/registry/registry.js";
import { sagemakerRegistry, sagemakerRegistryPolicy } from "../../src/registry/backends/sagemaker/index.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { s3Servers, type S3Server } from "../helpers/aws.js";
import { recordRequests, type RequestRecord } from "../helpers/botocore.js";
import { budget } from "../helpers/budget.js";
import {
  seededFaults,
  startFaultyProxy,
  type ErrorAnswer,
  type Fault,
  type FaultyProxy,
  type Schedule,
} from "../helpers/faulty-proxy.js";
import { awsPython, motoClient, sharedMoto, type Moto } from "../helpers/moto.js";
import { quickRetries } from "../helpers/quick-retries.js";
import { startSagemakerStub, type SagemakerStub } from "../helpers/sagemaker.js";

const ready = await awsPython("SageMaker registry under faults");
// moto knows SageMaker; of the servers that know S3, the last is the quickest.
const bucketServer = (await s3Servers("files of the SageMaker registry under faults")).at(-1) as S3Server;

/** What may happen on the way; a changed bit is no fault of a line that checks its frames. */
const kinds: readonly Fault[] = ["throttle", "error", "error-after", "timeout", "reset", "lost", "truncated"];

/** The operation that a request asks for. */
const operationOf = (request: Parameters<Schedule>[0]): string =>
  String(request.headers["x-amz-target"]).replace("SageMaker.", "");

/** The first requests of an operation meet these faults. */
const first = (operation: string, ...faults: (Fault | ErrorAnswer | undefined)[]): Schedule => {
  const rest = [...faults];
  return (request) => (operationOf(request) === operation ? rest.shift() : undefined);
};

const failed = (pattern: RegExp): unknown =>
  expect.objectContaining({ code: "STORE_FAILED", message: expect.stringMatching(pattern) as string });

describe.skipIf(!ready)("SageMaker registry behind a faulty proxy", { timeout: 30_000 }, () => {
  let moto: Moto;
  let stub: SagemakerStub;
  let forgetful: SagemakerStub;
  let direct: SageMakerClient;
  let models: Artifact[];
  /** The bucket of a test. */
  let own: string;
  const proxies: FaultyProxy[] = [];
  const clients: { destroy(): void }[] = [];
  const records: RequestRecord[] = [];

  beforeAll(async () => {
    moto = await sharedMoto();
    [stub, forgetful] = await Promise.all([
      startSagemakerStub(moto.url),
      startSagemakerStub(moto.url, { tokens: false }),
    ]);
    direct = new SageMakerClient(motoClient(stub.url));
    // moto loads a service at its first call, which may take longer than the lines below wait.
    await packages();
    const base = await sampleArtifact({ networks: 0 });
    models = [0, 1, 2].map((i) => ({ ...base, decision: { threshold: i / 10, rule: "given" } }));
  }, 120_000);
  afterAll(async () => {
    direct.destroy();
    for (const server of [stub, forgetful]) await server.stop();
    expect(records.flatMap((record) => record.problems())).toEqual([]);
  });
  beforeEach(async () => {
    await moto.reset();
    stub.reset();
    forgetful.reset();
    own = await bucketServer.bucket();
  });
  afterEach(async () => {
    vi.useRealTimers();
    for (const client of clients.splice(0)) client.destroy();
    for (const proxy of proxies.splice(0)) await proxy.stop();
  });

  interface Line {
    readonly attempts?: number;
    readonly bucket?: string;
    /** What happens on the way to the bucket. */
    readonly s3?: Schedule;
    /** Which SageMaker. */
    readonly service?: SagemakerStub;
  }

  /** A registry behind a line of its own, as another process would have it. */
  async function behind(
    schedule: Schedule,
    { attempts = 12, bucket = own, s3: toBucket = () => undefined, service = stub }: Line = {},
  ): Promise<ModelRegistry> {
    const [sagemakerLine, s3Line] = [
      await startFaultyProxy(service.url, schedule),
      await startFaultyProxy(bucketServer.config().endpoint, toBucket),
    ];
    proxies.push(sagemakerLine, s3Line);
    const config = {
      retryStrategy: quickRetries(attempts),
      requestHandler: { connectionTimeout: 1_000, socketTimeout: 300 },
    };
    const s3 = bucketServer.client({ endpoint: s3Line.url, ...config });
    const client = new SageMakerClient({ ...motoClient(sagemakerLine.url), ...config });
    clients.push(s3, client);
    records.push(recordRequests(client));
    return sagemakerRegistry({
      name: "sample",
      store: await s3Store({ bucket, prefix: "registry", client: s3 }),
      client,
    });
  }
  const calm = (): Promise<ModelRegistry> => behind(() => undefined);
  const model = (i: number): Artifact => models[i] as Artifact;
  const packages = async (): Promise<readonly ModelPackageSummary[]> =>
    (await direct.send(new ListModelPackagesCommand({ ModelPackageGroupName: "sample" }))).ModelPackageSummaryList ??
    [];
  const shown = async (): Promise<(string | undefined)[][]> =>
    Promise.all(
      (await packages()).map(async ({ ModelPackageArn }) => {
        const { CustomerMetadataProperties: told = {}, ModelApprovalStatus: approval } = await direct.send(
          new DescribeModelPackageCommand({ ModelPackageName: ModelPackageArn }),
        );
        return [told["churnkit.version"], told["churnkit.aliases"], approval];
      }),
    );
  const applied = (): Set<string> => new Set(proxies.flatMap(({ applied }) => [...applied.keys()]));

  /** Every kind of change, so every operation of the driver. */
  async function live(registry: ModelRegistry): Promise<void> {
    for (const i of [0, 1, 2])
      expect(await registry.register(model(i))).toMatchObject({ created: true, version: { number: i + 1 } });
    for (const number of [1, 2, 3])
      expect(await registry.promote(number, "champion")).toMatchObject({ promoted: true });
    await registry.setStatus(2, "approved");
    expect(await registry.rollback("champion")).toMatchObject({ to: 2 });
    await registry.remove(1);
  }
  /** What has to have come of it. */
  async function lived(): Promise<void> {
    const registry = await calm();
    expect((await registry.list()).map(({ number, status, aliases }) => [number, status, aliases])).toEqual([
      [3, "quarantined", []],
      [2, "approved", ["champion"]],
    ]);
    expect(await registry.history()).toHaveLength(9);
    expect((await registry.verify()).problems).toEqual([]);
    expect(await shown()).toEqual([
      ["1.0.1", "champion", "Approved"],
      ["1.0.2", undefined, "Rejected"],
    ]);
    await registry.load("champion");
  }

  // The storm has the others, each by itself in test:deep.
  it.each(budget(1) > 1 ? kinds : (["timeout", "lost"] as const))(
    "loses nothing and makes nothing twice where calls meet: %s",
    async (fault) => {
      let calls = 0;
      await live(await behind(() => (calls++ % (fault === "timeout" ? 6 : 2) === 0 ? fault : undefined)));
      expect(applied()).toEqual(new Set([fault]));
      await lived();
    },
  );

  it.each([1])("loses nothing in a storm on both lines (seed %i)", async (seed) => {
    const some = kinds.filter((kind) => kind !== "timeout");
    await live(await behind(seededFaults(seed, 1 / 4, some), { s3: seededFaults(seed + 100, 1 / 12, some) }));
    expect(applied().size).toBeGreaterThan(5);
    await lived();
  });

  it.each(["lost", "error-after"] as const)("makes one package of a version whose answer was: %s", async (fault) => {
    const registry = await behind(first("CreateModelPackage", fault, fault));
    await registry.register(model(0));
    expect(proxies[0]?.applied.get(fault)).toBe(2);
    expect(await packages()).toHaveLength(1);
    // The process that got no answer at all is gone; the next one finds the package.
    await expect(
      (await behind(first("CreateModelPackage", fault), { attempts: 1 })).register(model(1)),
    ).rejects.toEqual(failed(/CreateModelPackage/));
    expect(await packages()).toHaveLength(2);
    await (await calm()).promote(2, "champion");
    expect(await shown()).toEqual([
      ["1.0.0", undefined, "PendingManualApproval"],
      ["1.0.1", "champion", "PendingManualApproval"],
    ]);
  });

  it("keeps to the first of two packages where the service forgot the token", async () => {
    const registry = await behind(first("CreateModelPackage", "lost"), { service: forgetful });
    expect(await registry.register(model(0))).toMatchObject({ created: true, version: { number: 1 } });
    expect(await packages()).toHaveLength(2);
    await registry.promote(1, "champion");
    expect(await registry.list()).toHaveLength(1);
    expect((await shown()).map(([, alias]) => alias)).toEqual(["champion", undefined]);
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("takes a group for made that the retried call finds there", async () => {
    const exists: ErrorAnswer = {
      status: 400,
      code: "ValidationException",
      message:
        "Model Package Group already exists: arn:aws:sagemaker:us-east-1:123456789012:model-package-group/sample",
    };
    await (await behind(first("CreateModelPackageGroup", "lost", exists))).register(model(0));
    expect(await packages()).toHaveLength(1);
  });

  const operations = [
    "CreateModelPackageGroup",
    "ListModelPackages",
    "CreateModelPackage",
    "DescribeModelPackage",
    "UpdateModelPackage",
    "DeleteModelPackage",
  ];

  it.each(operations)("names the permission that is missing: sagemaker:%s", async (operation) => {
    const denied: ErrorAnswer = {
      status: 400,
      code: "AccessDeniedException",
      message: `User: arn:aws:sts::123456789012:assumed-role/ada is not authorized to perform: sagemaker:${operation} on resource: arn:aws:sagemaker:us-east-1:123456789012:model-package-group/sample because no identity-based policy allows the sagemaker:${operation} action`,
    };
    const registry = await behind((request) => (operationOf(request) === operation ? denied : undefined));
    await expect(live(registry)).rejects.toEqual(
      failed(new RegExp(`needs the permission sagemaker:${operation} on the model package group sample`)),
    );
    const policy = sagemakerRegistryPolicy({
      name: "sample",
      region: "us-east-1",
      accountId: "123456789012",
      remove: true,
    });
    expect(policy.Statement.flatMap(({ Action }) => Action)).toContain(`sagemaker:${operation}`);
  });

  it.each([
    [
      { status: 400, code: "ExpiredTokenException", message: "The security token included in the request is expired" },
      /credentials have expired: sign in again/,
    ],
    [
      {
        status: 403,
        code: "UnrecognizedClientException",
        message: "The security token included in the request is invalid.",
      },
      /not known to AWS: check the profile/,
    ],
    [
      {
        status: 400,
        code: "InvalidSignatureException",
        message: "The request signature we calculated does not match the signature you provided.",
      },
      /secret key, and this machine's clock/,
    ],
    [{ status: 400, code: "ThrottlingException", message: "Rate exceeded" }, /throttles these calls: try again later/],
    [
      { status: 400, code: "ResourceLimitExceeded", message: "The account-level service limit is reached." },
      /limit is reached/,
    ],
    [{ status: 500, code: "InternalFailure", message: "We are sorry." }, /AWS still failed after the retries/],
    [{ status: 503, code: "ServiceUnavailable", message: "Please try again." }, /AWS still failed after the retries/],
  ] satisfies [ErrorAnswer, RegExp][])("says what to do about %j", async (answer, pattern) => {
    const registry = await behind(() => answer, { attempts: 2 });
    await expect(registry.list()).rejects.toEqual(failed(pattern));
    await expect(registry.register(model(0))).rejects.toEqual(failed(/ListModelPackages for sample/));
  });

  it.each(["timeout", "reset", "truncated"] as const)("says that SageMaker cannot be reached: %s", async (fault) => {
    await (await calm()).register(model(0));
    const registry = await behind(() => fault, { attempts: 2 });
    await expect(registry.get("latest")).rejects.toEqual(
      failed(
        /SageMaker could not run ListModelPackages for sample\. .*still unreachable after the retries: check the network/,
      ),
    );
  });

  it("says that the change was made where it could not be shown, and shows it when it is asked for again", async () => {
    let down = false;
    const registry = await behind(
      (request) => (down && operationOf(request) !== "ListModelPackages" ? "throttle" : undefined),
      { attempts: 2 },
    );
    await registry.register(model(0));
    down = true;
    const stands = failed(/throttles.*The registry has the change/);
    await expect(registry.register(model(1))).rejects.toEqual(stands);
    await expect(registry.promote(2, "champion")).rejects.toEqual(stands);
    expect((await registry.get("champion")).number).toBe(2);
    down = false;
    expect(await registry.register(model(1))).toMatchObject({ created: false, version: { number: 2 } });
    expect(await shown()).toEqual([
      ["1.0.0", undefined, "PendingManualApproval"],
      ["1.0.1", "champion", "PendingManualApproval"],
    ]);
  });

  it("does not take for decided in SageMaker what it could not show there", async () => {
    let down = false;
    const registry = await behind(
      (request) => (down && operationOf(request) === "UpdateModelPackage" ? "error" : undefined),
      { attempts: 1 },
    );
    await registry.register(model(0));
    await registry.setStatus(1, "approved");
    down = true;
    await expect(registry.setStatus(1, "rejected", { by: "ada", reason: "wrong data" })).rejects.toEqual(
      failed(/The registry has the change/),
    );
    const other = await calm();
    expect(await other.get(1)).toMatchObject({ status: "rejected", statusNote: { by: "ada" } });
    expect(await other.promote(1, "champion")).toMatchObject({ promoted: false });
    expect(await shown()).toEqual([["1.0.0", undefined, "Rejected"]]);
    const { ModelPackageArn } = (await packages())[0] ?? {};
    await direct.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: "Approved" }));
    expect(await other.promote(1, "champion")).toMatchObject({ promoted: true });
    expect((await other.history())[1]).toMatchObject({ action: "status", status: "approved", by: "SageMaker" });
  });

  it("does not delete what another process published meanwhile", async () => {
    const other = await calm();
    let lists = 0;
    let published: Promise<unknown> | undefined;
    const registry = await behind(async (request) => {
      // The other process is quick, between this one's commit and its look at SageMaker.
      if (operationOf(request) === "ListModelPackages" && ++lists === 2) await (published = other.register(model(1)));
      return undefined;
    });
    await registry.register(model(0));
    // On a busy machine this one asks again before the other is done.
    await published;
    expect((await shown()).map(([version]) => version).sort()).toEqual(["1.0.0", "1.0.1"]);
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("does not delete the packages of a registry that keeps the same group in another place", async () => {
    const staging = await calm();
    await staging.register(model(0));
    const production = await sagemakerRegistry({
      name: "sample",
      store: await bucketServer.store({ bucket: own, prefix: "production" }),
      client: direct,
    });
    await production.register(model(1));
    await production.remove(1);
    expect((await shown()).map(([version]) => version)).toEqual(["1.0.0"]);
  });

  it("finishes a removal whose answer was lost", async () => {
    const registry = await behind(first("DeleteModelPackage", "lost"));
    await registry.register(model(0));
    await registry.register(model(1));
    await registry.remove(1);
    expect((await shown()).map(([version]) => version)).toEqual(["1.0.1"]);
    const left = await (await bucketServer.store({ bucket: own, prefix: "registry" })).list("sample/packages/");
    expect(new Set(left.map(({ key }) => key.split("/")[2]))).toEqual(
      new Set([`000002-${(await registry.get(2)).contentHash}`]),
    );
  });

  it("goes on with a clock that is wrong", async () => {
    const now = (): number => performance.timeOrigin + performance.now();
    const registry = await behind((request) => {
      const [, y = "", mo = "", d = "", h = "", mi = "", s = ""] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(request.headers["x-amz-date"])) ?? [];
      const signed = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
      if (Math.abs(signed - now()) < 5 * 60_000) return undefined;
      const message = `Signature expired: ${y}${mo}${d}T${h}${mi}${s}Z is now earlier than the time allowed`;
      return {
        status: 400,
        code: "InvalidSignatureException",
        message,
        headers: { date: new Date(now()).toUTCString() },
      };
    });
    vi.useFakeTimers({ toFake: ["Date"], now: now() + 3_600_000 });
    await registry.register(model(0));
    expect(proxies[0]?.applied.get("InvalidSignatureException")).toBeGreaterThan(0);
    vi.useRealTimers();
    await registry.promote(1, "champion");
    expect(await shown()).toEqual([["1.0.0", "champion", "PendingManualApproval"]]);
  });

  it("names a bucket that is not there", async () => {
    const registry = await behind(() => undefined, { bucket: "not-there" });
    const missing = failed(/no bucket not-there/);
    await expect(registry.list()).rejects.toEqual(missing);
    await expect(registry.register(model(0))).rejects.toEqual(missing);
    expect(await packages().catch(() => [])).toEqual([]);
  });
});
