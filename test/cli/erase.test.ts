import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { textHash } from "../../src/base/hash.js";
import { register } from "../../src/cli/commands/erase.js";
import { openPrefix } from "../../src/cli/places.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb } from "../helpers/run-verb.js";

describe("churnkit erase", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const erase = (...args: string[]) => runVerb(register, ["erase", ...args]);
  const content = '{"customer":"c1","outcome":1}\n{"customer":"c2","outcome":1}\n{"customer":"c3","outcome":0}\n';
  afterEach(() => vi.unstubAllEnvs());
  beforeEach(async () => {
    folder = newFolder();
    writeFileSync(path("labels.jsonl"), content);
    await saveBundle(await sampleArtifact({ networks: 0 }), path("model"));
  });

  it("counts first, then erases, and says in words what it did and what it cannot", async () => {
    const args = [path("labels.jsonl"), "--customer", "c1", "--customer", "c3", "--model", path("model")];
    const dry = await erase(...args, "--dry-run");
    expect([dry.code, dry.out]).toEqual([
      0,
      expect.stringContaining(`1 of 1 object holds something\n${args[0]}: 2 labels\n`),
    ]);
    expect(readFileSync(path("labels.jsonl"), "utf8")).toBe(content);
    const done = await erase(...args);
    expect([done.code, done.out]).toEqual([
      0,
      expect.stringContaining("1 of 1 object held something, which is erased"),
    ]);
    expect(done.out).toMatch(/Not touched:\n- Counts[^]*trained on[^]*caches[^]*memory[^]*Backups/);
    expect(readFileSync(path("labels.jsonl"), "utf8").trim()).toBe('{"customer":"c2","outcome":1}');
    expect((await erase(...args)).out).toMatch(/^0 of 1 object held something\nNot touched/);
  });

  it("takes ids from a file, and logs them as hashes", async () => {
    writeFileSync(path("ids.txt"), "c1\r\n\n c2 \n");
    const args = [
      "--ids",
      path("ids.txt"),
      "--model",
      path("model"),
      "--log",
      path("log.jsonl"),
      "--by",
      "dpo",
      "--json",
    ];
    const { out } = await erase(path("labels.jsonl"), ...args);
    expect(JSON.parse(out)).toMatchObject({ dryRun: false, objects: 1, found: [{ counts: { labels: 2 } }], left: [] });
    await erase(path("labels.jsonl"), ...args);
    const lines = readFileSync(path("log.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { by: "dpo", customers: [textHash("c1"), textHash("c2")], found: [{ counts: { labels: 2 } }] },
      { found: [] },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/"c[12]"/);
    expect(statSync(path("log.jsonl")).mode & 0o777).toBe(0o600);
  });

  it("erases nothing where the log cannot be written", async () => {
    const args = [path("labels.jsonl"), "--customer", "c1", "--model", path("model"), "--log", path("none/log.jsonl")];
    await expect(erase(...args)).rejects.toMatchObject({ code: "IO_FAILED" });
    expect(readFileSync(path("labels.jsonl"), "utf8")).toBe(content);
  });

  it("takes a prefix of S3, and what is in one of its folders", async () => {
    vi.stubEnv("AWS_REGION", "eu-central-1");
    const prefixOf = async (place: string): Promise<string> => (await openPrefix(place)).prefix;
    expect(await prefixOf("s3://bucket/a/captured")).toBe("captured");
    expect(await prefixOf("s3://bucket/a/captured/")).toBe("captured/");
    expect(await prefixOf("s3://bucket/captured/")).toBe("captured/");
    for (const place of ["s3://bucket", "s3://bucket/", "s3:///a", "s3://bucket/a//"])
      await expect(openPrefix(place)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("ends with 1 where something is left, and refuses what it cannot do", async () => {
    writeFileSync(path("report.json"), '{\n "label": "c1"\n}\n');
    const { code, out } = await erase(path("report.json"), "--customer", "c1");
    expect([code, out]).toEqual([1, expect.stringContaining(`LEFT ${path("report.json")}: `)]);
    await expect(erase(path("report.json"))).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(erase(path("none.jsonl"), "--customer", "c1")).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    await expect(erase(path("report.json"), "--ids", path("none"))).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });
});
