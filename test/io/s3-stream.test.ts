import { createHash } from "node:crypto";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { s3Servers } from "../helpers/aws.js";

const mebibyte = 1024 * 1024;
/** How much is streamed; CHURNKIT_STREAM_MB=2048 for the two gigabytes that a large bundle may have. */
const size = Number(process.env["CHURNKIT_STREAM_MB"] ?? 64);
const limit = 60 * mebibyte;

/** So many different mebibytes, all in the same memory. */
async function* mebibytes(count: number): AsyncGenerator<Uint8Array> {
  const part = Buffer.alloc(mebibyte, "churn");
  for (let i = 0; i < count; i++) {
    part.writeUInt32BE(i);
    yield await Promise.resolve(part);
  }
}

const hashOf = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = createHash("sha256");
  for await (const part of stream) hash.update(part);
  return hash.digest("hex");
};

/** The most memory that was in use while something ran, beyond what was before. */
async function growth(work: () => Promise<void>): Promise<{ rss: number; arrayBuffers: number; seconds: number }> {
  const before = process.memoryUsage();
  const most = { rss: 0, arrayBuffers: 0 };
  const look = (): void => {
    const { rss, arrayBuffers } = process.memoryUsage();
    most.rss = Math.max(most.rss, rss - before.rss);
    most.arrayBuffers = Math.max(most.arrayBuffers, arrayBuffers - before.arrayBuffers);
  };
  const timer = setInterval(look, 10);
  const started = performance.now();
  await work().finally(() => clearInterval(timer));
  look();
  return { ...most, seconds: (performance.now() - started) / 1000 };
}

const servers = await s3Servers("large streams in S3");

// moto keeps objects in memory and parses them in Python: the other server is the faster by far.
describe.each(servers.filter(({ name }) => name === "versitygw"))("S3 store on $name", (server) => {
  it(`streams ${size} MB up and down in little memory`, async () => {
    // Not one of the recorded clients, whose record holds everything that was sent.
    const client = new S3Client({ ...server.config(), forcePathStyle: true });
    const store = await server.store({ client });
    // What is made once, by the first use of everything.
    await store.putStream("warm", mebibytes(20));
    await hashOf((await store.getStream("warm"))?.stream ?? mebibytes(0));

    const up = await growth(async () => void (await store.putStream("large", mebibytes(size), { ifVersion: null })));
    let hash = "";
    const down = await growth(async () => {
      const found = await store.getStream("large");
      expect(found?.size).toBe(size * mebibyte);
      hash = await hashOf(found?.stream ?? mebibytes(0));
    });
    expect(hash).toBe(await hashOf(mebibytes(size)));
    for (const [name, { rss, arrayBuffers, seconds }] of Object.entries({ up, down })) {
      console.log(
        `${name}: ${size} MB in ${seconds.toFixed(1)} s, memory +${(rss / mebibyte).toFixed(0)} MB (buffers +${(arrayBuffers / mebibyte).toFixed(0)} MB)`,
      );
      expect(arrayBuffers).toBeLessThan(limit);
      expect(rss).toBeLessThan(limit);
    }
  }, 600_000);
});
