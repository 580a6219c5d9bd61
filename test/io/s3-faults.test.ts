import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it } from "vitest";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { s3Servers, type S3Server } from "../helpers/aws.js";
import {
  faults,
  seededFaults,
  startFaultyProxy,
  type Fault,
  type FaultyProxy,
  type Schedule,
} from "../helpers/faulty-proxy.js";
import { quickRetries } from "../helpers/quick-retries.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const proxies: FaultyProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

/** A store behind a proxy, in a bucket that may be another's. */
async function faulty(
  server: S3Server,
  schedule: Schedule,
  { bucket, attempts = 12 }: { bucket?: string; attempts?: number } = {},
): Promise<{ store: ObjectStore; proxy: FaultyProxy }> {
  const proxy = await startFaultyProxy(server.config().endpoint, schedule);
  proxies.push(proxy);
  const client = server.client({
    endpoint: proxy.url,
    retryStrategy: quickRetries(attempts),
    requestHandler: { connectionTimeout: 1000, socketTimeout: 250 },
  });
  return { store: await server.store({ client, ...(bucket === undefined ? {} : { bucket }) }), proxy };
}

/** The first requests of a method meet these faults. */
const first = (method: string, ...kinds: (Fault | undefined)[]): Schedule => {
  const rest = [...kinds];
  return (request) => (request.method === method ? rest.shift() : undefined);
};

async function collect(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream ?? []) parts.push(part);
  return Buffer.concat(parts);
}

/** A log of entries with its own hash, so that a torn read shows. */
const sealed = (entries: readonly string[]): Uint8Array => {
  const text = entries.join("\n");
  return bytesOf(`${createHash("sha256").update(text).digest("hex")}\n${text}`);
};
const unsealed = (bytes: Uint8Array | undefined): string[] => {
  if (bytes === undefined) return [];
  const [hash, ...entries] = textOf(bytes).split("\n");
  expect(createHash("sha256").update(entries.join("\n")).digest("hex")).toBe(hash);
  return entries;
};

async function append(store: ObjectStore, entry: string): Promise<void> {
  for (;;) {
    const found = await store.get("log");
    try {
      await store.put("log", sealed([...unsealed(found?.bytes), entry]), { ifVersion: found?.version ?? null });
      return;
    } catch (error) {
      if (codeOf(error) !== "STORE_CONFLICT") throw error;
    }
  }
}

const servers = await s3Servers("S3 store under faults");

