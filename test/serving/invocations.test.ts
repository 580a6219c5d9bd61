import { beforeAll, describe, expect, it } from "vitest";
import { captureLog, readCaptureLines } from "../../src/monitor/index.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import type { TextResponse } from "../../src/serving/http.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request, type TextHandler } from "./request.js";

const csv = { "content-type": "text/csv", accept: "text/csv" };

describe("SageMaker's container contract", () => {
  let scorer: Scorer;
  let handler: TextHandler;
  const records = sampleRecords(20);
  const features = ["tenure", "charges", "paperless", "since", "plan"] as const;
  const cellOf = (value: unknown): unknown => (typeof value === "boolean" ? (value ? "yes" : "no") : value);
  const lines = records.map((record) => features.map((name) => cellOf(record[name])).join(","));
  const invoke = (body: unknown, headers: Record<string, string> = {}): Promise<TextResponse> =>
    handler(request("/invocations", body, { headers }));
  const probabilities = (sent: readonly unknown[] = records): (number | null)[] =>
    scorer.scoreRecords(sent).map(({ probability }) => probability);
  const predicted = ({ body }: TextResponse): (number | null)[] =>
    (JSON.parse(body) as { predictions: { probability: number | null }[] }).predictions.map(
      ({ probability }) => probability,
    );
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact());
    handler = asText(createHandler({ scorer, name: "churn", version: "7", source: "local" }));
  });

  it("answers /ping", async () => {
    expect((await handler(request("/ping"))).status).toBe(200);
  });

  it.each([
    ["a list", (sent: unknown[]): unknown => sent],
    ["records", (sent: unknown[]): unknown => ({ records: sent })],
    ["instances of TensorFlow Serving", (sent: unknown[]): unknown => ({ instances: sent })],
    ["single records", (sent: unknown[]): unknown => sent[0]],
  ])("takes JSON: %s", async (_, wrap) => {
    const response = await invoke(wrap(records));
    expect([response.status, response.headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    expect(predicted(response)).toEqual(probabilities().slice(0, predicted(response).length));
  });

  it.each([
    ["without a header, by the contract's order", lines],
    [
      "with a header, in any order",
      [[...features].reverse().join(","), ...lines.map((line) => line.split(",").reverse().join(","))],
    ],
  ])("takes CSV %s, and answers in the form that is accepted", async (_, sent) => {
    const body = sent.join("\n");
    expect(predicted(await invoke(body, { "content-type": "text/csv; charset=utf-8" }))).toEqual(probabilities());
    const answer = await invoke(body, csv);
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(answer.body.trimEnd().split("\n").map(Number)).toEqual(probabilities());
  });

  it("keeps a line for a record that it refuses", async () => {
    const { status, body } = await invoke([lines[0], "soon,1,yes,2020-01-01,basic", lines[1]].join("\n"), csv);
    const [first, second] = probabilities();
    expect([status, body]).toEqual([200, `${first ?? ""}\nNaN\n${second ?? ""}\n`]);
  });

  it("writes what the reader of SageMaker's captured data reads", async () => {
    const answer = (await invoke(lines.join("\n"), csv)).body;
    const side = (data: string) => ({ data, encoding: "CSV", observedContentType: "text/csv" });
    const line = JSON.stringify({
      captureData: { endpointInput: side(lines.join("\n")), endpointOutput: side(answer) },
      eventMetadata: { eventId: "e", inferenceTime: "2026-02-01T00:00:00Z" },
    });
    const log = captureLog();
    const found: (number | null)[] = [];
    for await (const { probability } of readCaptureLines(new TextEncoder().encode(line), {
      contract: scorer.contract,
      log,
    }))
      found.push(probability);
    expect([found, log.list()]).toEqual([probabilities(), []]);
  });

  it.each([
    [400, "1,2\n3,4", csv],
    [400, "", csv],
    [400, "{", {}],
    [400, { nothing: 1 }, {}],
    [400, [], {}],
    [413, "1,1,yes,2020-01-01,basic\n".repeat(10_001), csv],
    [415, "x", { "content-type": "application/x-parquet" }],
  ])("refuses with %d", async (status, body, headers) => {
    const response = await invoke(body, headers);
    expect([response.status, JSON.parse(response.body)]).toEqual([
      status,
      { error: expect.objectContaining({ message: expect.any(String) as string }) as unknown },
    ]);
  });
});
