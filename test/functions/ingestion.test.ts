import { gzipSync } from "node:zlib";
import { PutBucketVersioningCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { parquetWriteBuffer } from "hyparquet-writer";
import { beforeAll, describe, expect, it } from "vitest";
import { type Contract, syntheticContract, syntheticCustomers } from "../../src/data/index.js";
import { csvLine } from "../../src/data/table/csv-line.js";
import { ingestionFunction } from "../../src/deploy/functions/index.js";
import { memorySink, memoryStore, type ObjectStore } from "../../src/io/index.js";
import { s3Store } from "../../src/io/store/s3/store.js";
import { awsTarget } from "../helpers/aws-target.js";
import { s3Servers } from "../helpers/aws.js";
import { failing } from "../helpers/faults.js";

const contract: Contract = syntheticContract;
const { records } = syntheticCustomers({ rows: 40, seed: 7 });
type Row = Readonly<Record<string, string | number | boolean | null>>;
const csv = (rows: readonly Row[]): string =>
  [Object.keys(records[0] as Row), ...rows.map((row) => Object.values(row))].map((cells) => csvLine(cells)).join("");
const jsonLines = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const spoiled: Row[] = records.map((row, i) => (i === 3 ? { ...row, age: 200 } : i === 5 ? { ...row, plan: "" } : row));

/** Everything in a store, as text by key. */
async function contentOf(store: ObjectStore): Promise<Record<string, string>> {
  const keys = (await store.list("")).map(({ key }) => key);
  const texts = await Promise.all(keys.map(async (key) => new TextDecoder().decode((await store.get(key))?.bytes)));
  return Object.fromEntries(keys.map((key, i) => [key, texts[i] ?? ""]));
}
const kindsOf = (content: Record<string, string>): string[] =>
  Object.keys(content).map((key) => key.replace(/^ingested\/(\w+)\/.*/, "$1"));
const linesOf = (text: string | undefined): unknown[] =>
  (text ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

describe("ingestionFunction", () => {
  it.each(["s3://churn-data/", "s3://churn-data/churn-dev/", "s3://churn-data/churn-dev/ingested/rows/"])(
    "refuses %s, where it would ingest what it writes",
    (from) => {
      expect(() => ingestionFunction({ target: awsTarget, contract, from })).toThrow(/would ingest that again/);
    },
  );

  it("refuses settings that make no sense", () => {
    expect(() => ingestionFunction({ target: awsTarget, contract, minQuality: 2 })).toThrow(/minQuality/);
    expect(() => ingestionFunction({ target: awsTarget, contract, from: "raw/" })).toThrow(/no place in S3/);
    expect(() => ingestionFunction({ contract })).toThrow(/CHURNKIT_TARGET/);
  });

  it.each([null, "text", { Records: "none" }, { Records: [{ eventName: "ObjectCreated:Put", s3: {} }] }])(
    "refuses the event %j",
    async (event) => {
      await expect(ingestionFunction({ target: awsTarget, contract })(event)).rejects.toThrow(/The event/);
    },
  );
});

const servers = (await s3Servers("ingestion in Lambda")).filter(({ name }) => name === "moto");
describe.skipIf(servers.length === 0).each(servers)("ingestionFunction on $name", (server) => {
  let bucket: string;
  let client: S3Client;
  beforeAll(async () => {
    client = server.client();
    bucket = await server.bucket();
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  });
  const put = async (key: string, Body: string | Uint8Array): Promise<{ key: string; version: string }> => {
    const Key = `churn-dev/raw/${key}`;
    const { VersionId = "" } = await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    return { key: Key, version: VersionId };
  };
  const notice = (...made: { key: string; version?: string }[]) => ({
    Records: made.map(({ key, version }) => ({
      eventName: "ObjectCreated:Put",
      s3: {
        bucket: { name: bucket },
        object: { key: encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/"), versionId: version },
      },
    })),
  });
  const bridged = ({ key, version }: { key: string; version: string }) => ({
    source: "aws.s3",
    "detail-type": "Object Created",
    detail: { bucket: { name: bucket }, object: { key, "version-id": version } },
  });
  const queued = (...bodies: (object | string)[]) => ({
    Records: bodies.map((body, i) => ({
      messageId: `m${i}`,
      body: typeof body === "string" ? body : JSON.stringify(body),
    })),
  });
  const ingestion = (options: Partial<Parameters<typeof ingestionFunction>[0]> = {}) =>
    ingestionFunction({
      target: { ...awsTarget, bucket },
      contract,
      clientConfig: { ...server.config(), maxAttempts: 2 } as never,
      sink: memorySink(),
      ...options,
    });

  it("keeps the rows that are right, and the others with their reasons, in the target's folder", async () => {
    const made = await put("2026 März/new+customers.csv", csv(spoiled));
    const sink = memorySink();
    const handler = ingestion({ sink });
    const { objects } = await handler(notice(made));
    expect(objects).toMatchObject([{ outcome: "accepted", rows: 40, rejected: 2, reason: null }]);
    const store = await s3Store({ bucket, prefix: "churn-dev", client });
    const content = await contentOf(store);
    const manifest = JSON.parse(content[objects[0]?.manifest ?? ""] ?? "") as Record<string, string>;
    expect(manifest).toMatchObject({ source: { bucket, key: made.key, version: made.version }, outcome: "accepted" });
    const kept = records.filter((_, i) => i !== 3 && i !== 5);
    expect(linesOf(content[manifest["accepted"] ?? ""])).toEqual(kept);
    expect(linesOf(content[manifest["quarantined"] ?? ""])).toMatchObject([
      {
        row: 3,
        record: { customerId: records[3]?.["customerId"], age: "200" },
        issues: [{ column: "age", rule: "range" }],
      },
      { row: 5, record: { plan: null }, issues: [{ column: "plan", rule: "missing" }] },
    ]);
    expect(sink.points().map(({ name, value, labels }) => [name, labels?.["outcome"], value])).toEqual([
      ["ingested_objects_total", "accepted", 1],
      ["ingested_rows_total", "accepted", 38],
      ["ingested_rows_total", "quarantined", 2],
      ["data_quality_score", undefined, objects[0]?.qualityScore],
    ]);

    // The same event again, by another way, changes and measures nothing.
    expect((await handler(bridged(made))).objects).toMatchObject([{ outcome: "known" }]);
    expect((await handler(queued(notice(made), bridged(made)))).objects).toMatchObject([
      { outcome: "known" },
      { outcome: "known" },
    ]);
    expect(await contentOf(store)).toEqual(content);
    expect(sink.points()).toHaveLength(4);

    // What the function wrote is not for it, nor is another folder, nor another bucket.
    const own = Object.keys(content).map((key) => ({ key: `churn-dev/${key}` }));
    expect((await handler(notice(...own, { key: "other/a.csv" }, { key: "churn-dev/raw/" }))).objects).toEqual([]);
    expect((await ingestion({ from: "s3://elsewhere/" })(notice(made))).objects).toEqual([]);
  });

  it("ingests each version of an object, also one that was replaced before its event came", async () => {
    const store = memoryStore();
    const handler = ingestion({ store });
    const first = await put("same.jsonl", jsonLines(spoiled));
    const second = await put("same.jsonl", jsonLines(records.slice(0, 10)));
    expect((await handler(bridged(second))).objects).toMatchObject([{ outcome: "accepted", rows: 10, rejected: 0 }]);
    expect((await handler(bridged(first))).objects).toMatchObject([{ outcome: "accepted", rows: 40, rejected: 2 }]);
    expect((await handler(bridged({ ...first, version: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY" }))).objects).toMatchObject([
      { outcome: "gone", manifest: null },
    ]);
    const content = await contentOf(store);
    expect(kindsOf(content)).toEqual(["manifests", "manifests", "quarantine", "rows", "rows"]);
    const quarantined = Object.entries(content).find(([key]) => key.includes("quarantine"))?.[1];
    expect(linesOf(quarantined)).toMatchObject([{ row: 3, record: { age: "200" } }, { row: 5 }]);
  });

  it("ingests what is there once, where the bucket keeps no versions and events come twice and out of order", async () => {
    const plain = await server.bucket();
    const handler = ingestion({ target: { ...awsTarget, bucket: plain }, store: memoryStore() });
    const Key = "churn-dev/raw/same.jsonl";
    const events: object[] = [];
    for (const [i, rows] of [40, 10].entries()) {
      await client.send(new PutObjectCommand({ Bucket: plain, Key, Body: jsonLines(records.slice(0, rows)) }));
      const detail = { bucket: { name: plain }, object: { key: Key, sequencer: `006${i}` } };
      events.push({ source: "aws.s3", "detail-type": "Object Created", detail });
    }
    const outcomes: object[] = [];
    for (const event of [...events.toReversed(), ...events]) outcomes.push(...(await handler(event)).objects);
    expect(outcomes).toMatchObject([
      { outcome: "accepted", rows: 10 },
      ...Array.from({ length: 3 }, () => ({ outcome: "known" })),
    ]);
  });

  it("reads Parquet and gzip", async () => {
    const columns = Object.keys(records[0] as Row);
    const parquet = new Uint8Array(
      parquetWriteBuffer({
        columnData: columns.map((name) => ({ name, data: records.map((row) => row[name] ?? undefined) as never[] })),
      }),
    );
    const made = [await put("a.parquet", parquet), await put("a.csv.gz", gzipSync(csv(records)))];
    const { objects } = await ingestion({ store: memoryStore() })(notice(...made));
    expect(objects.map(({ outcome, rows, rejected }) => [outcome, rows, rejected])).toEqual([
      ["accepted", 40, 0],
      ["accepted", 40, 0],
    ]);
  });

  it.each([
    ["image.png", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 255]), /binary|UTF-8|not text/i],
    ["cut.parquet", new Uint8Array([0x50, 0x41, 0x52, 0x31, 9, 9, 9, 9, 9, 9, 9, 9]), /cannot be read/],
    ["cut.csv.gz", gzipSync(csv(records)).subarray(0, 300), /gzip|compressed|damaged/i],
    ["empty.csv", "", /empty|no /i],
    ["other.csv", "name,phone\nAnn,1\n", /age|column/],
    ["broken.jsonl", '{"age":\n', /keeps the contract|JSON/],
    ["wrong.csv", csv(records.map((row) => ({ ...row, age: -1 }))), /No row keeps the contract/],
    ["bomb.csv.gz", gzipSync(csv(records) + "\n".repeat(3_000_000)), /more than|limit/],
    ["large.csv", "x".repeat(2_000_001), /2000001 bytes are more than the limit of 2000000/],
  ])("quarantines %s as a whole, once", async (name, body, reason) => {
    const store = memoryStore();
    const sink = memorySink();
    const handler = ingestion({ store, sink, maxBytes: 2_000_000 });
    const made = await put(name, body);
    const { objects, batchItemFailures } = await handler(queued(notice(made)));
    expect(batchItemFailures).toEqual([]);
    expect(objects).toMatchObject([{ outcome: "quarantined", reason: expect.stringMatching(reason) as unknown }]);
    expect(sink.points()[0]).toMatchObject({ name: "ingested_objects_total", labels: { outcome: "quarantined" } });
    expect(kindsOf(await contentOf(store))).not.toContain("rows");
    expect((await handler(queued(notice(made)))).objects).toMatchObject([{ outcome: "known" }]);
  });

  it("quarantines data of too low a quality, and rows without labels where they are needed", async () => {
    const sameRow = await put("repeated.csv", csv(Array.from({ length: 40 }, () => records[0] as Row)));
    const low = await ingestion({ store: memoryStore(), minQuality: 0.5 })(notice(sameRow));
    expect(low.objects).toMatchObject([
      { outcome: "quarantined", reason: expect.stringMatching(/below 0.5/) as unknown },
    ]);
    const unlabeled = await put("unlabeled.csv", csv(records.map((row, i) => (i < 4 ? { ...row, churn: null } : row))));
    const rejected = async (labeled: boolean) =>
      (await ingestion({ store: memoryStore(), labeled })(notice(unlabeled))).objects[0]?.rejected;
    expect([await rejected(true), await rejected(false)]).toEqual([4, 0]);
  });

  it("fails messages one by one, and other events as a whole", async () => {
    const problems: unknown[] = [];
    const handler = ingestion({ store: memoryStore(), onProblem: (error) => problems.push(error) });
    const good = await put("good.csv", csv(records));
    const result = await handler(queued("no JSON", notice(good), { Event: "s3:TestEvent" }, "[1]"));
    expect(result.batchItemFailures).toEqual([{ itemIdentifier: "m0" }, { itemIdentifier: "m3" }]);
    expect(result.objects).toMatchObject([{ outcome: "accepted" }]);
    expect(problems).toHaveLength(2);
    const down = failing(memoryStore(), 1, "rejects", true).target;
    await expect(ingestion({ store: down })(notice(good))).rejects.toThrow(/caught fire/);
    expect((await ingestion({ store: down })(queued(notice(good)))).batchItemFailures).toHaveLength(1);
  });

  it("ends the same after a kill between any two calls, and where two attempts meet", async () => {
    const made = await put("killed.csv", csv(spoiled));
    const whole = memoryStore();
    await ingestion({ store: whole })(notice(made));
    const expected = await contentOf(whole);
    expect(kindsOf(expected)).toEqual(["manifests", "quarantine", "rows"]);
    for (let at = 1; ; at++) {
      const store = memoryStore();
      const { target, calls } = failing(store, at);
      const failed = await ingestion({ store: target })(notice(made)).then(
        () => false,
        () => true,
      );
      // The manifest says that all is there.
      if (failed) expect(kindsOf(await contentOf(store))).not.toContain("manifests");
      await ingestion({ store })(notice(made));
      expect(await contentOf(store)).toEqual(expected);
      if (calls() < at) break;
      expect(at).toBeLessThan(20);
    }
    const sink = memorySink();
    const store = memoryStore();
    const both = await Promise.all([1, 2].map(() => ingestion({ store, sink })(notice(made))));
    expect(both.map(({ objects }) => objects[0]?.outcome).sort()).toEqual(["accepted", "known"]);
    expect(await contentOf(store)).toEqual(expected);
    expect(sink.points().filter(({ name }) => name === "ingested_objects_total")).toHaveLength(1);
  });
});
