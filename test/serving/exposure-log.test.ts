import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { exposuresAt } from "../../src/cli/serve-models.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { captureToStore, type CaptureWriter } from "../../src/monitor/capture/write.js";
import { createHandler } from "../../src/serving/handler.js";
import { captureToFile } from "../../src/serving/hosts/node/capture-file.js";
import { exposureLog, modelHost, type Exposure } from "../../src/serving/models/index.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { pause } from "./raw.js";
import { request } from "./request.js";

const exposure = (i: number): Exposure => ({
  at: new Date(Date.UTC(2026, 1, 1) + i).toISOString(),
  predictionId: `p${i}`,
  model: "churn",
  variant: "champion",
  version: "1",
  by: "customer",
  key: `c${i}`,
  probability: 0.5,
  label: "Yes",
});
const linesOf = (text: string): Exposure[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Exposure);

describe("a log of exposures", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });

  it("has a line in a file for each record that a variant scored", async () => {
    const folder = newFolder();
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    await saveBundle(await sampleArtifact({ networks: 0, seed: 1 }), one);
    await saveBundle(await sampleArtifact({ networks: 0, seed: 2 }), two);
    const path = join(folder, "exposures.jsonl");
    const log = exposureLog(captureToFile(path));
    const host = modelHost([{ ref: one, name: "churn", variants: [{ ref: two, weight: 0.5 }], by: "customer" }], {
      every: 0,
      onExposure: log.add,
    });
    await host.refresh();
    const records = sampleRecords(100);
    await createHandler(host)(request("/batch-predict", records, { headers: { "x-prediction-id": "b" } }));
    host.close();
    await log.close();
    const lines = linesOf(readFileSync(path, "utf8"));
    expect(lines.map(({ predictionId }) => predictionId).sort()).toEqual(records.map((_, i) => `b/${i}`).sort());
    for (const { key, by, variant, at } of lines) {
      expect([by, variant]).toEqual(["customer", host.choose({ customer: key })?.variant]);
      expect(Date.now() - Date.parse(at)).toBeLessThan(60_000);
    }
  });

  it("is in the file that `churnkit serve --exposures` names, and is none where it names none", async () => {
    const path = join(newFolder(), "exposures.jsonl");
    const problems: unknown[] = [];
    const log = await exposuresAt(path, (error) => problems.push(error));
    log?.add(exposure(1));
    await log?.close();
    expect([linesOf(readFileSync(path, "utf8")), problems]).toEqual([[exposure(1)], []]);
    expect(await exposuresAt(undefined, () => undefined)).toBeUndefined();
    vi.stubEnv("AWS_REGION", "eu-central-1");
    await expect(exposuresAt("s3://bucket", () => undefined)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(await exposuresAt("s3://bucket/a/exposures/", () => undefined)).toBeDefined();
  });

  it("writes to a store, many at once, and soon without being asked", async () => {
    const store = memoryStore();
    let writes = 0;
    const writer = captureToStore<Exposure>(store, { prefix: "exposures", writer: "a" });
    const log = exposureLog({ ...writer, write: (some) => (writes++, writer.write(some)) });
    for (let i = 0; i < 1000; i++) log.add(exposure(i));
    await pause(300);
    expect(writes).toBe(1);
    log.add(exposure(1000));
    await log.close();
    const [info] = await store.list("exposures/2026/02/01/00/");
    const bytes = (await store.get(info?.key ?? ""))?.bytes;
    expect(linesOf(new TextDecoder().decode(bytes))).toHaveLength(1001);
  });

  it("reaches a store within minutes, also where no other exposure comes", async () => {
    vi.useFakeTimers();
    const store = memoryStore();
    const log = exposureLog(captureToStore<Exposure>(store, { prefix: "exposures", writer: "a" }));
    for (let i = 0; i < 2; i++) {
      log.add(exposure(i));
      await vi.advanceTimersByTimeAsync(310_000);
      expect(await store.list("exposures/")).toHaveLength(i + 1);
    }
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(vi.getTimerCount()).toBe(0);
    await log.close();
  });

  it("holds a bounded number for a writer that hangs, and says how many it lost", async () => {
    let resume: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (resume = resolve));
    let written = 0;
    const problems: unknown[] = [];
    const writer: CaptureWriter<Exposure> = {
      write: async (some) => {
        await hanging;
        written += some.length;
        if (written === 1) throw new Error("full");
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const log = exposureLog(writer, (error) => problems.push(error));
    log.add(exposure(0));
    await pause(300);
    for (let i = 0; i < 100_007; i++) log.add(exposure(i));
    resume();
    await log.close();
    expect(written).toBe(100_001);
    expect(problems.map(String)).toEqual([
      expect.stringContaining("full"),
      expect.stringContaining("7 exposures were lost"),
    ]);
  });
});
