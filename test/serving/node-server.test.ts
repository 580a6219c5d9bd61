import { Agent, request as httpRequest } from "node:http";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TrainedModel } from "../../src/model/training/train.js";
import { createHandler } from "../../src/serving/handler.js";
import type { ErrorBody, ServeRequest } from "../../src/serving/http.js";
import { prometheusMetrics } from "../../src/serving/metrics.js";
import { listen, type NodeServer, type NodeServerOptions } from "../../src/serving/hosts/node/node-server.js";
import { answers, pause, postText, rawConnection } from "./raw.js";
import { customers, customerTable, trained, trainedNames, type TrainedName } from "./trained.js";

const post = (url: string, body: RequestInit["body"], headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: "POST", body: body ?? null, headers, duplex: "half" } as RequestInit);
const errorOf = async (response: Response): Promise<ErrorBody["error"]> => ((await response.json()) as ErrorBody).error;

describe("listen", () => {
  const models = new Map<TrainedName, TrainedModel>();
  const open: NodeServer[] = [];
  const model = (name: TrainedName): TrainedModel =>
    models.get(name) ??
    ((): never => {
      throw new Error("not trained");
    })();
  async function serve(options: NodeServerOptions = {}, name: TrainedName = "logistic"): Promise<NodeServer> {
    const handler = createHandler(
      { scorer: model(name).scorer, name: "churn", version: "1", source: "local" },
      { metrics: prometheusMetrics("1") },
    );
    const server = await listen(handler, { port: 0, ...options });
    open.push(server);
    return server;
  }
  beforeAll(async () => {
    for (const name of trainedNames) models.set(name, await trained(name));
  });
  afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));
  const customer = JSON.stringify(customers(1)[0]);

  it.each(trainedNames)("serves the scores of %s, bit for bit", async (name) => {
    const { url } = await serve({}, name);
    const expected = [...model(name).scorer.score(customerTable(200))];
    const records = customers(200);
    const batch = (await (await post(`${url}/batch-predict`, JSON.stringify({ records }))).json()) as {
      predictions: { probability: number }[];
    };
    expect(batch.predictions.map(({ probability }) => probability)).toEqual(expected);
    for (const row of [0, 1, 99, 199]) {
      const one = (await (await post(`${url}/predict`, JSON.stringify(records[row]))).json()) as {
        probability: number;
        prediction: string;
      };
      expect(one.probability).toBe(expected[row]);
      expect(one.prediction).toBe(one.probability >= model(name).scorer.decision.threshold ? "Yes" : "No");
    }
    expect(new Set(expected).size).toBeGreaterThan(100);
  });

  it("hands on path, query, headers by lower-case name, and the address", async () => {
    const seen: ServeRequest[] = [];
    const server = await listen(
      (request) => {
        seen.push(request);
        return Promise.resolve({ status: 204, headers: {}, body: "" });
      },
      { port: 0 },
    );
    open.push(server);
    await fetch(`${server.url}/a?b=c?d`, { headers: { "X-Key": "k" } });
    expect(seen).toMatchObject([
      { method: "GET", path: "/a", query: "b=c?d", headers: { "x-key": "k" }, address: "127.0.0.1" },
    ]);
  });

  it("refuses a level that a strict contract does not declare", async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict`, JSON.stringify({ ...customers(1)[0], plan: "Gold" }));
    expect(response.status).toBe(422);
    expect((await errorOf(response)).issues).toMatchObject([{ column: "plan", value: "Gold" }]);
  });

  it("sends JSON and security headers, over every route", async () => {
    const { url } = await serve();
    for (const path of ["/", "/health", "/model-info", "/nowhere", "/predict", "/metrics"]) {
      const response = await fetch(`${url}${path}?query=1`, { headers: { "accept-encoding": "identity" } });
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("content-type")).toMatch(path === "/metrics" ? /^text\/plain/ : /^application\/json/);
      const text = await response.text();
      expect(Number(response.headers.get("content-length"))).toBe(Buffer.byteLength(text));
    }
    const wrong = await fetch(`${url}/predict`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    await wrong.text();
  });

  it("answers HEAD with headers alone", async () => {
    const { url, port } = await serve();
    const response = await fetch(`${url}/health`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    const raw = await rawConnection(port, "HEAD /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect((await raw.ended).split("\r\n\r\n")[1]).toBe("");
  });

  describe("a body that is too large", () => {
    const limit = 10_000;
    const large = Buffer.alloc(3_000_000, 0x20);

    it("is refused by its declared length, and the refusal can be read", async () => {
      const { url } = await serve({ maxBodyBytes: limit });
      for (let i = 0; i < 5; i++) {
        const response = await post(`${url}/predict`, large);
        expect(response.status).toBe(413);
        expect((await errorOf(response)).message).toContain("10000 bytes");
        expect(response.headers.get("connection")).toBe("close");
      }
    });

    it("is refused so that a client that sends all before it reads can read the refusal", async () => {
      const { port } = await serve({ maxBodyBytes: limit });
      const client = await rawConnection(
        port,
        `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: ${large.length}\r\n\r\n`,
      );
      client.socket.pause();
      for (let sent = 0; sent < large.length; sent += large.length / 10) {
        client.socket.write(large.subarray(sent, sent + large.length / 10));
        await pause(10);
      }
      client.socket.resume();
      expect(await client.ended).toMatch(/^HTTP\/1\.1 413 /);
      expect(client.error()).toBeUndefined();
    });

    it("is refused as it arrives when it declares none", async () => {
      const { url } = await serve({ maxBodyBytes: limit });
      const stream = new ReadableStream({
        start(controller) {
          for (let i = 0; i < 300; i++) controller.enqueue(large.subarray(0, 10_000));
          controller.close();
        },
      });
      const response = await post(`${url}/predict`, stream);
      expect(response.status).toBe(413);
      expect((await errorOf(response)).code).toBe("INPUT_TOO_LARGE");
    });

    it("is refused at once when it never ends", async () => {
      const { url, port } = await serve({ maxBodyBytes: limit });
      const endless = await rawConnection(
        port,
        "POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      const chunk = `1000\r\n${"x".repeat(4096)}\r\n`;
      const timer = setInterval(() => void (endless.socket.writable && endless.socket.write(chunk)), 5);
      const begin = performance.now();
      expect(await endless.until((text) => text.includes("INPUT_TOO_LARGE"))).toContain("HTTP/1.1 413");
      await endless.ended;
      clearInterval(timer);
      expect(performance.now() - begin).toBeLessThan(3000);
      expect((await fetch(`${url}/health`)).status).toBe(200);
    });

    it("is never sent by a client that asks first", async () => {
      const { port } = await serve({ maxBodyBytes: limit });
      const head = (length: number) =>
        `POST /predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
      const refused = await rawConnection(port, head(limit + 1));
      expect(await refused.until((text) => answers(text) === 1)).toMatch(/^HTTP\/1\.1 413/);
      await refused.ended;
      const welcome = await rawConnection(port, head(Buffer.byteLength(customer)));
      expect(await welcome.until((text) => text.includes("\r\n\r\n"))).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      welcome.socket.write(customer);
      expect(await welcome.until((text) => text.includes("probability"))).toContain("HTTP/1.1 200");
      welcome.socket.destroy();
      const elsewhere = await rawConnection(port, head(10).replace("/predict", "/nowhere"));
      expect(await elsewhere.ended).toMatch(/^HTTP\/1\.1 404[\s\S]*connection: close/i);
    });

    it("is taken when it is just as large as allowed", async () => {
      const { url } = await serve({ maxBodyBytes: limit });
      expect((await post(`${url}/predict`, customer.padEnd(limit, " "))).status).toBe(200);
      expect((await post(`${url}/predict`, customer.padEnd(limit + 1, " "))).status).toBe(413);
      const chunked = (size: number) => new Blob([customer.padEnd(size, " ")]).stream();
      expect((await post(`${url}/predict`, chunked(limit))).status).toBe(200);
      expect((await post(`${url}/predict`, chunked(limit + 1))).status).toBe(413);
    });

    it("is counted", async () => {
      const { url } = await serve({ maxBodyBytes: limit });
      await (await post(`${url}/batch-predict`, large)).text();
      expect(await (await fetch(`${url}/metrics`)).text()).toContain(
        'churnkit_requests_total{route="/batch-predict",status="413"} 1',
      );
    });
  });

  it("takes a body in single bytes", async () => {
    const { port } = await serve();
    const slow = await rawConnection(port);
    slow.socket.setNoDelay(true);
    for (const [i, byte] of [...postText("/predict", customer.slice(0, 40))].entries()) {
      slow.socket.write(byte);
      if (i % 5 === 0) await pause(0);
    }
    expect(await slow.until((text) => text.includes("REQUEST_INVALID"))).toContain("HTTP/1.1 400");
    slow.socket.destroy();
  });

  it("answers pipelined requests in their order on one connection", async () => {
    const { port } = await serve();
    const records = customers(20).map((record) => JSON.stringify(record));
    const requests = records.map((record, i) =>
      i % 5 === 3
        ? postText("/predict", "{")
        : i % 5 === 4
          ? postText("/nowhere", record)
          : postText("/predict", record),
    );
    const connection = await rawConnection(port, requests.join(""));
    const text = await connection.until((so) => answers(so) === 20 && so.endsWith("}"));
    const expected = model("logistic").scorer.score(customerTable(20));
    const parts = text.split("HTTP/1.1 ").slice(1);
    parts.forEach((part, i) => {
      const status = i % 5 === 3 ? "400" : i % 5 === 4 ? "404" : "200";
      expect(part.slice(0, 3)).toBe(status);
      if (status === "200")
        expect((JSON.parse(part.split("\r\n\r\n")[1] ?? "") as { probability: number }).probability).toBe(expected[i]);
    });
    connection.socket.destroy();
  });

  it.each([
    ["nonsense", "nonsense\r\n\r\n", 400],
    ["two lengths", "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}", 400],
    [
      "length and chunks",
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
      400,
    ],
    ["a negative length", "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400],
    ["a bad chunk", "POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400],
    ["huge headers", `GET /health HTTP/1.1\r\nhost: x\r\nx-much: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ])("answers %s in JSON and hangs up", async (_, bytes, status) => {
    const { url, port } = await serve();
    const text = await (await rawConnection(port, bytes)).ended;
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const [head = "", body = ""] = text.split("\r\n\r\n");
    expect(head).toContain("x-content-type-options: nosniff");
    expect((JSON.parse(body) as ErrorBody).error.message.length).toBeGreaterThan(10);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it.each([
    ["sends its headers slowly", "GET /health HTTP/1.1\r\nhost:"],
    ["sends its body slowly", "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"],
    ["sends nothing", ""],
  ])("hangs up on a client that %s", async (_, bytes) => {
    const { port } = await serve({ headersTimeout: 300, requestTimeout: 500 });
    const begin = performance.now();
    const slow = await rawConnection(port, bytes);
    const text = await slow.ended;
    expect(text.slice(0, 12)).toBe(bytes === "" ? "" : "HTTP/1.1 408");
    expect(performance.now() - begin).toBeLessThan(2500);
  });

  it("answers on a connection that was opened long before", async () => {
    const { port } = await serve({ headersTimeout: 200, requestTimeout: 2000 });
    const early = await rawConnection(port, "");
    await pause(700);
    early.socket.write("GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await early.ended).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("answers 100 clients at once without one failure", async () => {
    const { url } = await serve({}, "two networks");
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    const records = customers(100).map((record) => JSON.stringify(record));
    const expected = model("two networks").scorer.score(customerTable(100));
    const one = (row: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest(`${url}/predict`, { method: "POST", agent }, (incoming) => {
          let text = "";
          incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
          incoming.on("end", () => {
            if (incoming.statusCode === 200) resolve((JSON.parse(text) as { probability: number }).probability);
            else reject(new Error(`${incoming.statusCode ?? 0} ${text}`));
          });
        });
        outgoing.on("error", reject);
        outgoing.end(records[row]);
      });
    await Promise.all(
      records.map(async (_, row) => {
        for (let i = 0; i < 10; i++) expect(await one(row)).toBe(expected[row]);
      }),
    );
    agent.destroy();
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'churnkit_requests_total{route="/predict",status="200"} 1000',
    );
  });

  it("is not disturbed by clients that hang up", async () => {
    const { url, port } = await serve();
    const batch = JSON.stringify(customers(2000));
    const starts = [
      "",
      "GET /hea",
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
      postText("/predict", customer),
      postText("/batch-predict", batch),
    ];
    for (const bytes of [...starts, ...starts]) {
      const client = await rawConnection(port, bytes);
      await pause(2);
      client.socket.resetAndDestroy();
      await client.ended;
    }
    expect((await post(`${url}/predict`, customer)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).not.toMatch(/status="5/);
    expect(metrics).toContain('churnkit_requests_total{route="/predict",status="400"} 2');
  });

  it("keeps serving while a client does not read its answer", async () => {
    const { url, port } = await serve({ requestTimeout: 500, headersTimeout: 500 });
    const deaf = await rawConnection(port);
    deaf.socket.pause();
    const batch = postText("/batch-predict", JSON.stringify(customers(5000)));
    for (let i = 0; i < 4; i++) deaf.socket.write(batch);
    await pause(300);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    deaf.socket.destroy();
  });

  it("closes connections beyond maxConnections as they come, and takes others when one is free", async () => {
    const { port } = await serve({ maxConnections: 2 });
    const health = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    const open = await Promise.all([rawConnection(port, health), rawConnection(port, health)]);
    for (const each of open) await each.until((text) => answers(text) === 1);
    const third = await rawConnection(port, health);
    expect(await third.ended).toBe("");
    open[0].socket.destroy();
    await expect
      .poll(async () => {
        const next = await rawConnection(port, health);
        const text = await next.until((so) => answers(so) === 1);
        next.socket.destroy();
        return answers(text);
      })
      .toBe(1);
    open[1].socket.destroy();
  });

  it("says in one line that a port is in use", async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toMatchObject({
      code: "IO_FAILED",
      message: `Port ${port} on 127.0.0.1 is already in use. Pick another, or 0 for a free one.`,
    });
    await expect(serve({ host: "192.0.2.1" })).rejects.toMatchObject({
      code: "IO_FAILED",
      message: "192.0.2.1 is not an address of this machine. Take 127.0.0.1, or 0.0.0.0 for all of its addresses.",
    });
  });

  it.each([
    { port: 65_536 },
    { port: -1 },
    { port: 1.5 },
    { maxBodyBytes: 0 },
    { requestTimeout: NaN },
    { closeTimeout: Infinity },
    { maxConnections: 0 },
  ])("refuses the options %j", async (options) => {
    await expect(serve(options)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("shows an address of IPv6 as a url", async () => {
    const server = await serve({ host: "::1" }).catch(() => undefined);
    if (!server) return console.warn("skipped: serving on ::1 (no IPv6 here)");
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    return undefined;
  });

  describe("close", () => {
    it("lets requests under way finish and refuses new ones", async () => {
      const server = await serve({}, "two networks");
      const uploading = await rawConnection(server.port, postText("/predict", customer).slice(0, -10));
      await pause(50);
      let closed = false;
      const closing = server.close().then(() => (closed = true));
      await pause(150);
      expect(closed).toBe(false);
      await expect(fetch(`${server.url}/health`)).rejects.toThrow();
      uploading.socket.write(customer.slice(-10));
      const text = await uploading.ended;
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text.toLowerCase()).toContain("connection: close");
      await closing;
    });

    it("does not wait for idle connections", async () => {
      const server = await serve();
      const used = await rawConnection(server.port, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
      await used.until((text) => text.endsWith("}"));
      const unused = await rawConnection(server.port);
      await pause(20);
      const begin = performance.now();
      await server.close();
      expect(performance.now() - begin).toBeLessThan(500);
      await Promise.all([used.ended, unused.ended]);
    });

    it("ends a stuck connection after its time", async () => {
      const server = await serve({ closeTimeout: 300 });
      const stuck = await rawConnection(
        server.port,
        "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
      );
      const headless = await rawConnection(server.port, "GET /hea");
      await pause(20);
      const begin = performance.now();
      await server.close();
      const took = performance.now() - begin;
      expect(took).toBeGreaterThan(250);
      expect(took).toBeLessThan(1000);
      await Promise.all([stuck.ended, headless.ended]);
    });

    it("can be asked for twice", async () => {
      const server = await serve();
      const first = server.close();
      expect(server.close()).toBe(first);
      await first;
      const again = await serve({ port: server.port });
      expect(again.port).toBe(server.port);
    });

    it("leaves no connection behind", async () => {
      const server = await serve();
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => rawConnection(server.port, postText("/predict", customer))),
      );
      await Promise.all(clients.map((client) => client.until((text) => text.endsWith("}"))));
      await server.close();
      await Promise.all(clients.map(({ ended }) => ended));
    });
  });
});
