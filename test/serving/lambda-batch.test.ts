import { gzipSync } from "node:zlib";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { EventBridgeEvent, S3Event, SQSRecord } from "aws-lambda";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { beforeAll, describe, expect, it } from "vitest";
import { csvLine } from "../../src/data/table/csv-line.js";
import type { Artifact } from "../../src/model/artifact.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { lambdaBatch } from "../../src/serving/index.js";
import { s3Servers } from "../helpers/aws.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";

const names = ["customer", "tenure", "charges", "paperless", "since", "plan"];
const records = sampleRecords(40);
/** A value as a cell. */
const cellOf = (value: (typeof records)[number][string] | undefined): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : String(value ?? "");
const rowsOf = (some: typeof records): string =>
  [names.join(","), ...some.map((record) => names.map((name) => cellOf(record[name])).join(",")), ""].join("\n");

/** As S3 writes a key in its notifications. */
const formKey = (key: string): string => encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/");

describe("lambdaBatch", () => {
  it("refuses scores among the objects to score", () => {
    const model = {} as Parameters<typeof lambdaBatch>[0];
    const scorer = { decision: { threshold: 0.5 } } as Scorer;
    for (const options of [{ from: "in/", to: "in/scores/" }, { to: "scores/" }, { from: "in", to: "in2/" }])
      expect(() => lambdaBatch({ ...model, scorer }, options)).toThrow(/would be scored again/);
  });
});

