import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { eraseCustomers } from "../../src/monitor/index.js";
import { s3Servers } from "../helpers/aws.js";

const servers = await s3Servers("erasure from S3");

describe.each(servers)("erasing from $name", (server) => {
  it("replaces objects by compare-and-swap, packed and not, and leaves the others alone", async () => {
    const store = await server.store();
    const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
    const bytesIn = async (key: string): Promise<Uint8Array> => (await store.get(key))?.bytes ?? new Uint8Array();
    const at = "2026-02-01T13:05:00.000Z";
    const line = (id: string, i: number): string =>
      `{"id":"${id}","predictionId":"p${i}","at":"${at}","record":{},"probability":0.4,"label":"No","version":"1"}\n`;
    const key = "captured/churn/AllTraffic/2026/02/01/13/05-00-000-a.jsonl";
    await store.put(key, bytesOf(line("c1", 1) + line("c2", 2)));
    await store.put("captured/other.jsonl", bytesOf(line("c3", 3)));
    await store.put(
      "captured/labels.jsonl.gz",
      gzipSync('{"prediction_id":"p1","outcome":1}\n{"id":"c2","outcome":1}\n'),
    );
    const { version } = (await store.get("captured/other.jsonl")) ?? {};

    const run = () => eraseCustomers({ ids: ["c1"], stores: [{ store, prefix: "captured/" }] });
    expect(await run()).toMatchObject({
      objects: 3,
      found: [{ counts: { labels: 1 } }, { counts: { predictions: 1 } }],
      left: [],
    });
    expect(new TextDecoder().decode(await bytesIn(key))).toBe(line("c2", 2));
    expect(gunzipSync(await bytesIn("captured/labels.jsonl.gz")).toString()).toBe('{"id":"c2","outcome":1}\n');
    expect((await store.get("captured/other.jsonl"))?.version).toBe(version);
    expect(await run()).toMatchObject({ found: [], left: [] });
  });
});
