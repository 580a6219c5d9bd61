import {
  PutBucketPolicyCommand,
  PutObjectCommand,
  ListMultipartUploadsCommand,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { s3Objects } from "../../src/io/store/s3/objects.js";
import { s3Store, s3StorePolicy } from "../../src/io/store/s3/store.js";
import { s3Servers, type S3Server } from "../helpers/aws.js";
import { startFaultyProxy, type FaultyProxy, type Schedule } from "../helpers/faulty-proxy.js";

const bytes = new TextEncoder().encode("x");
const failed = (pattern: RegExp): unknown =>
  expect.objectContaining({ code: "STORE_FAILED", message: expect.stringMatching(pattern) as string });
const some = async function* (size: number, error?: Error): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(size));
  if (error !== undefined) throw error;
};

const proxies: FaultyProxy[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

/** A store whose requests are answered by a schedule, sent once only. */
async function behind(
  server: S3Server,
  schedule: Schedule,
  more: { bucket?: string; prefix?: string; config?: S3ClientConfig } = {},
): Promise<ObjectStore> {
  const proxy = await startFaultyProxy(server.config().endpoint, schedule);
  proxies.push(proxy);
  const { bucket = "acme-models", prefix, config } = more;
  return s3Store({ bucket, prefix, client: server.client({ endpoint: proxy.url, maxAttempts: 1, ...config }) });
}

const servers = await s3Servers("errors of the S3 store");

describe.each(servers)("errors of the S3 store on $name", (server) => {
  it("names a bucket that is not there", async () => {
    const store = await s3Store({ bucket: "not-there", client: server.client() });
    const missing = failed(/no bucket not-there/);
    await expect(store.get("a")).rejects.toEqual(missing);
    await expect(store.getStream("a")).rejects.toEqual(missing);
    await expect(store.put("a", bytes)).rejects.toEqual(missing);
    await expect(store.put("a", bytes, { ifVersion: null })).rejects.toEqual(missing);
    await expect(store.put("a", bytes, { ifVersion: '"x"' })).rejects.toEqual(missing);
    await expect(store.putStream("a", some(6e6))).rejects.toEqual(missing);
    await expect(store.list("")).rejects.toEqual(missing);
    await expect(store.delete("a")).rejects.toEqual(missing);
  });

  it("does not list what other programs keep under names of their own, and finds more than a page", async () => {
    const bucket = await server.bucket();
    const client = server.client();
    for (const Key of [
      "models/a b",
      "models/ü",
      "models/a%2Fb",
      "models/a+b",
      "models/.x",
      "models/",
      "other",
      "modelsx",
    ]) {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key, Body: Key.endsWith("/") ? new Uint8Array(0) : "x" }),
      );
    }
    // A page holds what S3 says; a smaller one, asked for here, shows that the pages are put together.
    client.middlewareStack.add(
      (next) => (call) => next({ ...call, input: Object.assign({}, call.input, { MaxKeys: 2 }) }),
      { step: "initialize", name: "smallPages" },
    );
    const store = await s3Store({ bucket, prefix: "models/", client });
    const keys = ["A", "B-1", "a", "a-b", "a.b", "a0", "b/c/d", "b_"];
    for (const key of keys) await store.put(key, bytes);
    expect((await store.list("")).map(({ key }) => key)).toEqual([...keys].sort());
    expect((await store.list("b")).map(({ key }) => key)).toEqual(["b/c/d", "b_"]);
  });

  it("keeps what it writes under its prefix", async () => {
    const bucket = await server.bucket();
    const [whole, part] = [await server.store({ bucket }), await server.store({ bucket, prefix: "a/b" })];
    await part.put("c", bytes);
    await whole.put("d", bytes);
    expect(await whole.list("")).toEqual([
      { key: "a/b/c", size: 1, modified: expect.any(Date) as Date },
      { key: "d", size: 1, modified: expect.any(Date) as Date },
    ]);
    expect(await part.list("")).toEqual([{ key: "c", size: 1, modified: expect.any(Date) as Date }]);
    expect(part.name).toBe(`s3://${bucket}/a/b/`);
  });

  it("sends what encryption and owner were asked for with every request", async () => {
    const bucket = await server.bucket();
    const sent: [name: string | undefined, input: unknown][] = [];
    const client = server.client();
    client.middlewareStack.add(
      (_, context) => (call) => {
        sent.push([context.commandName, call.input]);
        return Promise.reject(new Error("not sent"));
      },
      { step: "initialize", name: "keep" },
    );
    const store = await s3Store({
      bucket,
      client,
      serverSideEncryption: "aws:kms",
      kmsKeyId: "alias/models",
      expectedBucketOwner: "123456789012",
    });
    await store.put("a", bytes).catch(() => undefined);
    await store.putStream("a", some(20e6)).catch(() => undefined);
    await store.list("").catch(() => undefined);
    await store.delete("a").catch(() => undefined);
    const encrypted = {
      Bucket: bucket,
      Key: "a",
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "alias/models",
      ExpectedBucketOwner: "123456789012",
    };
    expect(sent.filter(([name]) => name !== "GetObjectCommand")).toMatchObject([
      ["PutObjectCommand", encrypted],
      ["CreateMultipartUploadCommand", encrypted],
      ["ListObjectsV2Command", { ExpectedBucketOwner: "123456789012" }],
      ["DeleteObjectCommand", { ExpectedBucketOwner: "123456789012" }],
    ]);
  });

  const denied = { status: 403, code: "AccessDenied", message: "Access Denied" };
  const kms = (action: string): string =>
    `User: arn:aws:iam::1:user/ada is not authorized to perform: ${action} on resource: arn:aws:kms:eu-west-1:1:key/k because no identity-based policy allows the ${action} action`;
  it.each([
    [{ status: 400, code: "ExpiredToken", message: "The provided token has expired." }, /have expired.*ExpiredToken/],
    [{ status: 403, code: "RequestTimeTooSkewed", message: "The difference is too large." }, /clock of this machine/],
    [{ ...denied, message: kms("kms:Decrypt") }, /not allowed kms:Decrypt on arn:aws:kms:eu-west-1:1:key\/k:/],
    [
      { status: 400, code: "KMS.DisabledException", message: "arn:aws:kms:eu-west-1:1:key/k is disabled." },
      /KMS key .* cannot be used.*key\/k is disabled/,
    ],
    [
      { status: 403, code: "InvalidObjectState", message: "The operation is not valid for the object's storage class" },
      /archived/,
    ],
    [
      { status: 301, code: "PermanentRedirect", message: "The bucket must be addressed at another endpoint." },
      /a different region/,
    ],
    [{ status: 501, code: "NotImplemented", message: "What is this?" }, /NotImplemented: What is this\?/],
    [denied, /not allowed s3:GetObject on arn:aws:s3:::acme-models\/churn\/a:/],
  ])("explains %j", async (answer, pattern) => {
    const store = await behind(server, () => answer, { prefix: "churn" });
    await expect(store.get("a")).rejects.toEqual(failed(pattern));
    await expect(store.getStream("a")).rejects.toMatchObject({ where: { file: "s3://acme-models/churn/a" } });
  });

  it("names the permission of the key service that writing lacks", async () => {
    const store = await behind(server, () => ({ ...denied, message: kms("kms:GenerateDataKey") }));
    await expect(store.put("a", bytes)).rejects.toEqual(
      failed(/not allowed kms:GenerateDataKey on arn:aws:kms:eu-west-1:1:key\/k:/),
    );
  });

  it("writes ARNs of the client's part of AWS, and of access points", async () => {
    const china = await behind(server, () => denied, { config: { region: "cn-north-1" } });
    await expect(china.get("a")).rejects.toEqual(failed(/on arn:aws-cn:s3:::acme-models\/a:/));
    const point = "arn:aws:s3:eu-west-1:123456789012:accesspoint/models";
    expect(s3StorePolicy({ bucket: point, prefix: "x" }).Statement.map(({ Resource }) => Resource)).toEqual([
      `${point}/object/x/*`,
      point,
    ]);
  });

  it("takes a denied object for absent where the listing of its key says so", async () => {
    const bucket = await server.bucket();
    const store = await behind(
      server,
      (request) => (request.method === "GET" && !(request.url ?? "").includes("list-type") ? denied : undefined),
      { bucket, prefix: "p" },
    );
    expect(await store.get("a")).toBeUndefined();
    expect(await store.getStream("a")).toBeUndefined();
    await store.put("a", bytes);
    await expect(store.get("a")).rejects.toEqual(failed(/s3:GetObject/));
  });

  it("retries throttling and server errors as the SDK does by itself", async () => {
    const bucket = await server.bucket();
    let requests = 0;
    const proxy = await startFaultyProxy(
      server.config().endpoint,
      () => (["error", "reset", "throttle"] as const)[requests++],
    );
    proxies.push(proxy);
    const store = await s3Store({
      bucket,
      clientConfig: { ...server.config(), endpoint: proxy.url, forcePathStyle: true },
    });
    await store.put("a", bytes, { ifVersion: null });
    expect(requests).toBe(4);
  });

  it("says when nothing answers", async () => {
    const store = await s3Store({
      bucket: "acme-models",
      client: server.client({ endpoint: "http://127.0.0.1:9", maxAttempts: 1 }),
    });
    await expect(store.get("a")).rejects.toEqual(failed(/still unreachable.*ECONNREFUSED/));
  });
});

