import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import express from "express";
import fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import type { Handler } from "../../src/serving/http.js";
import {
  fastifyPlugin,
  fetchHandler,
  lambdaHandler,
  lambdaMessages,
  listen,
  nodeListener,
} from "../../src/serving/index.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}
interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}
type Carrier = (asked: Asked) => Promise<Answered>;

const maxBodyBytes = 50_000;
const options = { maxBodyBytes };
const closing: (() => Promise<unknown>)[] = [];

/** Asks by HTTP. */
const over =
  (url: string): Carrier =>
  async ({ path, ...init }) => {
    const response = await fetch(url + path, init as RequestInit);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

const started = async (server: ReturnType<typeof createServer>): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Asks a Lambda with the events that AWS makes of a request. */
const lambda =
  (handler: Handler, eventOf: (asked: Required<Asked>, base64: string) => object): Carrier =>
  async ({ method = "GET", path, headers = {}, body = "" }) => {
    const event = eventOf({ method, path, headers, body }, Buffer.from(body).toString("base64"));
    // Through JSON, as Lambda does.
    const result = await lambdaHandler(handler, options)(JSON.parse(JSON.stringify(event)) as object);
    const bytes = Buffer.from(result.body, result.isBase64Encoded ? "base64" : "utf8");
    const answered = new Headers(result.headers);
    const text = answered.get("content-encoding") === "gzip" ? gunzipSync(bytes) : bytes;
    return { status: result.statusCode, headers: answered, text: text.toString() };
  };

const queryIn = (path: string): [string, URLSearchParams] => {
  const [before = "", query = ""] = path.split("?");
  return [before, new URLSearchParams(query)];
};

const carriers: Record<string, (handler: Handler) => Promise<Carrier>> = {
  "node:http": async (handler) => {
    const server = await listen(handler, { port: 0, ...options });
    closing.push(() => server.close());
    return over(server.url);
  },
  "a listener of node:http": async (handler) => over(await started(createServer(nodeListener(handler, options)))),
  Express: async (handler) => {
    const app = express().use("/churn", nodeListener(handler, options));
    return over(`${await started(createServer(app))}/churn`);
  },
  "Express behind a parser of JSON": async (handler) => {
    const app = express()
      .use(express.json({ limit: "1mb", strict: false }))
      .use("/churn", nodeListener(handler, options));
    return over(`${await started(createServer(app))}/churn`);
  },
  "a middleware that sets an empty body": async (handler) => {
    // As Express 4 does where its parser leaves the body alone.
    const app = express()
      .use((request, _response, next) => {
        request.body = {};
        next();
      })
      .use("/churn", nodeListener(handler, options));
    return over(`${await started(createServer(app))}/churn`);
  },
  Fastify: async (handler) => {
    const app = fastify();
    await app.register(fastifyPlugin(handler, options), { prefix: "/churn" });
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    closing.push(() => app.close());
    return over(`${url}/churn`);
  },
  fetch: (handler) => {
    const serve = fetchHandler(handler, options);
    return Promise.resolve(async ({ path, ...init }) => {
      const response = await serve(new Request(`https://example.com${path}`, init as RequestInit));
      return { status: response.status, headers: response.headers, text: await response.text() };
    });
  },
  "Lambda, HTTP API or function URL": (handler) =>
    Promise.resolve(
      lambda(handler, ({ method, path, headers }, base64) => {
        const [rawPath, query] = queryIn(path);
        const event: Partial<APIGatewayProxyEventV2> = {
          version: "2.0",
          rawPath: `/prod${rawPath}`,
          rawQueryString: query.toString(),
          headers,
          requestContext: {
            stage: "prod",
            http: { method, path: rawPath, sourceIp: "192.0.2.7", protocol: "HTTP/1.1", userAgent: "" },
          } as APIGatewayProxyEventV2["requestContext"],
          body: base64,
          isBase64Encoded: true,
        };
        return event;
      }),
    ),
  "Lambda, REST API": (handler) =>
    Promise.resolve(
      lambda(handler, ({ method, path, headers, body }) => {
        const [before, query] = queryIn(path);
        const isText = typeof body === "string";
        const event: Partial<APIGatewayProxyEvent> = {
          httpMethod: method,
          path: before,
          headers,
          multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
          queryStringParameters: Object.fromEntries(query),
          multiValueQueryStringParameters: Object.fromEntries([...query.keys()].map((key) => [key, query.getAll(key)])),
          requestContext: { identity: { sourceIp: "192.0.2.7" } } as APIGatewayProxyEvent["requestContext"],
          body: isText ? body : Buffer.from(body).toString("base64"),
          isBase64Encoded: !isText,
        };
        return event;
      }),
    ),
  "Lambda, load balancer": (handler) =>
    Promise.resolve(
      lambda(handler, ({ method, path, headers }, base64) => {
        const [before, query] = queryIn(path);
        const event: ALBEvent = {
          requestContext: { elb: { targetGroupArn: "arn" } },
          httpMethod: method,
          path: before,
          headers: { ...headers, "x-forwarded-for": "198.51.100.1, 192.0.2.7" },
          queryStringParameters: Object.fromEntries([...query].map(([key, value]) => [key, encodeURIComponent(value)])),
          body: base64,
          isBase64Encoded: true,
        };
        return event;
      }),
    ),
};

afterAll(() => Promise.all(closing.map((close) => close())));

describe.each(Object.entries(carriers))("%s", (name, carry) => {
  let ask: Carrier;
  let direct: Handler;
  let address: string | undefined;
  const [first, ...records] = sampleRecords(60);
  const json = { "content-type": "application/json" };
  /** A parser before the handler refuses what is not JSON, and passes on nothing else. */
  const isParsed = name.includes("parser");

  /** The handler's own answer to the same request. */
  const own = async (path: string, body: unknown): Promise<string> => {
    const response = await direct({
      method: "POST",
      path,
      query: "",
      headers: { ...json, "x-prediction-id": "p1" },
      body: () => Buffer.from(JSON.stringify(body)),
    });
    return response.body as string;
  };

  beforeAll(async () => {
    const scorer = await compile(await sampleArtifact({ networks: 0 }));
    direct = createHandler({ scorer, name: "churn", version: "1", source: "local" });
    ask = await carry((request) => {
      address = request.address;
      return direct(request);
    });
  });

  it("answers one record and a batch as the handler does, compressed where it is asked for", async () => {
    const headers = { ...json, "x-prediction-id": "p1" };
    const one = await ask({ method: "POST", path: "/predict", headers, body: JSON.stringify(first) });
    expect([one.status, one.text]).toEqual([200, await own("/predict", first)]);
    expect(one.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(one.headers.get("cache-control")).toBe("no-store");
    const many = await ask({
      method: "POST",
      path: "/batch-predict",
      headers: { ...headers, "accept-encoding": "gzip" },
      body: JSON.stringify(records),
    });
    expect([many.status, many.text]).toEqual([200, await own("/batch-predict", records)]);
  });

  it("hands on query, headers and address", async () => {
    const asked = { method: "POST", headers: { ...json, "X-Prediction-Id": "mine" }, body: JSON.stringify(first) };
    const answer = await ask({ ...asked, path: "/predict?probabilities=true&x=a%26b" });
    expect(JSON.parse(answer.text)).toMatchObject({ prediction_id: "mine", probabilities: {} });
    if (name !== "fetch") expect(address).toMatch(/^(192\.0\.2\.7|127\.0\.0\.1|::ffff:127\.0\.0\.1)$/);
  });

  it("reads compressed bodies", async () => {
    const headers = { ...json, "content-encoding": "gzip" };
    const body = gzipSync(JSON.stringify(first));
    expect(await ask({ method: "POST", path: "/predict", headers, body })).toMatchObject({ status: 200 });
  });

  if (!isParsed)
    it("reads and writes lines", async () => {
      const answer = await ask({
        method: "POST",
        path: "/batch-predict",
        headers: { "content-type": "application/x-ndjson" },
        body: records.map((record) => `${JSON.stringify(record)}\n`).join(""),
      });
      expect(answer.status).toBe(200);
      // The last line counts them.
      expect(answer.text.trimEnd().split("\n")).toHaveLength(records.length + 1);
    });

  it("refuses a body above the limit, malformed ones, and unknown paths and methods", async () => {
    const large = JSON.stringify("é".repeat(maxBodyBytes / 2));
    const post = { method: "POST", path: "/predict", headers: json };
    if (!isParsed) expect((await ask({ ...post, body: large })).status).toBe(413);
    if (!isParsed) expect((await ask({ ...post, body: "{" })).status).toBe(400);
    expect((await ask({ ...post, body: "7" })).status).toBe(422);
    expect((await ask({ path: "/nothing" })).status).toBe(404);
    const wrong = await ask({ path: "/predict" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("answers GET, and HEAD without a body", async () => {
    expect(JSON.parse((await ask({ path: "/live" })).text)).toEqual({ status: "live" });
    expect(await ask({ method: "HEAD", path: "/live" })).toMatchObject({ status: 200, text: "" });
    expect((await ask({ path: "/" })).status).toBe(200);
  });
});

describe("messages of a queue or a stream", () => {
  const [first, second] = sampleRecords(2);
  const delivered: string[] = [];
  const problems: unknown[] = [];
  let handler: ReturnType<typeof lambdaMessages>;
  beforeAll(async () => {
    const scorer = await compile(await sampleArtifact({ networks: 0 }));
    handler = lambdaMessages(createHandler({ scorer, name: "churn", version: "1", source: "local" }), {
      deliver: ({ id, answer }) => {
        if (id === "undeliverable") throw new Error("no room");
        delivered.push(`${id} ${Object.keys(JSON.parse(answer) as object)[0] ?? ""}`);
      },
      onProblem: (error) => problems.push(error),
    });
  });

  it("of SQS fail one by one", async () => {
    delivered.length = problems.length = 0;
    const message = (messageId: string, body: unknown) => ({ messageId, body: JSON.stringify(body) });
    const result = await handler({
      Records: [
        message("1", first),
        { messageId: "2", body: "{" },
        message("3", { records: [first, second] }),
        message("4", { tenure: "long" }),
        message("undeliverable", first),
        message("5", [second]),
      ],
    });
    expect(result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(["2", "4", "undeliverable"]);
    expect(delivered).toEqual(["1 prediction", "3 predictions", "5 predictions"]);
    expect(problems).toHaveLength(3);
  });

  it("of Kinesis end at the first failure", async () => {
    delivered.length = 0;
    const record = (sequenceNumber: string, text: string) => ({
      kinesis: { sequenceNumber, data: Buffer.from(text).toString("base64") },
    });
    const Records = [record("10", JSON.stringify(first)), record("11", "{"), record("12", JSON.stringify(second))];
    expect(await handler({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: "11" }] });
    expect(delivered).toEqual(["10 prediction"]);
  });
});