const servers = (await s3Servers("batch scoring in Lambda")).filter(({ name }) => name === "moto");
describe.skipIf(servers.length === 0).each(servers)("lambdaBatch on $name", (server) => {
  let bucket: string;
  let client: S3Client;
  let artifact: Artifact;
  let scorer: Scorer;
  beforeAll(async () => {
    artifact = await sampleArtifact({ networks: 0 });
    scorer = await compile(artifact);
    client = server.client();
    bucket = await server.bucket();
  });
  const put = (Key: string, Body: string | Uint8Array) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  const bytesOf = async (Key: string): Promise<Buffer | undefined> => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch {
      return undefined;
    }
  };
  const made = async (Key: string): Promise<Date | undefined> =>
    (await client.send(new GetObjectCommand({ Bucket: bucket, Key }))).LastModified;
  const model = (version = "1") => ({ artifact, scorer, name: "churn", version, source: "local" });
  const lambda = (options: Parameters<typeof lambdaBatch>[1] = {}, version?: string) =>
    lambdaBatch(model(version), { client, ...options });
  const created = (...keys: string[]) => ({
    Records: keys.map((key) => {
      const record: Pick<S3Event["Records"][number], "eventName"> = { eventName: "ObjectCreated:Put" };
      return { ...record, s3: { bucket: { name: bucket }, object: { key: formKey(key) } } };
    }),
  });
  const expected = (some: typeof records): string => {
    const { threshold } = scorer.decision;
    const lines = scorer.scoreRecords(some).map(({ probability }, i) => {
      const p = probability ?? NaN;
      return csvLine([String(some[i]?.["customer"]), p, p >= threshold ? "Yes" : "No", ""]);
    });
    return `customer,probability,label,error\n${lines.join("")}`;
  };

  it("scores CSV, gzip, JSON lines and Parquet by keys that are written as in a form", async () => {
    const lines = records.map((record) => JSON.stringify(record)).join("\n");
    const columnData = names.map((name) => ({
      name,
      data: records.map((record) => cellOf(record[name])),
    }));
    const files: Record<string, string | Uint8Array> = {
      "in/day=1/März & Co (1)+x.csv": rowsOf(records),
      "in/a.csv.gz": gzipSync(rowsOf(records)),
      "in/a.jsonl": lines,
      "in/a.parquet": new Uint8Array(parquetWriteBuffer({ columnData })),
    };
    for (const [key, body] of Object.entries(files)) await put(key, body);
    const { objects } = await lambda({ from: "in/", to: "out/" })(created(...Object.keys(files)));
    expect(objects).toMatchObject(
      Object.keys(files).map((key) => ({ key, outcome: "scored", rows: records.length, rejected: 0 })),
    );
    for (const key of Object.keys(files))
      expect((await bytesOf(`out/${key.slice(3)}.scores.csv`))?.toString()).toBe(expected(records));
  });

  it("writes beside the object, JSON lines and Parquet too, and sets aside rows that break the contract", async () => {
    await put("beside/b.csv", `${rowsOf(records)}c99,long,1,yes,2020-01-01,basic\n`);
    for (const format of ["jsonl", "parquet"] as const)
      expect((await lambda({ format })(created("beside/b.csv"))).objects).toMatchObject([
        { output: `beside/b.csv.scores.${format}`, rows: records.length + 1, rejected: 1 },
      ]);
    const lines = (await bytesOf("beside/b.csv.scores.jsonl"))?.toString().trimEnd().split("\n") ?? [];
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      customer: "c99",
      probability: null,
      error: expect.stringContaining("tenure") as string,
    });
    const bytes = Uint8Array.from((await bytesOf("beside/b.csv.scores.parquet")) ?? []);
    const file = { byteLength: bytes.length, slice: (from: number, to?: number) => bytes.slice(from, to).buffer };
    expect(await parquetReadObjects({ file })).toEqual(lines.map((line) => JSON.parse(line) as unknown));
  });

  it("leaves alone what came twice, its own scores, other names and events, and objects that are gone", async () => {
    const [score, key] = [lambda(), "twice/a.csv"];
    await put(key, rowsOf(records));
    expect((await score(created(key))).objects).toMatchObject([{ outcome: "scored" }]);
    const time = await made(`${key}.scores.csv`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await score(created(key, key))).objects).toMatchObject([
      { outcome: "known", rows: 40 },
      { outcome: "known" },
    ]);
    expect(await made(`${key}.scores.csv`)).toEqual(time);
    const own = created(`${key}.scores.csv`, `${key}.scores.csv.done.json`, "twice/_SUCCESS", "twice/");
    expect((await score(own)).objects).toEqual([]);
    expect((await lambda({ from: "other/", to: "out/" })(created(key))).objects).toEqual([]);
    const removed = created(key);
    const [record] = removed.Records;
    expect((await score({ Records: [{ ...record, eventName: "ObjectRemoved:Delete" }] })).objects).toEqual([]);
    expect(await score({ Service: "Amazon S3", Event: "s3:TestEvent" })).toEqual({
      objects: [],
      batchItemFailures: [],
    });
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    expect((await score(created(key))).objects).toMatchObject([{ outcome: "gone" }]);
    // Another version of the object, or of the model, has other scores.
    await put(key, rowsOf(records.slice(1)));
    expect((await score(created(key))).objects).toMatchObject([{ outcome: "scored", rows: 39 }]);
    expect((await lambda({}, "2")(created(key))).objects).toMatchObject([{ outcome: "scored" }]);
  });

  it("reads events of EventBridge, and of either in messages of SQS, which fail one by one", async () => {
    await put("queue/a+b.csv", rowsOf(records));
    await put("queue/broken.csv", `${rowsOf(records)}"never closed`);
    const bridge: Pick<EventBridgeEvent<"Object Created", object>, "detail-type" | "detail"> = {
      "detail-type": "Object Created",
      detail: { bucket: { name: bucket }, object: { key: "queue/a+b.csv" } },
    };
    const problems: unknown[] = [];
    const score = lambda({ onProblem: (error, id) => problems.push([id, (error as { code: string }).code]) });
    expect((await score(bridge)).objects).toMatchObject([{ key: "queue/a+b.csv", outcome: "scored" }]);
    const message = (messageId: string, body: string): Pick<SQSRecord, "messageId" | "body"> => ({ messageId, body });
    const result = await score({
      Records: [
        message("1", JSON.stringify(created("queue/broken.csv"))),
        message("2", JSON.stringify(bridge)),
        message("3", "{"),
      ],
    });
    expect(result.objects).toMatchObject([{ key: "queue/a+b.csv", outcome: "known" }]);
    expect(result.batchItemFailures).toEqual([{ itemIdentifier: "1" }, { itemIdentifier: "3" }]);
    expect(problems).toEqual([
      ["1", "INPUT_MALFORMED"],
      ["3", "REQUEST_INVALID"],
    ]);
    await expect(score(created("queue/broken.csv"))).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
    expect(await bytesOf("queue/broken.csv.scores.csv")).toBeUndefined();
  });

  it("stops before its time is over, and continues at the next try, to the same bytes", async () => {
    const many = Array.from({ length: 12_000 }, (_, i) => records[i % records.length] ?? {});
    // Long ids make long scores: parts of an upload have 8 MiB.
    const rows = many.map((record, i) => ({ ...record, customer: `${i}-`.padEnd(1200, "x") }));
    await put("time/a.csv", rowsOf(rows));
    const score = lambda();
    let left = 11;
    const context = { getRemainingTimeInMillis: () => (left-- > 0 ? 60_000 : 5000) };
    await expect(score(created("time/a.csv"), context)).rejects.toThrow(/time ended after \d+ rows.*continues/);
    expect(await bytesOf("time/a.csv.scores.csv")).toBeUndefined();
    const journal = JSON.parse((await bytesOf("time/a.csv.scores.csv.partial.json"))?.toString() ?? "null") as {
      counts: { rows: number };
    };
    expect(journal.counts.rows).toBeGreaterThan(0);
    let firstAsked = -1;
    const counted = {
      getRemainingTimeInMillis() {
        firstAsked++;
        return 60_000;
      },
    };
    expect((await score(created("time/a.csv"), counted)).objects).toMatchObject([{ outcome: "scored", rows: 12_000 }]);
    // What was scored before is not scored again.
    expect(firstAsked).toBeLessThan(8);
    expect((await bytesOf("time/a.csv.scores.csv"))?.toString() === expected(rows)).toBe(true);
    expect(await bytesOf("time/a.csv.scores.csv.partial.json")).toBeUndefined();
  });
});