for (const server of servers) {
  describe(`S3 store on ${server.name} behind a faulty proxy`, () => {
    it.each([1, 2])("makes each conditional write once, and reads nothing torn, in a storm (seed %i)", async (seed) => {
      const bucket = await server.bucket();
      const writers = await Promise.all(
        [0, 1, 2].map((i) => faulty(server, seededFaults(seed * 10 + i, 0.3), { bucket })),
      );
      const entries = writers.flatMap((_, i) => Array.from({ length: 10 }, (_, n) => `${i}-${n}`));
      await Promise.all(
        writers.map(async ({ store }, i) => {
          for (const entry of entries.filter((name) => name.startsWith(`${i}-`))) {
            await append(store, entry);
            unsealed(await collect((await store.getStream("log"))?.stream).catch(() => undefined));
          }
        }),
      );
      const written = unsealed((await (await server.store({ bucket })).get("log"))?.bytes);
      expect([...written].sort()).toEqual(entries);
      const applied = new Set(writers.flatMap(({ proxy }) => [...proxy.applied.keys()]));
      expect(applied.size).toBeGreaterThan(faults.length - 3);
    });

    it.each(faults.filter((fault) => fault !== "slow"))(
      "writes, reads, lists and deletes in spite of: %s",
      async (fault) => {
        const bucket = await server.bucket();
        let requests = 0;
        const { store, proxy } = await faulty(server, () => (requests++ % 2 === 0 ? fault : undefined), { bucket });
        const { version } = await store.put("a", bytesOf("one"), { ifVersion: null });
        const next = await store.put("a", bytesOf("two"), { ifVersion: version });
        expect(await store.get("a").then((found) => [textOf(found?.bytes), found?.version])).toEqual([
          "two",
          next.version,
        ]);
        expect(await store.list("")).toEqual([{ key: "a", size: 3, modified: expect.any(Date) as Date }]);
        await store.delete("a");
        expect(await store.get("a")).toBeUndefined();
        expect(proxy.applied.get(fault)).toBeGreaterThan(2);
      },
    );

    it("takes a write for done whose answer was lost, also when others have built on it since", async () => {
      const bucket = await server.bucket();
      const other = await server.store({ bucket });
      const { version } = await other.put("a", bytesOf("0"), { ifVersion: null });
      let puts = 0;
      const { store } = await faulty(
        server,
        async (request) => {
          if (request.method !== "PUT") return undefined;
          if (puts++ === 0) return "lost";
          for (const value of ["2", "3"]) {
            const found = await other.get("a");
            await other.put("a", bytesOf(value), { ifVersion: found?.version });
          }
          return undefined;
        },
        { bucket },
      );
      const done = await store.put("a", bytesOf("1"), { ifVersion: version });
      expect(puts).toBe(2);
      expect(textOf((await other.get("a"))?.bytes)).toBe("3");
      await expect(store.put("a", bytesOf("4"), { ifVersion: done.version })).rejects.toMatchObject({
        code: "STORE_CONFLICT",
      });
    });

    it("reports a conflict, once it was retried too, when its write was not the one that happened", async () => {
      const bucket = await server.bucket();
      const other = await server.store({ bucket });
      const { version } = await other.put("a", bytesOf("0"), { ifVersion: null });
      for (const [key, ifVersion] of [
        ["a", version],
        ["b", null],
      ] as const) {
        let puts = 0;
        const { store } = await faulty(
          server,
          async (request) => {
            if (request.method !== "PUT" || puts++ > 0) return undefined;
            await other.put(key, bytesOf("theirs"), { ifVersion });
            return "reset";
          },
          { bucket },
        );
        await expect(store.put(key, bytesOf("ours"), { ifVersion })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
        expect(puts).toBe(2);
        expect(textOf((await other.get(key))?.bytes)).toBe("theirs");
      }
    });

    it("says so when nobody can tell whether it wrote", async () => {
      const bucket = await server.bucket();
      const other = await server.store({ bucket });
      const { version } = await other.put("a", bytesOf("0"));
      let puts = 0;
      const { store } = await faulty(
        server,
        async (request) => {
          if (request.method !== "PUT") return undefined;
          if (puts++ === 0) return "lost";
          await other.put("a", bytesOf("another line of history"));
          return undefined;
        },
        { bucket },
      );
      await expect(store.put("a", bytesOf("1"), { ifVersion: version })).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringContaining("unknown whether the write succeeded") as string,
      });
    });

    it.each([
      ["lost", "reset"],
      ["lost", "error"],
      ["error-after", "timeout"],
    ] as const)("finds its write also when every answer was lost: %s, %s", async (...kinds) => {
      const { store } = await faulty(server, first("PUT", ...kinds), { attempts: 2 });
      const { version } = await store.put("a", bytesOf("1"), { ifVersion: null });
      expect(await store.get("a").then((found) => [textOf(found?.bytes), found?.version])).toEqual(["1", version]);
    });

    it("gives up after so many attempts, and says why", async () => {
      const { store } = await faulty(server, () => "throttle", { attempts: 3, bucket: await server.bucket() });
      await expect(store.get("a")).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringMatching(/s3:\/\/bucket.*slow down.*SlowDown/) as string,
      });
      const silent = await faulty(server, () => "timeout", { attempts: 2, bucket: await server.bucket() });
      await expect(silent.store.put("a", bytesOf("x"))).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringContaining("still unreachable") as string,
      });
    });

    it("sends a write again that met another one, and calls it a conflict in the end", async () => {
      const race = {
        status: 409,
        code: "ConditionalRequestConflict",
        message: "The conditional request cannot succeed due to a conflicting operation.",
      };
      let left = 2;
      const some = await faulty(server, (request) => (request.method === "PUT" && left-- > 0 ? race : undefined), {
        bucket: await server.bucket(),
      });
      await some.store.put("a", bytesOf("x"), { ifVersion: null });
      expect(some.proxy.applied.get(race.code)).toBe(2);
      const always = await faulty(server, (request) => (request.method === "PUT" ? race : undefined), {
        bucket: await server.bucket(),
      });
      await expect(always.store.put("a", bytesOf("x"), { ifVersion: null })).rejects.toMatchObject({
        code: "STORE_CONFLICT",
      });
      expect(always.proxy.applied.get(race.code)).toBe(5);
    });
  });
}

