import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parquetReadObjects } from "hyparquet";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { register } from "../../src/cli/commands/predict.js";
import { s3Objects, type S3Objects } from "../../src/io/store/s3/objects.js";
import { readTable } from "../../src/data/read/read-file.js";
import { csvLine } from "../../src/data/table/csv-line.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import { budget } from "../helpers/budget.js";
import { newFolder } from "../helpers/folder.js";
import type { motoClient } from "../helpers/moto.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { s3Servers } from "../helpers/aws.js";
import { cli, cliHere, header, json, put, quick, rows, startCli } from "./cli.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), "utf8");

/** Enough for several parts on every thread, with rows of every kind in each part. */
const many = 400_000;
/** More than a row group of Parquet. */
const some = 70_000;

beforeAll(async () => {
  put(folder, "train.csv", [header, ...rows(300)]);
  await cli(folder, "train", "train.csv", ...quick, "--out", "model");
  const lines = rows(many).map((line, i) =>
    i % 9973 === 5 ? "a,b" : i % 9967 === 7 ? line.replace(/,\d+,/, ",old,") : line,
  );
  lines[many - 2] = `"last, ""but"" one",3,a,`;
  put(folder, "many.csv", [header, ...lines]);
  put(folder, "some.csv", [header, ...lines.slice(0, some)]);
  put(folder, "few.csv", [header, ...lines.slice(0, 30)]);
}, 120_000);

/** Bytes that the journal says are good. */
function noted(): number {
  try {
    return (JSON.parse(text("cut.csv.partial.json")) as { bytes: number }).bytes;
  } catch {
    return 0;
  }
}

const predict = (...args: string[]): Promise<Awaited<ReturnType<typeof cli>>> =>
  cli(folder, "predict", "model", ...args);

/** Of few rows, for which a process would be the most of the work. */
const predictFew = (...args: string[]): ReturnType<typeof cli> => cliHere(folder, "predict", "model", ...args);

describe("predict on a large file", () => {
  it("writes the whole table's lines, whatever the number of threads", async () => {
    const one = json(await predict("many.csv", "--out", "one.csv", "--workers", "1", "--json"));
    const three = json(await predict("many.csv", "--out", "three.csv", "--workers", "3", "--json"));
    expect(three).toEqual({ ...one, out: "three.csv" });
    const { scorer } = await loadBundle(at("model"));
    const table = await readTable(scorer.contract, at("many.csv"), { target: "ignore", ragged: "reject-row" });
    expect(one).toMatchObject({ rows: table.rows, rejected: table.rejected.length });
    const { threshold } = scorer.decision;
    const expected = new Array<string>(many);
    scorer.score(table).forEach((probability, i) => {
      const row = table.rowNumbers[i] as number;
      const id = row === many - 2 ? `last, "but" one` : String(row);
      expected[row] = csvLine([id, probability, probability >= threshold ? "Yes" : "No", ""]);
    });
    for (const { row, issues } of table.rejected) {
      const id = issues[0]?.rule === "ragged" ? "" : String(row);
      expected[row] = csvLine([id, "", "", issues.map(({ message }) => message).join(" ")]);
    }
    const whole = `id,probability,label,error\n${expected.join("")}`;
    expect(text("one.csv") === whole).toBe(true);
    expect(text("three.csv") === whole).toBe(true);
    expect(existsSync(at("one.csv.partial"))).toBe(false);
  });

  it("continues after kills, to the same bytes", async () => {
    const summary = json(await predict("many.csv", "--out", "whole.csv", "--json"));
    for (let kills = 0; kills < budget(2); kills++) {
      const before = noted();
      const { child, ended } = startCli(
        ["predict", "model", "many.csv", "--out", "cut.csv", "--resume", "--workers", String(1 + (kills % 2) * 2)],
        folder,
      );
      while (child.exitCode === null && noted() <= before) await sleep(2);
      await sleep(Math.random() * 100);
      child.kill("SIGKILL");
      if ((await ended).code === 0) {
        // It was done before the kill: begin again.
        expect(text("cut.csv") === text("whole.csv")).toBe(true);
        rmSync(at("cut.csv"));
        continue;
      }
      expect(noted()).toBeGreaterThan(0);
      // The tail that no journal tells of may be anything.
      appendFileSync(at("cut.csv.partial"), "torn");
      if (kills > 0) continue;
      for (const [args, what] of [
        [["few.csv"], "another input"],
        [["many.csv", "--threshold", "0.5"], "another options"],
      ] as const) {
        const refused = await predict(...args, "--out", "cut.csv", "--resume");
        expect(refused.err).toMatch(
          new RegExp(`was begun with ${what}.*Begin again without --resume.*CHECKPOINT_MISMATCH`),
        );
        expect(refused.code).toBe(2);
      }
    }
    const last = json(await predict("many.csv", "--out", "cut.csv", "--resume", "--json"));
    expect(last).toEqual({ ...summary, out: "cut.csv" });
    expect(text("cut.csv") === text("whole.csv")).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("leaves nothing where the input cannot be used, and begins where there is nothing to continue", async () => {
    writeFileSync(at("broken.csv"), `${text("few.csv")}1,2,"never closed`);
    expect((await predictFew("broken.csv", "--out", "broken.scores.csv")).code).toBe(2);
    expect(readdirSync(folder).filter((name) => name.startsWith("broken."))).toEqual(["broken.csv"]);
    expect((await predictFew("few.csv", "--out", "fresh.csv", "--resume")).code).toBe(0);
    expect(text("fresh.csv").split("\n")).toHaveLength(32);
    expect((await predictFew("few.csv", "--resume")).err).toMatch(/Only a file or an object of S3 can be continued/);
    expect((await predictFew("few.csv", "--out", "few.parquet", "--resume")).err).toMatch(
      /Parquet file cannot be continued/,
    );
  });
});

describe("predict writes the same scores", () => {
  const csv = async (...args: string[]): Promise<string[][]> =>
    (await predictFew("few.csv", ...args)).out
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));

  it("as JSON lines", async () => {
    const lines = (await predictFew("few.csv", "--format", "jsonl")).out.trimEnd().split("\n");
    const expected = (await csv()).map(([id, probability, label, ...why]) => ({
      id: id === "" ? null : id,
      probability: probability === "" ? null : Number(probability),
      label: label === "" ? null : label,
      error: probability === "" ? (expect.any(String) as string) : why.join(",") || null,
    }));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(expected);
    await predictFew("few.csv", "--out", "few.jsonl");
    expect(text("few.jsonl")).toBe(`${lines.join("\n")}\n`);
  });

  it("as Parquet, row group by row group", async () => {
    await predict("some.csv", "--out", "some.jsonl");
    await predict("some.csv", "--out", "some.parquet");
    const bytes = readFileSync(at("some.parquet"));
    const file = {
      byteLength: bytes.length,
      slice: (from: number, to?: number) => Uint8Array.from(bytes.subarray(from, to)).buffer,
    };
    const read = await parquetReadObjects({ file });
    const expected = text("some.jsonl").trimEnd().split("\n");
    expect(read).toHaveLength(expected.length);
    for (const i of [0, 5, 7, 65_535, 65_536, some - 1]) expect(read[i]).toEqual(JSON.parse(expected[i] ?? ""));
  });
});

