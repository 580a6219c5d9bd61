import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Artifact } from "../../src/model/artifact.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { captureLog, readCaptureLines } from "../../src/monitor/index.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { modelsOnDemand } from "../../src/serving/models/models-on-demand.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { planModel, planRecords, plans } from "../helpers/plans.js";
import { asText, request } from "./request.js";

type Answer = Readonly<Record<string, unknown>>;
const records = sampleRecords(8);
const features = ["tenure", "charges", "paperless", "since", "plan"];

describe("protocols over a socket", () => {
  let artifact: Artifact;
  let scorer: Scorer;
  let server: NodeServer;
  let expected: (number | null)[];
  let labels: (string | null)[];
  beforeAll(async () => {
    artifact = await sampleArtifact({ networks: 0 });
    scorer = await compile(artifact);
    const scored = scorer.scoreRecords(records);
    expected = scored.map(({ probability }) => probability);
    labels = scored.map(({ label }) => label);
    const handler = createHandler(
      { scorer, artifact, name: "churn", version: "7", source: "registry" },
      { maxBatch: 20 },
    );
    server = await listen(handler, { port: 0 });
  });
  afterAll(() => server.close());

  async function ask(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<[number, Answer]> {
    const response = await fetch(`${server.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return [response.status, (await response.json()) as Answer];
  }

  describe("what the query adds", () => {
    it("gives the probability of each class, alone and in batches", async () => {
      const [p = 0] = expected as number[];
      const probabilities = { No: 1 - p, Yes: p };
      expect(await ask("/predict?probabilities", records[0])).toMatchObject([200, { probability: p, probabilities }]);
      expect((await ask("/predict?probabilities=false", records[0]))[1]).not.toHaveProperty("probabilities");
      const [, batch] = await ask("/batch-predict?probabilities=true", records);
      expect((batch["predictions"] as Answer[])[0]).toMatchObject({ probability: p, probabilities });
      const response = await fetch(`${server.url}/batch-predict?probabilities`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: JSON.stringify(records[0]),
      });
      expect(JSON.parse((await response.text()).split("\n")[0] ?? "")).toMatchObject({ probabilities });
    });

    it("gives the columns that moved a score, in words, which add up", async () => {
      const [status, { reasons, probability }] = await ask("/predict?explain=3", records[0]);
      expect([status, probability]).toEqual([200, expected[0]]);
      expect(reasons).toHaveLength(3);
      for (const reason of reasons as Answer[]) {
        expect(features).toContain(reason["column"]);
        expect(reason["sentence"]).toMatch(/ (raises|lowers) the risk \(log odds [+−-]/);
        expect(reason["direction"]).toBe((reason["log_odds"] as number) > 0 ? "raises" : "lowers");
      }
      const sizes = (reasons as Answer[]).map((reason) => Math.abs(reason["log_odds"] as number));
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      expect(
        (await ask("/predict?explain=1", { features: features.map((name) => records[0]?.[name]) }))[1],
      ).toMatchObject({
        reasons: [(reasons as Answer[])[0]],
      });
    });

    it("explains the other class, if it is asked for", async () => {
      const [[, yes], [, no]] = [
        await ask("/predict?explain=1", records[0]),
        await ask("/predict?explain=1&class=No", records[0]),
      ];
      const [[ofYes], [ofNo]] = [yes["reasons"] as [Answer], no["reasons"] as [Answer]];
      expect(ofNo["log_odds"]).toBe(-(ofYes["log_odds"] as number));
      expect(ofNo["sentence"]).toMatch(/ the chance of "No" \(/);
    });

    it.each([
      ["/predict?explain=1&class=Maybe", /^class is Maybe. Give one of No, Yes/],
      ["/predict?explain=many", /^explain is many/],
      ["/predict?explain=101", /from 0 to 100/],
      ["/batch-predict?explain=3", /explain is for \/predict/],
    ])("refuses %s", async (path, message) => {
      const [status, { error }] = await ask(path, path.startsWith("/batch") ? records : records[0]);
      expect([status, error]).toEqual([
        400,
        { code: "REQUEST_INVALID", message: expect.stringMatching(message) as string },
      ]);
    });

    it("says so where the server has no artifact", async () => {
      const bare = asText(createHandler({ scorer, name: "churn", version: "7", source: "local" }));
      const { status, body } = await bare(request("/predict", records[0], { query: "explain=3" }));
      expect([status, body]).toEqual([400, expect.stringContaining("keeps no artifact")]);
    });
  });

  describe("SageMaker", () => {
    const lines = records
      .map((record) => JSON.stringify({ features: features.map((name) => record[name]) }))
      .join("\n");

    it.each(["/invocations", "/models/churn/invoke"])("answers JSON lines of %s by as many lines", async (path) => {
      for (const accept of [undefined, "application/jsonlines"]) {
        const response = await fetch(`${server.url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/jsonlines", ...(accept === undefined ? {} : { accept }) },
          body: lines,
        });
        const answers = (await response.text())
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as Answer);
        expect(answers.map(({ probability }) => probability)).toEqual(expected);
      }
      const headers = { "content-type": "application/jsonlines", accept: "application/json" };
      expect(await ask(path, lines, headers)).toMatchObject([200, { count: 8, model_source: "registry" }]);
    });

    it("lists the models by its own names for them", async () => {
      expect(await ask("/models")).toMatchObject([200, { models: [{ modelName: "churn", modelUrl: "registry" }] }]);
      expect(await ask("/models/churn")).toMatchObject([200, { modelName: "churn", modelUrl: "registry" }]);
      expect((await ask("/models", { model_name: "x", url: "/y" }))[0]).toBe(405);
    });

    it("loads, lists, invokes and unloads the models of a multi-model endpoint", async () => {
      const root = newFolder();
      await saveBundle(artifact, join(root, "a", "model"));
      const handler = asText(createHandler(modelsOnDemand({ root, most: 2 })));
      const send = async (path: string, body?: unknown, method?: string): Promise<[number, unknown]> => {
        const { status, body: text } = await handler(request(path, body, method === undefined ? {} : { method }));
        return [status, JSON.parse(text)];
      };
      const load = (name: string, url = join(root, "a", "model")) => send("/models", { model_name: name, url });
      expect((await send("/ping"))[0]).toBe(200);
      expect((await send("/predict", records[0]))[0]).toBe(503);
      const [first, again] = await Promise.all([load("a"), load("a")]);
      expect([first[0], again[0]]).toEqual([200, 400]);
      expect((await load("a"))[0]).toBe(409);
      expect(await load("b")).toMatchObject([200, { model_name: "b", model_source: join(root, "a", "model") }]);
      expect((await load("c"))[0]).toBe(507);
      expect(await send("/models")).toMatchObject([200, { models: [{ modelName: "a" }, { modelName: "b" }] }]);
      expect(await send("/models/b/invoke", records)).toMatchObject([200, { count: 8, model_name: "b" }]);
      expect((await send("/models/a", undefined, "DELETE"))[0]).toBe(200);
      expect((await send("/models/a", undefined, "DELETE"))[0]).toBe(404);
      expect((await send("/models/a/invoke", records))[0]).toBe(404);
      expect((await load("c"))[0]).toBe(200);
    });

    it.each(["/etc/passwd", "{root}/../a/model", "{root}", "{root}-other/a", "{root}/nothing"])(
      "loads nothing from %s",
      async (place) => {
        const root = newFolder();
        const handler = asText(createHandler(modelsOnDemand({ root })));
        const { status } = await handler(request("/models", { model_name: "a", url: place.replace("{root}", root) }));
        expect(status).toBe(400);
      },
    );
  });

  describe("the Open Inference Protocol", () => {
    const column = (name: string, datatype: string, shape = [records.length]) => ({
      name,
      datatype,
      shape,
      data: records.map((record) => record[name]),
    });
    const inputs = [
      column("tenure", "INT64"),
      column("charges", "FP64", [records.length, 1]),
      column("paperless", "BOOL"),
      column("since", "BYTES"),
      { ...column("plan", "BYTES", [records.length, 1]), data: records.map(({ plan }) => [plan]) },
    ];

    it("tells of the server and the model", async () => {
      expect(await ask("/v2")).toMatchObject([200, { name: "churnkit", extensions: ["binary_tensor_data"] }]);
      expect(await ask("/v2/health/live")).toEqual([200, { live: true }]);
      expect(await ask("/v2/health/ready")).toEqual([200, { ready: true }]);
      for (const path of ["/v2/models/churn", "/v2/models/churn/versions/7"]) {
        expect(await ask(`${path}/ready`)).toEqual([200, { name: "churn", ready: true }]);
        expect(await ask(path)).toMatchObject([
          200,
          {
            name: "churn",
            versions: ["7"],
            inputs: [
              { name: "tenure", datatype: "INT64", shape: [-1] },
              { name: "charges", datatype: "FP64" },
              { name: "paperless", datatype: "BOOL" },
              { name: "since", datatype: "BYTES" },
              { name: "plan", datatype: "BYTES" },
            ],
            outputs: [
              { name: "probability", datatype: "FP64", shape: [-1] },
              { name: "label", datatype: "BYTES", shape: [-1] },
            ],
          },
        ]);
      }
    });

    it("infers from a tensor a column", async () => {
      const rows = records.length;
      const [status, answer] = await ask("/v2/models/churn/infer", { id: "r1", inputs });
      expect([status, answer]).toEqual([
        200,
        {
          model_name: "churn",
          model_version: "7",
          id: "r1",
          parameters: { model_source: "registry", threshold: 0.4, prediction_id: expect.any(String) as string },
          outputs: [
            { name: "probability", datatype: "FP64", shape: [rows], data: expected },
            { name: "label", datatype: "BYTES", shape: [rows], data: labels },
          ],
        },
      ]);
      const one = await ask("/v2/models/churn/versions/7/infer", { inputs, outputs: [{ name: "label" }] });
      expect(one[1]["outputs"]).toMatchObject([{ name: "label" }]);
    });

    it.each<[string, number, unknown, RegExp]>([
      ["/v2/models/nobody/infer", 404, { inputs }, /no model nobody/],
      ["/v2/models/churn/versions/8/infer", 404, { inputs }, /Version 8/],
      ["/v2/models/nobody", 404, undefined, /no model nobody/],
      ["/v2/models/churn/infer", 400, "{", /not valid JSON/],
      ["/v2/models/churn/infer", 400, [], /not an object/],
      ["/v2/models/churn/infer", 400, { inputs: [] }, /not a list of tensors/],
      ["/v2/models/churn/infer", 400, { inputs: [{ ...inputs[0], name: "nothing" }] }, /no input nothing/],
      ["/v2/models/churn/infer", 400, { inputs: [inputs[0], inputs[0]] }, /comes twice/],
      ["/v2/models/churn/infer", 400, { inputs: [{ ...inputs[0], datatype: "FLOAT" }] }, /no datatype/],
      ["/v2/models/churn/infer", 400, { inputs: [{ ...inputs[0], datatype: "BYTES" }] }, /value 0 is not a string/],
      ["/v2/models/churn/infer", 400, { inputs: [{ ...inputs[0], shape: [9] }] }, /8 values, but its shape says 9/],
      ["/v2/models/churn/infer", 400, { inputs: [{ ...inputs[0], shape: [4, 2] }] }, /shape \[n\]/],
      [
        "/v2/models/churn/infer",
        400,
        { inputs: [{ ...inputs[0], data: undefined }] },
        /neither "data" nor a "binary_data_size"/,
      ],
      ["/v2/models/churn/infer", 400, { inputs, outputs: [{ name: "class" }] }, /no such output/],
      ["/v2/models/churn/infer", 400, { inputs, outputs: [{ name: "label" }, { name: "label" }] }, /asked for twice/],
      ["/v2/models/churn/infer", 422, { inputs: inputs.slice(1) }, /^Record 0 has no score.*tenure/],
      [
        "/v2/models/churn/infer",
        413,
        { inputs: [{ name: "tenure", datatype: "INT64", shape: [21], data: Array<number>(21).fill(1) }] },
        /up to 20 records/,
      ],
    ])("answers errors in its form: %s %d", async (path, status, body, message) => {
      expect(await ask(path, body)).toEqual([status, { error: expect.stringMatching(message) as string }]);
    });

    describe("with binary data", () => {
      const doubles = (values: readonly number[]): Buffer => Buffer.from(new Float64Array(values).buffer);
      const texts = (values: readonly (string | null)[]): Buffer =>
        Buffer.concat(
          values.flatMap((value) => {
            const text = Buffer.from(value ?? "");
            const length = Buffer.alloc(4);
            length.writeUInt32LE(text.length);
            return [length, text];
          }),
        );
      const charges = doubles(records.map((record) => Number(record["charges"] ?? NaN)));
      const plans = texts(records.map(({ plan }) => plan as string | null));
      const [tenure, , paperless, since] = inputs;
      const inBytes = (name: string, datatype: string, bytes: Buffer) => ({
        name,
        datatype,
        shape: [records.length],
        parameters: { binary_data_size: bytes.length },
      });
      const mixed = [inBytes("charges", "FP64", charges), tenure, paperless, since, inBytes("plan", "BYTES", plans)];
      const post = async (value: unknown, behind: readonly Buffer[], length?: string) => {
        const text = Buffer.from(JSON.stringify(value));
        const response = await fetch(`${server.url}/v2/models/churn/infer`, {
          method: "POST",
          headers: { "inference-header-content-length": length ?? String(text.length) },
          body: Buffer.concat([text, ...behind]),
        });
        const { status, headers } = response;
        const bytes = Buffer.from(await response.arrayBuffer());
        const json = bytes.subarray(0, Number(headers.get("inference-header-content-length") ?? bytes.length));
        const answer = JSON.parse(json.toString()) as Answer;
        return { status, type: headers.get("content-type"), answer, binary: bytes.subarray(json.length) };
      };

      it("infers, and answers in the form that is asked for by output", async () => {
        const asked = [{ name: "label", parameters: { binary_data: true } }, { name: "probability" }];
        const { status, type, answer, binary } = await post({ inputs: mixed, outputs: asked }, [charges, plans]);
        expect([status, type]).toEqual([200, "application/octet-stream"]);
        const raw = texts(labels);
        expect(answer["outputs"]).toEqual([
          { name: "label", datatype: "BYTES", shape: [records.length], parameters: { binary_data_size: raw.length } },
          { name: "probability", datatype: "FP64", shape: [records.length], data: expected },
        ]);
        expect(binary.equals(raw)).toBe(true);
      });

      it("answers in bytes alone where all outputs are asked for so, and in JSON where none is", async () => {
        const all = await post({ inputs: mixed, parameters: { binary_data_output: true } }, [charges, plans]);
        expect(all.binary.equals(Buffer.concat([doubles(expected as number[]), texts(labels)]))).toBe(true);
        const none = await post({ inputs: mixed }, [charges, plans]);
        expect(none.type).toMatch(/json/);
        expect(none.answer["outputs"]).toMatchObject([{ data: expected }, { data: labels }]);
      });

      it.each<[string, unknown, readonly Buffer[], RegExp, string?]>([
        ["a length beyond the body", { inputs: mixed }, [], /Inference-Header-Content-Length/, "99999"],
        ["a length that is none", { inputs: mixed }, [charges, plans], /Inference-Header-Content-Length/, "-1"],
        ["too few bytes", { inputs: mixed }, [charges], /plan has a "binary_data_size"/],
        ["bytes that are left", { inputs: mixed }, [charges, plans, charges], /64 bytes that belong to no input/],
        [
          "a size that is not the shape's",
          { inputs: [inBytes("charges", "FP64", charges.subarray(1))] },
          [charges.subarray(1)],
          /63 raw bytes, but its shape and datatype say 64/,
        ],
        [
          "more texts than the shape says",
          { inputs: [{ ...inBytes("plan", "BYTES", plans), shape: [2] }] },
          [plans],
          /more texts than its shape says, 2/,
        ],
        ["FP16", { inputs: [inBytes("charges", "FP16", charges)] }, [charges], /FP16, which is not read as binary/],
        [
          "a shape that promises too much",
          { inputs: [{ ...inBytes("plan", "BYTES", plans), shape: [2 ** 40] }] },
          [plans],
          /up to 20 records/,
        ],
      ])("refuses %s", async (_, value, behind, message, length) => {
        const { status, answer } = await post(value, behind, length);
        expect(answer).toEqual({ error: expect.stringMatching(message) as string });
        expect([400, 413]).toContain(status);
      });
    });
  });

  describe("with three classes", async () => {
    const sent = planRecords(5, 2).map(({ usage, seats }) => ({ usage, seats }));
    const { scorer: own } = await planModel();
    const handler = asText(createHandler({ scorer: own, name: "plans", version: "1", source: "local" }));
    const scored = own.scoreRecords(sent);
    const ofClass = (label: string) => scored.map(({ probabilities }) => probabilities?.[label]);
    const post = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
      (await handler(request(path, body, { headers }))).body;

    it("has an output for each class in the Open Inference Protocol", async () => {
      const { outputs } = JSON.parse((await handler(request("/v2/models/plans"))).body) as {
        outputs: readonly { readonly name: string }[];
      };
      expect(outputs).toEqual([
        { name: "probability", datatype: "FP64", shape: [-1] },
        { name: "label", datatype: "BYTES", shape: [-1] },
        ...plans.map((label) => ({ name: `probability_${label}`, datatype: "FP64", shape: [-1] })),
      ]);
      const inputs = (["usage", "seats"] as const).map((name) => ({
        name,
        datatype: "FP64",
        shape: [5],
        data: sent.map((record) => record[name]),
      }));
      const infer = async (asked: object): Promise<unknown> =>
        (JSON.parse(await post("/v2/models/plans/infer", { inputs, ...asked })) as Answer)["outputs"];
      expect(await infer({})).toMatchObject([
        { name: "probability", data: ofClass("pro") },
        { name: "label", data: scored.map(({ label }) => label) },
        ...plans.map((label) => ({ name: `probability_${label}`, datatype: "FP64", shape: [5], data: ofClass(label) })),
      ]);
      expect(await infer({ outputs: [{ name: "probability_plus" }] })).toMatchObject([{ data: ofClass("plus") }]);
      expect(await post("/v2/models/plans/infer", { inputs, outputs: [{ name: "probability_max" }] })).toMatch(
        /The model has probability, label, probability_basic, probability_plus, probability_pro/,
      );
    });

    it("answers SageMaker, whose requests have no query, with each class in JSON and the positive one in CSV", async () => {
      const asked = scored.map(({ probability, label, probabilities }) => ({
        prediction: label,
        probability,
        probabilities,
      }));
      const answer = await post("/invocations", sent);
      expect(JSON.parse(answer)).toMatchObject({ count: 5, predictions: asked });
      const side = (data: string) => ({ data, encoding: "JSON", observedContentType: "application/json" });
      const captured = JSON.stringify({
        captureData: { endpointInput: side(JSON.stringify(sent)), endpointOutput: side(answer) },
        eventMetadata: { eventId: "e", inferenceTime: "2026-02-01T00:00:00Z" },
      });
      const read: (number | null)[] = [];
      const options = { contract: own.contract, log: captureLog() };
      for await (const { probability } of readCaptureLines(new TextEncoder().encode(captured), options))
        read.push(probability);
      expect([read, options.log.list()]).toEqual([ofClass("pro"), []]);
      const lines = sent.map((record) => JSON.stringify(record)).join("\n");
      const answers = await post("/invocations", lines, { "content-type": "application/jsonlines" });
      expect(
        answers
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(asked);
      const table = sent.map(({ usage, seats }) => `${usage},${seats}`).join("\n");
      const cells = await post("/invocations", table, { "content-type": "text/csv", accept: "text/csv" });
      expect(cells.trimEnd().split("\n").map(Number)).toEqual(ofClass("pro"));
    });

    it("tells of its classes in /model-info", async () => {
      const info = JSON.parse((await handler(request("/model-info"))).body) as Answer;
      expect(info["target"]).toEqual({ column: "plan", classes: plans, positive: "pro" });
    });
  });
});
