import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { hashJson } from "../../src/base/hash.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { constraintsJson, days, withMonitorBaseline, type MonitorReport } from "../../src/monitor/index.js";
import { saveBundle } from "../../src/model/index.js";
import { capturedFiles } from "../../src/serving/hosts/node/captured-files.js";
import type { MonitorJobOptions } from "../../src/serving/hosts/processing/monitor-job.js";
import { captureToFile, monitorProcessingJob } from "../../src/serving/index.js";
import { customers, predictionsOf, start, watchedModel, type Watched } from "../monitor/watched.js";
import { newFolder } from "../helpers/folder.js";

let watched: Watched;
const folder = newFolder();
const at = (...names: string[]): string => join(folder, ...names);
const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

/** Data-capture files as SageMaker lays them out. */
function capture(into: string, name: string, part: (i: number) => boolean): void {
  const lines = predictionsOf(watched, customers(900), hours(2))
    .filter((_, i) => part(i))
    .map(({ record, probability, id, at: time }) =>
      JSON.stringify({
        captureData: {
          endpointInput: {
            observedContentType: "application/json",
            mode: "INPUT",
            data: JSON.stringify(record),
            encoding: "JSON",
          },
          endpointOutput: {
            observedContentType: "text/csv",
            mode: "OUTPUT",
            data: String(probability),
            encoding: "CSV",
          },
        },
        eventMetadata: { eventId: id, inferenceTime: new Date(time).toISOString() },
        eventVersion: "0",
      }),
    );
  mkdirSync(join(into, "2026/02/01/00"), { recursive: true });
  writeFileSync(join(into, "2026/02/01/00", name), `${lines.join("\n")}\n`);
}

beforeAll(async () => {
  watched = await watchedModel();
  await saveBundle(withMonitorBaseline(watched.model.artifact, watched.baseline), at("model"));
  capture(at("captured"), "00-00-1.jsonl", () => true);
  mkdirSync(at("labels"));
  const truth = customers(900).map((record, i) =>
    JSON.stringify({
      groundTruthData: { data: record["churn"] === "Yes" ? "1" : "0", encoding: "CSV" },
      eventMetadata: { eventId: `p${i}` },
      eventVersion: "0",
    }),
  );
  writeFileSync(at("labels", "truth.jsonl"), truth.join("\n"));
});

const places = (output: string) => ({
  model: at("model"),
  baseline: at("none.json"),
  constraints: at("none.json"),
  states: at("none"),
  resources: at("none.json"),
  output: at(output),
});
const rules = { labels: { window: days(30) }, now: start + days(40) };