describe.each(servers.filter(({ name }) => name === "versitygw"))("the S3 store with signatures", (server) => {
  const as = (accessKeyId: string, secretAccessKey: string): S3ClientConfig => ({
    credentials: { accessKeyId, secretAccessKey },
  });

  it.each([
    ["a wrong secret", as("testing", "wrong-secret"), /not accepted.*SignatureDoesNotMatch/],
    ["a wrong key", as("nobody", "wrong-secret"), /not accepted.*InvalidAccessKeyId/],
    ["a wrong region", { region: "eu-west-1" }, /a different region.*us-east-1/],
  ])("refuses %s, whatever is asked", async (_, config, pattern) => {
    const store = await server.store({ client: server.client(config) });
    const reading = [() => store.get("a"), () => store.getStream("a"), () => store.list("")];
    const writing = [
      () => store.put("a", bytes),
      () => store.put("a", bytes, { ifVersion: '"x"' }),
      () => store.putStream("a", some(6e6)),
      () => store.delete("a"),
    ];
    for (const ask of [...reading, ...writing]) await expect(ask()).rejects.toEqual(failed(pattern));
  });

  it("goes on with a clock that is wrong, and when it is set right again", async () => {
    const store = await server.store({ client: server.client() });
    const hour = 3_600_000;
    for (const [i, wrong] of [0, hour, 0, -hour, hour, 0].entries()) {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + wrong });
      await store.put(`a${i}`, bytes, { ifVersion: null });
      expect(await store.list("")).toHaveLength(i + 1);
      vi.useRealTimers();
    }
  });

  describe("and the least permissions", () => {
    beforeAll(() => server.addUser("ada", "adas-secret"));

    /** The policy of the store as a bucket's, for one user, without some actions. */
    const allow = async (bucket: string, user: string, lacking: string): Promise<void> => {
      const policy = s3StorePolicy({ bucket, prefix: "churn" });
      const Statement = policy.Statement.map((statement) => ({
        ...statement,
        Principal: { AWS: [user] },
        Action: statement.Action.filter((action) => action !== lacking),
      }));
      await server.client().send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: JSON.stringify({ ...policy, Statement: Statement.filter(({ Action }) => Action.length > 0) }),
        }),
      );
    };
    const storeOf = async (
      lacking: string,
    ): Promise<{ store: ObjectStore; bucket: string; client: ReturnType<S3Server["client"]> }> => {
      const bucket = await server.bucket();
      await allow(bucket, "ada", lacking);
      const client = server.client(as("ada", "adas-secret"));
      return { store: await s3Store({ bucket, prefix: "churn", client, partBytes: 5 * 1024 * 1024 }), bucket, client };
    };

    it("suffice for everything, in the prefix only", async () => {
      const { store, bucket, client } = await storeOf("");
      expect(await store.get("a")).toBeUndefined();
      const { version } = await store.put("a", bytes, { ifVersion: null });
      await store.put("a", bytes, { ifVersion: version });
      await store.putStream("s", some(6e6));
      await expect(store.putStream("t", some(11e6, new Error("broke")))).rejects.toThrow("broke");
      expect((await store.list("")).map(({ key }) => key)).toEqual(["a", "s"]);
      expect((await server.client().send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []).toEqual(
        [],
      );
      for (const key of ["a", "s"]) await store.delete(key);
      const outside = await s3Store({ bucket, client });
      await expect(outside.put("a", bytes)).rejects.toEqual(failed(/s3:PutObject on arn:aws:s3:::bucket-[\d-]+\/a:/));
      await expect(outside.list("")).rejects.toEqual(failed(/s3:ListBucket on arn:aws:s3:::bucket-[\d-]+:/));
    });

    it.each([
      ["s3:GetObject", (store: ObjectStore) => store.get("a"), "churn/a"],
      ["s3:PutObject", (store: ObjectStore) => store.put("a", bytes), "churn/a"],
      ["s3:PutObject", (store: ObjectStore) => store.putStream("a", some(6e6)), "churn/a"],
      ["s3:DeleteObject", (store: ObjectStore) => store.delete("a"), "churn/a"],
      ["s3:ListBucket", (store: ObjectStore) => store.list(""), ""],
    ])("are all needed, and named: %s", async (action, ask, key) => {
      const { store, bucket } = await storeOf(action);
      await (await server.store({ bucket, prefix: "churn" })).put("a", bytes);
      await expect(ask(store)).rejects.toEqual(
        failed(new RegExp(`not allowed ${action} on arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}:`)),
      );
    });

    it("are needed to continue an upload: s3:ListMultipartUploadParts", async () => {
      for (const lacking of ["", "s3:ListMultipartUploadParts"]) {
        const { bucket, client } = await storeOf(lacking);
        const objects = await s3Objects({ bucket, client, partBytes: 5 * 1024 * 1024 });
        const begun = await objects.resumable("churn/a", {}, { resume: false });
        await begun.append(Buffer.alloc(6e6), { rows: 1 });
        const continued = objects.resumable("churn/a", {}, { resume: true });
        if (lacking === "") expect((await continued).done).toEqual({ rows: 1 });
        else
          await expect(continued).rejects.toEqual(
            failed(new RegExp(`not allowed ${lacking} on arn:aws:s3:::${bucket}/churn/a:`)),
          );
      }
    });

    it("are needed to remove what an upload leaves: s3:AbortMultipartUpload", async () => {
      const { store, bucket } = await storeOf("s3:AbortMultipartUpload");
      await expect(store.putStream("t", some(11e6, new Error("broke")))).rejects.toThrow("broke");
      expect((await server.client().send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads).toHaveLength(1);
    });
  });
});