// Large bodies on one server only, the stricter one where it is at hand.
for (const server of servers.slice(-1)) {
  describe(`streams of the S3 store on ${server.name} behind a faulty proxy`, () => {
    const large = Buffer.alloc(6 * 1024 * 1024 + 77, "0123456789abcdef!");
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < large.length; at += 100_000) yield await Promise.resolve(large.subarray(at, at + 100_000));
    };
    const partBytes = 5 * 1024 * 1024;
    const streaming = async (
      schedule: Schedule,
      attempts = 12,
    ): Promise<{ store: ObjectStore; direct: ObjectStore; uploads: () => Promise<number> }> => {
      const bucket = await server.bucket();
      const proxy = await startFaultyProxy(server.config().endpoint, schedule);
      proxies.push(proxy);
      const client = server.client({
        endpoint: proxy.url,
        retryStrategy: quickRetries(attempts),
        requestHandler: { connectionTimeout: 1000, socketTimeout: 1000 },
      });
      const direct = server.client();
      return {
        store: await server.store({ client, bucket, partBytes }),
        direct: await server.store({ client: direct, bucket }),
        uploads: async () =>
          (await direct.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0,
      };
    };
    const query = (name: string, method: string, ...kinds: Fault[]): Schedule => {
      const rest = [...kinds];
      return (request) =>
        request.method === method && new RegExp(`[?&]${name}\\b`).test(request.url ?? "") ? rest.shift() : undefined;
    };

    it("takes a body that breaks off up where it ended", async () => {
      let gets = 0;
      const { store, direct } = await streaming((request) =>
        request.method === "GET" && gets++ < 3 ? "truncated" : undefined,
      );
      await direct.put("s", large);
      const found = await store.getStream("s");
      expect((await collect(found?.stream)).equals(large)).toBe(true);
      expect(gets).toBe(4);
    });

    it("never mixes two versions of an object", async () => {
      let gets = 0;
      const { store, direct } = await streaming(async (request) => {
        if (request.method !== "GET") return undefined;
        if (gets++ > 0) await direct.put("s", Buffer.from(large).fill("z"));
        return gets === 1 ? "truncated" : undefined;
      });
      await direct.put("s", large);
      const found = await store.getStream("s");
      await expect(collect(found?.stream)).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringContaining("replaced or deleted during the read") as string,
      });
    });

    it("sees a changed bit", async () => {
      const { store, direct } = await streaming(first("GET", "flipped"));
      await direct.put("s", large);
      await expect(collect((await store.getStream("s"))?.stream)).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringContaining("checksum") as string,
      });
      expect((await collect((await store.getStream("s"))?.stream)).equals(large)).toBe(true);
    });

    it.each([
      ["the start", query("uploads", "POST", "lost", "error")],
      ["a part", query("partNumber", "PUT", "lost", "reset", "timeout", "error-after")],
      ["the end", query("uploadId", "POST", "lost", "error-after")],
    ] as const)("writes in parts in spite of failures at %s, once", async (_, schedule) => {
      const { store, direct } = await streaming(schedule);
      const { version } = await store.putStream("s", source(), { ifVersion: null });
      const found = await direct.get("s");
      expect(found?.version).toBe(version);
      expect(Buffer.from(found?.bytes ?? []).equals(large)).toBe(true);
      await expect(store.putStream("s", source(), { ifVersion: null })).rejects.toMatchObject({
        code: "STORE_CONFLICT",
      });
    });

    it.each([
      ["a part", query("partNumber", "PUT", ...Array.from({ length: 20 }, () => "error" as const))],
      ["the end", query("uploadId", "POST", ...Array.from({ length: 20 }, () => "error" as const))],
    ] as const)("keeps the old object and removes the parts when %s fails for good", async (_, schedule) => {
      const { store, direct, uploads } = await streaming(schedule, 3);
      await direct.put("s", bytesOf("old"));
      await expect(store.putStream("s", source())).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(textOf((await direct.get("s"))?.bytes)).toBe("old");
      expect(await uploads()).toBe(0);
    });

    it("removes the parts when the source breaks, and when it comes too late", async () => {
      const { store, direct, uploads } = await streaming(() => undefined);
      const breaking = async function* (): AsyncGenerator<Uint8Array> {
        yield* source();
        yield* source();
        await sleep(1);
        throw new Error("the source broke");
      };
      await expect(store.putStream("s", breaking())).rejects.toThrow("the source broke");
      expect(await direct.get("s")).toBeUndefined();
      const late = async function* (): AsyncGenerator<Uint8Array> {
        yield* source();
        await direct.put("s", bytesOf("theirs"));
      };
      await expect(store.putStream("s", late(), { ifVersion: null })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
      expect(textOf((await direct.get("s"))?.bytes)).toBe("theirs");
      expect(await uploads()).toBe(0);
    });
  });
}