describe("monitorProcessingJob", () => {
  it("reads data capture, labels and a bundle, and writes Model Monitor's files and the report", async () => {
    const { files, read } = await monitorProcessingJob({
      ...places("out"),
      ...rules,
      captured: at("captured"),
      labeled: at("labels"),
    });
    expect(files.map((file) => file.slice(at("out").length + 1)).sort()).toEqual([
      "constraint_violations.json",
      "constraints.json",
      "report.json",
      "state.json",
      "statistics.json",
    ]);
    expect(read).toMatchObject({ predictions: 900, labels: 900, issues: [] });
    const report = json(at("out", "report.json")) as MonitorReport;
    expect(report.monitors.modelQuality.finding.realized?.rows).toBe(900);
    expect(report.monitors.attribution.verdict).toBe("stable");
    expect(json(at("out", "statistics.json"))).toMatchObject({ version: 0, dataset: { item_count: 900 } });
    expect(json(at("out", "constraint_violations.json"))).toEqual({ violations: [] });
  });

  it("on several hosts writes states that merge to the whole", async () => {
    for (const host of ["algo-1", "algo-2"]) {
      capture(at(host), "a.jsonl", (i) => (i % 2 === 0) === (host === "algo-1"));
      writeFileSync(at(`${host}.json`), JSON.stringify({ current_host: host, hosts: ["algo-1", "algo-2"] }));
      const { files } = await monitorProcessingJob({
        ...places("states"),
        ...rules,
        captured: at(host),
        labeled: at("none"),
        resources: at(`${host}.json`),
      });
      expect(files).toEqual([at("states", `state-${host}.json`)]);
    }
    await monitorProcessingJob({
      ...places("merged"),
      ...rules,
      captured: at("none"),
      labeled: at("none"),
      states: at("states"),
    });
    await monitorProcessingJob({ ...places("whole"), ...rules, captured: at("captured"), labeled: at("none") });
    const stateOf = (name: string) => hashJson(json(at(name, "state.json")));
    expect(stateOf("merged")).toBe(stateOf("whole"));
  });

  describe("on several hosts that SageMaker tells about", () => {
    const [first, second] = ["algo-1", "algo-2"] as const;
    /** The files that SageMaker puts into each container's /opt/ml/config. */
    const told = (name: string, host: string, inputs: Readonly<Record<string, string>>) => {
      const [resources, jobConfig] = [at(`${name}-${host}-resource.json`), at(`${name}-${host}-job.json`)];
      writeFileSync(
        resources,
        JSON.stringify({
          current_host: host,
          current_instance_type: "ml.m5.large",
          hosts: [second, first],
          network_interface_name: "eth0",
        }),
      );
      const ProcessingInputs = Object.entries(inputs).map(([LocalPath, type]) => ({
        InputName: "input",
        AppManaged: false,
        S3Input: {
          LocalPath,
          S3Uri: "s3://bucket/x",
          S3DataDistributionType: type,
          S3DataType: "S3Prefix",
          S3InputMode: "File",
          S3CompressionType: "None",
        },
        DatasetDefinition: null,
      }));
      writeFileSync(jobConfig, JSON.stringify({ ProcessingJobName: "monitor", ProcessingInputs }));
      return { resources, jobConfig };
    };
    const job = (
      name: string,
      host: string,
      inputs: Readonly<Record<string, string>>,
      more: Partial<MonitorJobOptions> = {},
    ) =>
      monitorProcessingJob({
        ...places(name),
        ...rules,
        captured: at("captured"),
        labeled: at("none"),
        ...told(name, host, inputs),
        ...more,
      });

    it("data that all have are counted by the first alone", async () => {
      const inputs = { [at("captured")]: "FullyReplicated", [at("model")]: "FullyReplicated" };
      const worked = await job("replicated", first, inputs);
      expect(worked.read.predictions).toBe(900);
      expect(worked.files).toContain(at("replicated", "report.json"));
      const idle = await job("replicated-idle", second, inputs);
      expect([idle.files, idle.read.predictions]).toEqual([[], 0]);
    });

    it("data that each has in part become states, also where one has none", async () => {
      const inputs = { [`${at("captured")}/`]: "ShardedByS3Key" };
      expect((await job("sharded", second, inputs)).files).toEqual([at("sharded", "state-algo-2.json")]);
      const without = await job("sharded", first, { [at("none")]: "ShardedByS3Key" }, { captured: at("none") });
      expect([without.files, without.read.predictions]).toEqual([[at("sharded", "state-algo-1.json")], 0]);
    });

    it.each([
      [
        "labels in parts beside data that all have",
        { captured: "FullyReplicated", labels: "ShardedByS3Key" },
        { labeled: at("labels") },
      ],
      [
        "states that each would merge",
        { captured: "ShardedByS3Key", states: "FullyReplicated" },
        { states: at("states") },
      ],
      ["states in parts", { captured: "FullyReplicated", states: "ShardedByS3Key" }, { states: at("states") }],
      ["two inputs for one folder", { captured: "FullyReplicated", "captured/2026": "ShardedByS3Key" }, {}],
    ])("what cannot be counted right is refused: %s", async (_, inputs, more) => {
      const placed = Object.fromEntries(Object.entries(inputs).map(([name, type]) => [at(name), type]));
      await expect(job("refused", first, placed, more)).rejects.toMatchObject({
        code: "OPTION_INVALID",
        message: expect.stringContaining("S3DataDistributionType") as string,
      });
    });
  });

  it("goes by constraints and a baseline of its own where they are given", async () => {
    const strict = constraintsJson(watched.baseline);
    writeFileSync(
      at("constraints.json"),
      JSON.stringify({ ...strict, features: [...strict.features, { name: "shoeSize", inferred_type: "Integral" }] }),
    );
    writeFileSync(at("monitor.json"), JSON.stringify(watched.baseline));
    await monitorProcessingJob({
      ...places("strict"),
      ...rules,
      model: at("none"),
      baseline: at("monitor.json"),
      captured: at("captured"),
      labeled: at("none"),
      constraints: at("constraints.json"),
    });
    expect(json(at("strict", "constraint_violations.json"))).toMatchObject({
      violations: [{ feature_name: "shoeSize", constraint_check_type: "missing_column_check" }],
    });
  });

  it.each([
    ["INPUT_NOT_FOUND", () => monitorProcessingJob({ ...places("x"), captured: at("none") })],
    ["BUNDLE_NOT_FOUND", () => monitorProcessingJob({ ...places("x"), captured: at("captured"), model: at("none") })],
    [
      "INPUT_MALFORMED",
      () =>
        monitorProcessingJob({
          ...places("x"),
          captured: at("captured"),
          baseline: at("captured", "2026/02/01/00/00-00-1.jsonl"),
        }),
    ],
  ])("says what is missing: %s", async (code, work) => {
    await expect(work()).rejects.toMatchObject({ name: "ChurnkitError", code });
  });
});

describe("captureToFile", () => {
  const prediction = (id: string) => ({
    id,
    at: "2026-02-01T10:00:00.000Z",
    record: { age: 1 },
    probability: 0.5,
    label: "No",
    version: null,
  });

  it("appends whole lines, and moves a full file aside", async () => {
    const path = at("log", "captured.jsonl");
    const writer = captureToFile(path, { bytes: 250, keep: 2 });
    await writer.write([prediction("a")]);
    writeFileSync(path, `${readFileSync(path, "utf8")}{"torn`, { flag: "w" });
    for (const id of "bcdefgh") await writer.write([prediction(id)]);
    await writer.close();
    const ids = (file: string): string[] =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.endsWith("}"))
        .map((line) => (JSON.parse(line) as { id: string }).id);
    const all = [`${path}.2`, `${path}.1`, path].flatMap(ids);
    expect(all).toEqual([..."abcdefgh"].slice(-all.length));
    expect(all.length).toBeGreaterThan(4);
    await expect(writer.write([prediction("z")])).rejects.toMatchObject({ code: "IO_FAILED" });
  });

  it("refuses options that are none", () => {
    expect(() => captureToFile("x", { bytes: 0 })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(() => captureToFile("x", { keep: -1 })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("capturedFiles", () => {
  it("lists a file, or a folder with all below it", async () => {
    const files = capturedFiles();
    expect((await files.list(at("captured"))).map(({ key }) => key)).toEqual([
      at("captured/2026/02/01/00/00-00-1.jsonl"),
    ]);
    expect(await files.list(at("labels", "truth.jsonl"))).toHaveLength(1);
    await expect(files.list(at("none"))).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    expect(await files.getStream(at("none"))).toBeUndefined();
  });
});
