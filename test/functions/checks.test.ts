import { CreateBucketCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { beforeAll, describe, expect, it } from "vitest";
import { csvLine } from "../../src/data/table/csv-line.js";
import { evaluationFunction, validationFunction } from "../../src/deploy/functions/index.js";
import { memoryStore } from "../../src/io/index.js";
import { s3Store } from "../../src/io/store/s3/store.js";
import { packArchive, toBundleFiles } from "../../src/model/bundle/index.js";
import { rehearse } from "../../src/rehearsal/index.js";
import { storeRegistry } from "../../src/registry/index.js";
import { sampleArtifact, sampleContract, sampleRecords } from "../helpers/artifact.js";
import { awsTarget } from "../helpers/aws-target.js";
import { s3Servers } from "../helpers/aws.js";
import { retraining } from "../helpers/state-machines.js";
import { clientOf } from "../helpers/rehearsed.js";

type Row = ReturnType<typeof sampleRecords>[number];
const contract = sampleContract;
const records = sampleRecords(400, 3);
const spelled = (value: Row[string] | undefined): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : String(value ?? "");
const csv = (rows: readonly Row[]): string => {
  const names = Object.keys(records[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => spelled(row[name])))].map((cells) => csvLine(cells)).join("");
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("validationFunction in the target's folder", () => {
  const folder = "s3://churn-data/churn-dev/ingested/rows/";
  const validate = async (files: Record<string, string>, options: object = {}) => {
    const store = memoryStore();
    for (const [key, text] of Object.entries(files)) await store.put(`ingested/rows/${key}`, bytes(text));
    return validationFunction({ target: awsTarget, store, contract, minRows: 300, ...options })({ uri: folder });
  };
  const jsonl = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const files = { "2026-02-01/a.jsonl": jsonl(records.slice(0, 150)), "2026-02-02/b.csv": csv(records.slice(150)) };

  it("accepts all files below the folder together", async () => {
    const result = await validate({ ...files, "2026-02-02/note.txt": "not rows" });
    expect(result).toMatchObject({ rows: 400, rejected: 0 });
    expect(result.qualityScore).toBeGreaterThan(0.8);
  });

  it.each([
    ["too few rows", files, { minRows: 401 }, /400 rows keep the contract, which is fewer than 401/],
    [
      "rows that break the contract",
      { "a.csv": csv(records.map((row, i) => (i % 5 ? row : { ...row, tenure: "x" }))) },
      {},
      /80 of 400 rows break it, which is more than 0.05.*First finding: .*tenure/s,
    ],
    ["low quality", files, { minQuality: 0.999 }, /quality score 0.\d+ is below 0.999/],
    ["one class", { "a.csv": csv(records.map((row) => ({ ...row, churned: "No" }))) }, {}, /every row is "No"/],
    ["no labels", { "a.csv": csv(records.map((row) => ({ ...row, churned: null }))) }, {}, /cannot be used/],
    ["another table", { "a.csv": "name,phone\nAnn,1\n" }, {}, /tenure/],
    ["nothing", {}, {}, /there are no files of rows below it/],
  ])("refuses %s", async (_, given, options, message) => {
    await expect(validate(given as Record<string, string>, options)).rejects.toThrow(message);
  });

  it.each([
    [{}, /event.*uri/],
    [{ uri: "/tmp/rows.csv" }, /no place in S3/],
    [{ uri: "s3://other/folder/" }, /name one file/],
  ])("refuses the event %j", async (event, message) => {
    const handler = validationFunction({ target: awsTarget, store: memoryStore(), contract });
    await expect(handler(event)).rejects.toThrow(message);
  });
});

const servers = (await s3Servers("functions of a retraining")).filter(({ name }) => name === "moto");
describe.skipIf(servers.length === 0).each(servers)("a retraining on $name", (server) => {
  let client: S3Client;
  const bucket = `retraining-${process.pid}`;
  beforeAll(async () => {
    client = server.client();
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const put = (Key: string, Body: Uint8Array) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    await put("raw/customers of May.csv", bytes(csv(records)));
    await put("held-out.csv", bytes(csv(sampleRecords(200, 9))));
    const trained = await toBundleFiles(await sampleArtifact({ networks: 0, seed: 5 }), { createdAt: new Date(0) });
    await put("jobs/1/output/model.tar.gz", await packArchive(trained));
    await put("jobs/broken/output/model.tar.gz", bytes("no model"));
  });
  const options = () => ({
    target: { ...awsTarget, bucket },
    clientConfig: { ...server.config(), maxAttempts: 2 } as never,
  });

  it("validates one object of any bucket and key", async () => {
    const validate = validationFunction({ ...options(), contract, minRows: 300 });
    expect(await validate({ uri: `s3://${bucket}/raw/customers of May.csv` })).toMatchObject({ rows: 400 });
    await expect(validate({ uri: `s3://${bucket}/raw/none.csv` })).rejects.toThrow(/no such object/);
  });

  it("evaluates a model and the champion on the same rows", async () => {
    const evaluate = evaluationFunction({ ...options(), rows: `s3://${bucket}/held-out.csv` });
    const model = `s3://${bucket}/jobs/1/output/model.tar.gz`;
    const first = await evaluate({ model });
    expect(first).toEqual({ accuracy: expect.any(Number) as number, f1: expect.any(Number) as number, championF1: 0 });
    expect(first.f1).toBeGreaterThan(0);
    const registry = storeRegistry(await s3Store({ bucket, prefix: "churn-dev", client }), { name: "churn-dev" });
    const { version } = await registry.register(await sampleArtifact({ networks: 0, seed: 5 }));
    await registry.promote(version.number, "champion");
    expect(await evaluate({ model })).toEqual({ ...first, championF1: first.f1 });
    await expect(evaluate({ model: `s3://${bucket}/jobs/broken/output/model.tar.gz` })).rejects.toThrow(
      /not a readable bundle/,
    );
    await expect(evaluate({})).rejects.toThrow(/model is missing/);
  });

  it("is what the state machine of a retraining calls", async () => {
    const rows = `s3://${bucket}/held-out.csv`;
    const done = (result: object) => () => Promise.resolve(result);
    const resource = (name: string) => `arn:aws:states:::sagemaker:${name}.sync`;
    const rehearsal = await rehearse({
      functions: {
        validate: validationFunction({ ...options(), contract, minRows: 300 }),
        evaluate: evaluationFunction({ ...options(), rows }),
      },
      tasks: {
        [resource("createProcessingJob")]: done({}),
        [resource("createTrainingJob")]: done({
          ModelArtifacts: { S3ModelArtifacts: `s3://${bucket}/jobs/1/output/model.tar.gz` },
        }),
        "arn:aws:states:::aws-sdk:sagemaker:createModelPackage": done({
          ModelPackageArn: "arn:aws:sagemaker:us-east-1:1:x",
        }),
        "arn:aws:states:::sns:publish": done({}),
      },
    });
    const states = new SFNClient(clientOf(rehearsal));
    try {
      const definition = JSON.stringify(retraining({ gate: { accuracy: 0.1, f1: 0.1 } }));
      const role = { roleArn: awsTarget.role, definition };
      const { stateMachineArn } = await states.send(new CreateStateMachineCommand({ name: "retraining", ...role }));
      const run = async (DataUri: string) => {
        const input = JSON.stringify({ DataUri });
        const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, input }));
        await rehearsal.clock.advanceTo(rehearsal.clock.now() + 24 * 3_600_000);
        return states.send(new DescribeExecutionCommand({ executionArn }));
      };
      expect(await run(`s3://${bucket}/raw/customers of May.csv`)).toMatchObject({ status: "SUCCEEDED" });
      const failed = await run(rows);
      expect(failed.status).toBe("FAILED");
      expect(`${failed.error} ${failed.cause}`).toMatch(/200 rows keep the contract, which is fewer than 300/);
    } finally {
      states.destroy();
      await rehearsal.close();
    }
  });
});
