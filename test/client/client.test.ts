import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Transport } from "../../src/client/index.js";
import { ChurnkitError } from "../../src/base/errors.js";
import { compile } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen } from "../../src/serving/hosts/node/node-server.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe("a client of a churnkit server", () => {
  let server: Awaited<ReturnType<typeof listen>>;
  beforeAll(async () => {
    const scorer = await compile(await sampleArtifact({ networks: 0 }));
    server = await listen(createHandler({ scorer, name: "churn", version: "3", source: "local" }), { port: 0 });
  });
  afterAll(() => server.close());

  it("scores a record as the model does, and says which model it was", async () => {
    const [record] = sampleRecords(1);
    const scorer = await compile(await sampleArtifact({ networks: 0 }));
    const prediction = await createClient(server.url).predict(record);
    const { probability, label } = scorer.scoreRecord(record);
    expect(prediction).toMatchObject({ prediction: label, probability });
    expect(prediction.model).toEqual({
      name: "churn",
      version: "3",
      source: "local",
      threshold: scorer.decision.threshold,
    });
  });

  it("scores many in batches, in order, and names refused ones", async () => {
    const records: unknown[] = sampleRecords(7);
    records[4] = { tenure: "long" };
    const client = createClient(server.url, { batchSize: 3 });
    const results = await client.predictMany(records);
    const alone = await Promise.all(
      records.map((record) =>
        client
          .predict(record)
          .then(({ probability }) => probability)
          .catch(() => null),
      ),
    );
    expect(results.map(({ probability }) => probability)).toEqual(alone);
    expect(results[4]).toMatchObject({ prediction: null, message: expect.stringContaining("tenure") as string });
  });

  it("refuses with the server's own code", async () => {
    await expect(createClient(server.url).predict({ tenure: "long" })).rejects.toMatchObject({ code: "VALUE_INVALID" });
    await expect(createClient(`${server.url}/nothing`).predict({})).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });

  it("is ready, and is not where nobody listens", async () => {
    expect(await createClient(server.url).ready()).toBe(true);
    expect(await createClient("http://127.0.0.1:1").ready()).toBe(false);
  });
});

describe("a client of a service that fails", () => {
  let server: Server;
  let url = "";
  let answers: Answer[] = [];
  let seen: IncomingMessage[] = [];
  const good: Answer = (_, response) =>
    response.end(
      '{"prediction":"Yes","probability":0.7,"threshold":0.5,"model_name":"m","model_version":"1","model_source":"s"}',
    );
  const status =
    (code: number, headers: Record<string, string> = {}): Answer =>
    (_, response) =>
      response.writeHead(code, headers).end("{}");
  const serve = (...given: Answer[]): void => {
    answers = given;
    seen = [];
  };
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      request.resume();
      (answers.shift() ?? good)(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  it("tries again after 503, a reset and too many requests", async () => {
    serve(status(503), (request) => request.socket.destroy(), status(429));
    expect(await createClient(url).predict({})).toMatchObject({ probability: 0.7 });
    expect(seen).toHaveLength(4);
  });

  it("waits as long as Retry-After asks", async () => {
    serve(status(503, { "retry-after": "1" }));
    const began = performance.now();
    await createClient(url).predict({});
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it("gives up after its retries, and doesn't repeat what was refused", async () => {
    serve(status(500), status(500), status(500));
    await expect(createClient(url, { retries: 1 }).predict({})).rejects.toMatchObject({ code: "SERVICE_FAILED" });
    expect(seen).toHaveLength(2);
    serve(status(401));
    await expect(createClient(url).predict({})).rejects.toThrowError("status 401");
    expect(seen).toHaveLength(1);
  });

  it("ends a try that takes too long", async () => {
    serve(() => undefined);
    const client = createClient(url, { timeoutMs: 50, retries: 0 });
    await expect(client.predict({})).rejects.toThrowError(/did not answer within 50 ms/);
  });

  it("ends at once where the caller aborts, in a call and between calls", async () => {
    const reason = new Error("enough");
    serve(() => undefined);
    const client = createClient(url);
    const calling = new AbortController();
    setTimeout(() => calling.abort(reason), 50);
    await expect(client.predict({}, { signal: calling.signal })).rejects.toBe(reason);
    serve(status(503, { "retry-after": "30" }));
    const waiting = new AbortController();
    setTimeout(() => waiting.abort(reason), 100);
    await expect(client.predict({}, { signal: waiting.signal })).rejects.toBe(reason);
    await expect(client.ready({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("reads no more of an answer than it may, and does not ask again", async () => {
    let sent = 0;
    serve((request, response) => {
      const more = (): void => {
        // Without an end: only the client can stop it.
        while (!response.destroyed && response.write(" ".repeat(65_536))) sent++;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
      request.socket.once("close", () => response.destroy());
    });
    await expect(createClient(url, { maxAnswerBytes: 2 ** 20 }).predict({})).rejects.toMatchObject({
      code: "INPUT_TOO_LARGE",
      message: expect.stringContaining("1048576 bytes") as string,
    });
    expect(seen).toHaveLength(1);
    expect(sent).toBeLessThan(2000);
    expect(() => createClient(url, { maxAnswerBytes: 0 })).toThrow("maxAnswerBytes");
    const answer =
      '{"prediction":"Yes","probability":0.7,"threshold":0.5,"model_name":"m","model_version":"é","model_source":"s"}';
    serve((_, response) => response.end(answer));
    const { model } = await createClient(url, { maxAnswerBytes: Buffer.byteLength(answer) }).predict({});
    expect(model.version).toBe("é");
  });

  it.each([
    ["no JSON", "<html>"],
    ["another shape", '{"prediction":1}'],
    ["a hostile member", '{"__proto__":{"probability":1}}'],
  ])("tells an answer that is %s", async (_, body) => {
    serve((_request, response) => response.end(body));
    await expect(createClient(url).predict({})).rejects.toMatchObject({ code: "SERVICE_FAILED" });
  });

  it("sends its key and headers, and follows nobody elsewhere", async () => {
    serve(good, status(302, { location: "http://127.0.0.1:1/" }));
    const client = createClient(url, { key: "secret", headers: { "x-tenant": "north" }, retries: 0 });
    await client.predict({});
    expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer secret", "x-tenant": "north" });
    await expect(client.predict({})).rejects.toBeInstanceOf(ChurnkitError);
  });
});

describe("another transport", () => {
  it("carries the calls", async () => {
    const calls: string[] = [];
    const transport: Transport = ({ method, path, body }) => {
      calls.push(`${method} ${path} ${body ?? ""}`);
      return Promise.resolve({ status: 200, header: () => null, body: '{"predictions":[]}' });
    };
    await expect(createClient(transport).predictMany([{ a: 1 }])).rejects.toThrowError("1 records with 0 predictions");
    expect(calls).toEqual(['POST /batch-predict {"records":[{"a":1}]}']);
  });
});

describe("options", () => {
  it.each([
    ["an address", () => createClient("localhost:8080")],
    ["a password in the address", () => createClient("http://a:b@localhost")],
    ["timeoutMs", () => createClient("http://localhost", { timeoutMs: 0 })],
    ["retries", () => createClient("http://localhost", { retries: 1.5 })],
    ["batchSize", () => createClient("http://localhost", { batchSize: 0 })],
  ])("refuses %s", (_, create) => {
    expect(create).toThrowError(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});
