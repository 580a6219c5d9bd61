import { describe, expect, it } from "vitest";
import { compile } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { renderState, sumOfStates } from "../../src/io/metrics/index.js";
import { countedMetrics, prometheusMetrics } from "../../src/serving/metrics.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request } from "./request.js";

async function served(version = "7") {
  const metrics = prometheusMetrics(version);
  const scorer = await compile(await sampleArtifact({ networks: 0 }));
  const handler = asText(createHandler({ scorer, name: "churn", version, source: "local" }, { metrics }));
  const post = (path: string, value: unknown) => handler(request(path, value));
  const get = (path: string, method = "GET") => handler(request(path, undefined, { method }));
  /** The lines of one metric, name and labels to value. */
  const samples = async (name: string): Promise<Record<string, number>> => {
    const { body } = await get("/metrics");
    const lines = body.split("\n").filter((line) => line.startsWith(name));
    return Object.fromEntries(
      lines.map((line) => [line.slice(name.length, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
    );
  };
  return { handler, post, get, samples };
}

describe("metrics", () => {
  it("counts requests by route and status, and records by what became of them", async () => {
    const { post, get, samples } = await served();
    const records = sampleRecords(30);
    const { body } = await post("/batch-predict", [...records, null]);
    await post("/predict", records[0]);
    await post("/predict", null);
    await get("/predict");
    await get("/nowhere");
    expect(await samples("churnkit_requests_total")).toEqual({
      '{route="/batch-predict",status="200"}': 1,
      '{route="/predict",status="200"}': 1,
      '{route="/predict",status="422"}': 1,
      '{route="/predict",status="405"}': 1,
      '{route="other",status="404"}': 1,
    });
    expect(await samples("churnkit_rejected_records_total")).toEqual({ "": 2 });
    const labels = (JSON.parse(body) as { predictions: { prediction: string | null }[] }).predictions.map(
      ({ prediction }) => prediction,
    );
    const predicted = await samples("churnkit_predictions_total");
    expect((predicted['{label="Yes"}'] ?? 0) + (predicted['{label="No"}'] ?? 0)).toBe(31);
    expect(predicted['{label="Yes"}'] ?? 0).toBeGreaterThanOrEqual(labels.filter((label) => label === "Yes").length);
    expect(await samples("churnkit_prediction_probability_count")).toEqual({ "": 31 });
    expect(await samples("churnkit_request_duration_seconds_count")).toMatchObject({ '{route="/predict"}': 3 });
    expect(await samples("churnkit_model_info")).toEqual({ '{version="7"}': 1 });
  });

  it("has as many series after a thousand paths and methods as after one", async () => {
    const { get, samples } = await served();
    await get("/first");
    await get("/health", "FIRST");
    const before = Object.keys(await samples("churnkit_")).length;
    const settled = Object.keys(await samples("churnkit_")).length;
    for (let i = 0; i < 1000; i++) {
      await get(`/path-${i}`);
      await get("/health", `METHOD${i}`);
    }
    expect(settled).toBeGreaterThan(before);
    expect(Object.keys(await samples("churnkit_"))).toHaveLength(settled);
  });

  it("is Prometheus text, whatever the version is called", async () => {
    const { get } = await served('1"\n} \\evil 1');
    const { status, headers, body } = await get("/metrics");
    expect(status).toBe(200);
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    const sample = /^[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? [-+0-9.eInf]+$/;
    const lines = body
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "" && !/^# (HELP|TYPE) [a-z_]+ /.test(line));
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => !sample.test(line))).toEqual([]);
  });

  it("marks the version on duty where it changes", async () => {
    let version: string | undefined;
    const metrics = prometheusMetrics(() => version);
    const marks = async (): Promise<string[]> =>
      (await metrics.render()).body.split("\n").filter((line) => line.startsWith("churnkit_model_info{"));
    const mark = (of: string, value: number): string => `churnkit_model_info{version="${of}"} ${value}`;
    expect(await marks()).toEqual([]);
    version = "1";
    expect(await marks()).toEqual([mark("1", 1)]);
    version = "2";
    expect(await marks()).toEqual([mark("1", 0), mark("2", 1)]);
    version = "1";
    expect(await marks()).toEqual([mark("1", 1), mark("2", 0)]);
  });

  it("keeps two servers of one process apart", async () => {
    const [one, two] = [await served(), await served()];
    await one.get("/health");
    expect(await two.samples("churnkit_requests_total")).toEqual({});
  });
});

it("adds up the metrics of several processes: what one alone would show, and the largest of a gauge", async () => {
  const versions = ["1", "2"];
  const processes = versions.map((version) => countedMetrics(version));
  const alone = countedMetrics("1");
  for (let i = 0; i < 100; i++) {
    for (const metrics of [processes[i % 2], alone]) {
      metrics?.request(i % 3 === 0 ? "/health" : "/predict", 200 + (i % 5), i / 64);
      metrics?.scored(i / 128, i % 7 === 0 ? "Yes" : "No");
      metrics?.rejected(i % 2);
    }
  }
  const sorted = (text: string): string[] => text.split("\n").sort();
  const shown = renderState(sumOfStates(processes.map(({ state }) => state())));
  const { body } = await alone.render();
  expect(sorted(shown.replace('churnkit_model_info{version="2"} 1\n', ""))).toEqual(sorted(body));
  expect(shown).toContain('churnkit_model_info{version="2"} 1');
});