const servers = await s3Servers("predict from and to s3://");
describe.skipIf(servers.length === 0).each(servers)("predict on $name", (server) => {
  /** A server does not know what happens to its client: the long runs on one of them, the quicker. */
  const long = it.runIf(budget(1) > 1 || server === servers.at(-1));
  let bucket: string;
  let objects: S3Objects;
  const env: Record<string, string> = {};
  beforeAll(async () => {
    bucket = await server.bucket();
    objects = await s3Objects({ bucket, client: server.client() });
    const { endpoint, region, credentials } = server.config() as ReturnType<typeof motoClient>;
    env["AWS_ENDPOINT_URL"] = endpoint;
    env["AWS_REGION"] = region;
    env["AWS_ACCESS_KEY_ID"] = credentials.accessKeyId;
    env["AWS_SECRET_ACCESS_KEY"] = credentials.secretAccessKey;
  });
  beforeEach(() => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  });
  const run = (...args: string[]): Promise<Ran> => runVerb(register, ["predict", at("model"), ...args]);
  const object = async (key: string): Promise<string> => Buffer.from((await objects.read(key)) ?? []).toString();

  it("reads objects and writes them, by any key", async () => {
    await objects.write("in/day=1/few (1).csv", readFileSync(at("few.csv")));
    await run(`s3://${bucket}/in/day=1/few (1).csv`, "--out", `s3://${bucket}/out/scores.csv`);
    const { out } = await run(at("few.csv"));
    expect(await object("out/scores.csv")).toBe(out);
    await expect(run(`s3://${bucket}/in/none.csv`)).rejects.toThrow(/does not exist/);
    await expect(run(at("few.csv"), "--out", `s3://${bucket}`)).rejects.toThrow(/is not an object/);
  });

  long("continues an object after a kill, to the same bytes", async () => {
    const [key, journal] = ["out/many.csv", "out/many.csv.partial.json"];
    const args = ["predict", "model", "many.csv", "--workers", "1", "--out", `s3://${bucket}/${key}`, "--resume"];
    const { child, ended } = startCli(args, folder);
    while (child.exitCode === null && (await objects.read(journal)) === undefined) await sleep(5);
    child.kill("SIGKILL");
    await ended;
    expect(await objects.read(journal)).toBeDefined();
    expect(await objects.read(key)).toBeUndefined();
    await run(at("few.csv"), "--out", `s3://${bucket}/${key}`, "--resume").then(
      () => expect.fail("it continued with another input"),
      (error: unknown) => expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH" }),
    );
    expect((await startCli(args, folder).ended).code).toBe(0);
    await predict("many.csv", "--out", "local.csv");
    expect((await object(key)) === text("local.csv")).toBe(true);
    expect(await objects.read(journal)).toBeUndefined();
  });

  long("leaves the scores of one of two runs at once, whole, and the other may fail with what to do", async () => {
    const to = (threshold: string, key: string): string[] => ["many.csv", "--threshold", threshold, "--out", key];
    const key = `s3://${bucket}/out/two.csv`;
    const ends = await Promise.all([predict(...to("0.2", key), "--resume"), predict(...to("0.8", key), "--resume")]);
    for (const { code, err } of ends.filter((end) => end.code !== 0)) {
      expect(code).toBe(2);
      expect(err).toMatch(/two\.csv.*(again|begin).*\[(STORE_FAILED|CHECKPOINT_MISMATCH)\]/is);
    }
    await predict(...to("0.2", "low.csv"));
    await predict(...to("0.8", "high.csv"));
    const written = await object("out/two.csv");
    expect(["low.csv", "high.csv"].filter((name) => text(name) === written)).toHaveLength(1);
  });
});
