import { Client, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { fromJSON, type ServiceDefinition } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { listenGrpc, type GrpcServer } from "../../src/serving/hosts/grpc/grpc-server.js";
import { inferenceMessages } from "../../src/serving/hosts/grpc/inference-messages.js";
import type { Middleware, ServeRequest } from "../../src/serving/http.js";
import { apiKeys } from "../../src/serving/index.js";
import { keyHash } from "../../src/serving/protection/key-document.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { planModel, planRecords, plans } from "../helpers/plans.js";

type Members = Readonly<Record<string, unknown>>;

describe("listenGrpc", () => {
  const records = sampleRecords(12);
  const seen: ServeRequest[] = [];
  let scorer: Scorer;
  let server: GrpcServer;
  let client: Client;
  let service: ServiceDefinition;
  const watch: Middleware = (next) => (request) => {
    seen.push(request);
    return next(request);
  };
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact({ networks: 0 }));
    const model = { scorer, name: "up/sell", version: "7", source: "local" };
    server = await listenGrpc(createHandler(model, { middleware: [watch], maxBatch: 20 }), {
      port: 0,
      maxBodyBytes: 20_000,
    });
    client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const messages = inferenceMessages as Parameters<typeof fromJSON>[0];
    service = fromJSON(messages, { keepCase: true, longs: Number })[
      "inference.GRPCInferenceService"
    ] as ServiceDefinition;
  });
  afterAll(async () => {
    client.close();
    await server.close();
  });

  const call = (name: string, message: Members, headers: Record<string, string> = {}): Promise<Members> =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
      const method = service[name];
      if (method === undefined) throw new Error(`no method ${name}`);
      const { path, requestSerialize, responseDeserialize } = method;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, metadata, (error, value) => {
        if (error === null) resolve(value as Members);
        else reject(error);
      });
    });
  const refusalOf = (name: string, message: Members, headers?: Record<string, string>): Promise<unknown> =>
    call(name, message, headers).then(
      () => undefined,
      ({ code, details }: ServiceError) => [code, details],
    );
  const column = (name: string, datatype: string, contents: Members) => ({
    name,
    datatype,
    shape: [records.length],
    contents,
  });
  const texts = (name: string): Buffer[] => records.map((record) => Buffer.from(String(record[name] ?? "")));
  const inputs = [
    column("tenure", "INT32", { int_contents: records.map(({ tenure }) => tenure) }),
    column("charges", "FP64", { fp64_contents: records.map(({ charges }) => charges ?? NaN) }),
    column("paperless", "BOOL", { bool_contents: records.map(({ paperless }) => paperless) }),
    column("since", "BYTES", { bytes_contents: texts("since") }),
    column("plan", "BYTES", { bytes_contents: texts("plan") }),
  ];

  it("infers from typed contents, NaN and the empty text for what is missing", async () => {
    const answer = await call("ModelInfer", { model_name: "up/sell", id: "r1", inputs }, { "x-prediction-id": "p1" });
    const scored = scorer.scoreRecords(records);
    expect(answer).toMatchObject({
      model_name: "up/sell",
      model_version: "7",
      id: "r1",
      parameters: { model_source: { string_param: "local" }, prediction_id: { string_param: "p1" } },
      outputs: [
        { name: "probability", contents: { fp64_contents: scored.map(({ probability }) => probability) } },
        { name: "label", contents: { bytes_contents: scored.map(({ label }) => Buffer.from(label ?? "")) } },
      ],
    });
    expect(seen.at(-1)).toMatchObject({ path: "/v2/models/up%2Fsell/infer", address: "127.0.0.1" });
  });

  it("infers from raw bytes of every datatype that is read", async () => {
    const raw = (values: readonly (number | bigint)[], kind: Float32ArrayConstructor | Int16ArrayConstructor) =>
      new Uint8Array(new kind(values.map(Number)).buffer);
    const some = records.filter(({ charges }) => charges !== null).map((record) => ({ ...record, charges: 20.5 }));
    const bytes = (name: "since" | "plan"): Buffer =>
      Buffer.concat(
        some.flatMap((record) => {
          const text = Buffer.from(
            record[name as keyof typeof record] === null ? "" : String(record[name as keyof typeof record]),
          );
          const length = Buffer.alloc(4);
          length.writeUInt32LE(text.length);
          return [length, text];
        }),
      );
    const shape = [some.length, 1];
    const answer = await call("ModelInfer", {
      model_name: "up/sell",
      inputs: [
        { name: "tenure", datatype: "INT16", shape },
        { name: "charges", datatype: "FP32", shape },
        { name: "paperless", datatype: "BOOL", shape },
        { name: "since", datatype: "BYTES", shape },
        { name: "plan", datatype: "BYTES", shape },
      ],
      outputs: [{ name: "probability" }],
      raw_input_contents: [
        raw(
          some.map((record) => Number((record as Members)["tenure"])),
          Int16Array,
        ),
        raw(
          some.map(({ charges }) => charges),
          Float32Array,
        ),
        Uint8Array.from(some.map((record) => Number((record as Members)["paperless"]))),
        bytes("since"),
        bytes("plan"),
      ],
    });
    const [probability] = answer["raw_output_contents"] as readonly Buffer[];
    expect(answer["outputs"]).toMatchObject([{ name: "probability", datatype: "FP64", shape: [some.length] }]);
    expect(some.map((_, i) => probability?.readDoubleLE(i * 8))).toEqual(
      scorer.scoreRecords(some).map((scored) => scored.probability),
    );
  });

  it("tells whether server and model are ready", async () => {
    expect(await call("ServerLive", {})).toEqual({ live: true });
    expect(await call("ServerReady", {})).toEqual({ ready: true });
    expect(await call("ServerMetadata", {})).toMatchObject({ name: "churnkit" });
    expect(await call("ModelReady", { name: "up/sell", version: "7" })).toEqual({ ready: true });
    expect(await call("ModelReady", { name: "nobody" })).toMatchObject({ ready: false });
    expect(await call("ModelMetadata", { name: "up/sell" })).toMatchObject({ platform: "churnkit", versions: ["7"] });
  });

  it.each<[string, number, Members, RegExp]>([
    ["another model", status.NOT_FOUND, { model_name: "nobody", inputs }, /no model nobody/],
    ["no inputs", status.INVALID_ARGUMENT, { model_name: "up/sell" }, /not a list of tensors/],
    [
      "a datatype that is not read",
      status.INVALID_ARGUMENT,
      { model_name: "up/sell", inputs: [column("charges", "FP16", {})] },
      /FP16, which is not read/,
    ],
    [
      "an infinite number",
      status.INVALID_ARGUMENT,
      { model_name: "up/sell", inputs: [column("charges", "FP64", { fp64_contents: records.map(() => Infinity) })] },
      /infinite/,
    ],
    [
      "raw bytes of another size",
      status.INVALID_ARGUMENT,
      { model_name: "up/sell", inputs: [column("charges", "FP64", {})], raw_input_contents: [Buffer.alloc(7)] },
      /7 raw bytes, but its shape and datatype say 96/,
    ],
    [
      "a torn text",
      status.INVALID_ARGUMENT,
      {
        model_name: "up/sell",
        inputs: [column("plan", "BYTES", {})],
        raw_input_contents: [Buffer.from([9, 0, 0, 0, 65])],
      },
      /end within a text/,
    ],
    [
      "bytes that are no text",
      status.INVALID_ARGUMENT,
      { model_name: "up/sell", inputs: [column("plan", "BYTES", { bytes_contents: [Buffer.from([255])] })] },
      /UTF-8/,
    ],
    [
      "a record that breaks the contract",
      status.INVALID_ARGUMENT,
      { model_name: "up/sell", inputs: inputs.slice(1) },
      /tenure/,
    ],
    [
      "too many records",
      status.RESOURCE_EXHAUSTED,
      {
        model_name: "up/sell",
        inputs: [{ ...column("tenure", "INT32", { int_contents: Array<number>(21).fill(1) }), shape: [21] }],
      },
      /up to 20 records/,
    ],
    [
      "a message beyond the limit",
      status.RESOURCE_EXHAUSTED,
      { model_name: "up/sell", raw_input_contents: [Buffer.alloc(30_000)] },
      /larger than max/,
    ],
  ])("refuses %s", async (_, code, message, details) => {
    expect(await refusalOf("ModelInfer", message)).toEqual([code, expect.stringMatching(details)]);
  });

  it("checks keys as over HTTP: in the metadata, by scope, with health open", async () => {
    const key = (name: string, scope: string) => ({ name, scopes: [scope], sha256: keyHash(`ck_${name}`) });
    const keys = apiKeys(JSON.stringify({ version: 1, keys: [key("crm", "predict"), key("prometheus", "metrics")] }));
    const model = { scorer, name: "up/sell", version: "7", source: "local" };
    const locked = await listenGrpc(createHandler(model, { middleware: [keys] }), { port: 0 });
    const open = client;
    client = new Client(`127.0.0.1:${locked.port}`, credentials.createInsecure());
    try {
      const infer = { model_name: "up/sell", inputs };
      expect(await refusalOf("ModelInfer", infer)).toEqual([status.UNAUTHENTICATED, expect.stringContaining("A key")]);
      const wrong = [status.UNAUTHENTICATED, "The key is not valid. It may have been revoked; ask for another."];
      expect(await refusalOf("ServerMetadata", {}, { "x-api-key": "ck_other" })).toEqual(wrong);
      expect(await refusalOf("ModelInfer", infer, { "x-api-key": "ck_prometheus" })).toEqual([
        status.PERMISSION_DENIED,
        expect.stringContaining("needs predict"),
      ]);
      expect(await call("ModelInfer", infer, { authorization: "Bearer ck_crm" })).toMatchObject({ model_version: "7" });
      expect(await call("ServerReady", {})).toEqual({ ready: true });
    } finally {
      client.close();
      client = open;
      await locked.close();
    }
  });

  it("answers with the probability of each of three classes", async () => {
    const { scorer: own } = await planModel();
    const three = await listenGrpc(createHandler({ scorer: own, name: "plans", version: "1", source: "local" }), {
      port: 0,
    });
    const open = client;
    client = new Client(`127.0.0.1:${three.port}`, credentials.createInsecure());
    try {
      const sent = planRecords(3, 2);
      const scored = own.scoreRecords(sent.map(({ usage, seats }) => ({ usage, seats })));
      const input = (name: "usage" | "seats") => ({
        name,
        datatype: "FP64",
        shape: [3],
        contents: { fp64_contents: sent.map((record) => record[name]) },
      });
      const names = ["probability", "label", ...plans.map((label) => `probability_${label}`)];
      const metadata = await call("ModelMetadata", { name: "plans" });
      expect((metadata["outputs"] as readonly Members[]).map(({ name }) => name)).toEqual(names);
      const answer = await call("ModelInfer", { model_name: "plans", inputs: [input("usage"), input("seats")] });
      expect((answer["outputs"] as readonly Members[]).map(({ name }) => name)).toEqual(names);
      expect((answer["outputs"] as readonly Members[]).slice(2)).toMatchObject(
        plans.map((label) => ({
          datatype: "FP64",
          contents: { fp64_contents: scored.map(({ probabilities }) => probabilities?.[label]) },
        })),
      );
    } finally {
      client.close();
      client = open;
      await three.close();
    }
  });

  it("refuses a port that is taken", async () => {
    await expect(listenGrpc(() => Promise.reject(new Error()), { port: server.port })).rejects.toThrow(
      /cannot be used/,
    );
  });
});
