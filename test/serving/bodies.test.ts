import { request as httpRequest } from "node:http";
import { brotliCompressSync, createGunzip, createGzip, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler, type ScoringContext } from "../../src/serving/handler.js";
import { fetchHandler } from "../../src/serving/hosts/fetch/fetch-handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import type { Handler } from "../../src/serving/http.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { request } from "./request.js";

interface Entry {
  readonly prediction: string | null;
  readonly probability: number | null;
  readonly error?: { readonly code: string; readonly message: string };
}
const maxBodyBytes = 20_000;
const lines = "application/x-ndjson";
const records = sampleRecords(40);
const ndjson = (sent: readonly unknown[]): string => sent.map((record) => `${JSON.stringify(record)}\n`).join("");
const parsed = (text: string): Entry[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Entry);

describe("bodies", () => {
  let scorer: Scorer;
  let handler: Handler;
  let server: NodeServer;
  let expected: (number | null)[];
  const seen: { records: readonly unknown[]; context: ScoringContext }[] = [];
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact({ networks: 0 }));
    handler = createHandler(
      { scorer, name: "churn", version: "1", source: "local" },
      { onScored: (sent, _, context) => seen.push({ records: sent, context }) },
    );
    server = await listen(handler, { port: 0, maxBodyBytes });
    expected = scorer.scoreRecords(records).map(({ probability }) => probability);
  });
  afterAll(() => server.close());

  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, { method: "POST", body, headers, duplex: "half" } as RequestInit);
  const errorOf = async (response: Response) => [
    response.status,
    ((await response.json()) as { error: { message: string } }).error.message,
  ];
  const features = (record: Record<string, unknown> | undefined): unknown[] =>
    ["tenure", "charges", "paperless", "since", "plan"].map((name) => record?.[name]);

  describe("compressed", () => {
    const one = JSON.stringify(records[0]);

    it.each([
      ["gzip", gzipSync(one)],
      ["GZIP", gzipSync(one)],
      ["deflate", deflateSync(one)],
      ["br", brotliCompressSync(one)],
      ["identity", one],
    ])("reads %s", async (encoding, body) => {
      const response = await post("/predict", body, { "content-encoding": encoding });
      expect(await response.json()).toMatchObject({ probability: expected[0] });
    });

    it.each([
      ["gzip", gzipSync(Buffer.alloc(50_000_000, 0x20)).subarray(0, 19_000), 413, /larger than 20000 bytes/],
      ["br", brotliCompressSync(Buffer.alloc(5_000_000, 0x20)), 413, /larger than 20000 bytes/],
      ["gzip", Buffer.from(one), 400, /not valid gzip/],
      ["gzip", gzipSync(one).subarray(0, 60), 400, /not valid gzip/],
      ["zstd", Buffer.from(one), 400, /encoded as zstd.*gzip/],
      ["gzip, gzip", gzipSync(gzipSync(one)), 400, /encoded as gzip, gzip/],
    ])("refuses what is not, or is a bomb: %s", async (encoding, body, status, message) => {
      const [found, text] = await errorOf(await post("/predict", body, { "content-encoding": encoding }));
      expect([found, text]).toEqual([status, expect.stringMatching(message)]);
    });

    it("reads gzip where there is no Node", async () => {
      const get = process.getBuiltinModule.bind(process);
      const answer = fetchHandler(handler, { maxBodyBytes });
      const ask = (body: Buffer, encoding: string) =>
        answer(
          new Request("http://x/predict", {
            method: "POST",
            body,
            headers: { "content-encoding": encoding },
          } as RequestInit),
        );
      Object.assign(process, { getBuiltinModule: undefined });
      try {
        expect(await (await ask(gzipSync(one), "gzip")).json()).toMatchObject({ probability: expected[0] });
        expect((await ask(gzipSync(Buffer.alloc(5_000_000, 0x20)), "gzip")).status).toBe(413);
        expect((await ask(Buffer.from(one), "gzip")).status).toBe(400);
      } finally {
        Object.assign(process, { getBuiltinModule: get });
      }
    });

    it("compresses long answers for clients that take gzip, and no others", async () => {
      const raw = (accept: string | undefined, path: string, body: string) =>
        new Promise<{ encoding: string | undefined; vary: string | undefined; body: Buffer }>((resolve, reject) => {
          httpRequest(
            `${server.url}${path}`,
            { method: "POST", headers: { "x-prediction-id": "p", ...(accept && { "accept-encoding": accept }) } },
            (response) => {
              const chunks: Buffer[] = [];
              response.on("data", (chunk: Buffer) => chunks.push(chunk));
              response.on("end", () => {
                const { "content-encoding": encoding, vary } = response.headers;
                resolve({ encoding, vary, body: Buffer.concat(chunks) });
              });
            },
          )
            .on("error", reject)
            .end(body);
        });
      const batch = JSON.stringify(records);
      const plain = await raw(undefined, "/batch-predict", batch);
      expect(plain.encoding).toBeUndefined();
      for (const accept of ["gzip", "br;q=1.0, gzip;q=0.5", "deflate, gzip"]) {
        const small = await raw(accept, "/batch-predict", batch);
        expect([small.encoding, small.vary]).toEqual(["gzip", "accept-encoding"]);
        expect(gunzipSync(small.body)).toEqual(plain.body);
        expect(small.body.length).toBeLessThan(plain.body.length / 2);
      }
      for (const accept of ["br", "gzip;q=0", "gzip; q=0.0, br", "x-gzipped"]) {
        expect((await raw(accept, "/batch-predict", batch)).encoding).toBeUndefined();
      }
      expect((await raw("gzip", "/predict", one)).encoding).toBeUndefined();
    });
  });

  describe("lists of features", () => {
    it("are read in the contract's order, alone and in batches", async () => {
      const one = await post("/predict", JSON.stringify({ features: features(records[3]) }));
      expect(await one.json()).toMatchObject({ probability: expected[3] });
      const many = await post(
        "/batch-predict",
        JSON.stringify([{ features: features(records[0]) }, records[1], { features: features(records[2]) }]),
      );
      expect(
        ((await many.json()) as { predictions: Entry[] }).predictions.map(({ probability }) => probability),
      ).toEqual(expected.slice(0, 3));
    });

    it("are refused at another length, with the names in order", async () => {
      const [status, message] = await errorOf(await post("/predict", JSON.stringify({ features: [1, 2] })));
      expect([status, message]).toEqual([
        400,
        "A list of features has 2 values, but the contract has 5 features: tenure, charges, paperless, since, plan.",
      ]);
    });
  });

  describe("a batch in CSV", () => {
    const csv = [
      "since,plan,tenure,charges,paperless",
      ...records.map(({ since, plan, tenure, charges, paperless }) =>
        [since, plan, tenure, charges, paperless === true ? "yes" : "no"].join(","),
      ),
    ].join("\n");

    it("is read by its header, and answered in the form that is accepted", async () => {
      const json = (await (await post("/batch-predict", csv, { "content-type": "text/csv" })).json()) as {
        predictions: Entry[];
      };
      expect(json.predictions.map(({ probability }) => probability)).toEqual(expected);
      const text = await (await post("/batch-predict", csv, { "content-type": "text/csv", accept: "text/csv" })).text();
      expect(text.trimEnd().split("\n").map(Number)).toEqual(expected);
    });

    it("says in headers which model answered", async () => {
      const { headers } = await post("/batch-predict", csv, { "content-type": "text/csv", accept: "text/csv" });
      const names = ["x-model-name", "x-model-version", "x-model-source"];
      expect(names.map((name) => headers.get(name))).toEqual(["churn", "1", "local"]);
    });
  });

  describe("JSON lines", () => {
    it("are answered line by line, with the totals at the end", async () => {
      const response = await post("/batch-predict", ndjson(records), { "content-type": lines });
      expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
      const answers = parsed(await response.text());
      expect(answers.slice(0, -1).map(({ probability }) => probability)).toEqual(expected);
      expect(answers.at(-1)).toEqual({
        count: 40,
        failed: 0,
        prediction_id: response.headers.get("x-prediction-id"),
        threshold: 0.4,
        model_name: "churn",
        model_version: "1",
        model_source: "local",
      });
    });

    it("are answered as a batch where JSON is accepted", async () => {
      const headers = { "content-type": lines, accept: "application/json" };
      const answer = (await (await post("/batch-predict", ndjson(records), headers)).json()) as {
        predictions: Entry[];
      };
      expect(answer.predictions.map(({ probability }) => probability)).toEqual(expected);
      const [status, message] = await errorOf(await post("/batch-predict", '{}\n{"a"', headers));
      expect([status, message]).toEqual([400, expect.stringMatching(/^Line 2 is not valid JSON/)]);
    });

    it("keep their place when one is broken, and the rest goes on", async () => {
      const body = [
        JSON.stringify(records[0]),
        "{torn",
        "",
        JSON.stringify({ features: features(records[1]) }),
        '{"features":[1]}',
        JSON.stringify({ ...records[2], tenure: "soon" }),
        JSON.stringify(records[3]),
      ].join("\r\n");
      const answers = parsed(await (await post("/batch-predict", body, { "content-type": lines })).text());
      expect(answers.map((answer) => answer.probability ?? answer.error?.code)).toEqual([
        expected[0],
        "REQUEST_INVALID",
        expected[1],
        "REQUEST_INVALID",
        "VALUE_INVALID",
        expected[3],
        undefined,
      ]);
      expect(answers[1]?.error?.message).toMatch(/^Line 2 is not valid JSON/);
      expect(answers.at(-1)).toMatchObject({ count: 6, failed: 3 });
    });

    it("are broken where they are not UTF-8", async () => {
      const body = Buffer.concat([
        Buffer.from(ndjson(records.slice(0, 1))),
        Buffer.from('{"plan":"\xff"}\n', "latin1"),
      ]);
      const answers = parsed(await (await post("/batch-predict", body, { "content-type": lines })).text());
      expect(answers[0]?.probability).toBe(expected[0]);
      expect(answers[1]?.error?.message).toBe("Line 2 is not valid UTF-8.");
      expect(answers[2]).toMatchObject({ count: 2, failed: 1 });
    });

    it("are the same whatever the pieces in which they arrive", async () => {
      const sent = [...records, { ...records[0], plan: "größer 大きい" }, "torn", { ...records[1], tenure: null }];
      const bytes = new TextEncoder().encode(
        sent.map((record) => (record === "torn" ? '{"a' : JSON.stringify(record))).join("\r\n"),
      );
      const answer = async (cuts: readonly number[]): Promise<string> => {
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        async function* chunks() {
          for (const [i, end] of at.entries()) yield await Promise.resolve(bytes.subarray(at[i - 1] ?? 0, end));
        }
        const headers = { "content-type": lines, "x-prediction-id": "same" };
        const { body } = await handler({ ...request("/batch-predict", ""), headers, chunks });
        let text = "";
        for await (const piece of body as AsyncIterable<string>) text += piece;
        return text;
      };
      const whole = await answer([]);
      expect(parsed(whole)).toHaveLength(sent.length + 1);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), async (cuts) => {
          expect(await answer(cuts)).toBe(whole);
        }),
        { numRuns: budget(30) },
      );
    });

    it("give onScored what was scored, with ids as they were spelled", async () => {
      seen.length = 0;
      const body = `{"customer":12345678901234567890,"tenure":1,"charges":20,"paperless":true,"since":"2020-01-01","plan":"plus"}\n`;
      await (await post("/batch-predict", body, { "content-type": lines })).text();
      expect(seen.map(({ context }) => context.exactRecords())).toMatchObject([[{ customer: "12345678901234567890" }]]);
    });

    it("are scored before the rest has been sent, both ways compressed", async () => {
      const zip = createGzip();
      const sending = httpRequest(`${server.url}/batch-predict`, {
        method: "POST",
        headers: { "content-type": lines, "content-encoding": "gzip", "accept-encoding": "gzip" },
      });
      zip.pipe(sending);
      let text = "";
      const answered = new Promise<void>((resolve, reject) => {
        sending.on("error", reject).on("response", (response) => {
          response
            .pipe(createGunzip())
            .on("data", (chunk: Buffer) => (text += chunk.toString()))
            .on("end", resolve)
            .on("error", reject);
        });
      });
      for (let i = 0; i < 3; i++) {
        zip.write(`${JSON.stringify(records[i])}\n`);
        zip.flush();
        while (text.split("\n").length < i + 2) await new Promise((resolve) => setTimeout(resolve, 2));
        expect(parsed(text).at(-1)?.probability).toBe(expected[i]);
      }
      zip.end();
      await answered;
      expect(parsed(text).at(-1)).toMatchObject({ count: 3, failed: 0 });
    });

    it("are read no faster than their answers are taken, however many there are", async () => {
      const count = 60_000;
      const piece = new TextEncoder().encode(ndjson(records));
      let sent = 0;
      async function* chunks() {
        for (; sent < count; sent += records.length) yield await Promise.resolve(piece);
      }
      const { body } = await handler({ ...request("/batch-predict", ""), headers: { "content-type": lines }, chunks });
      let answered = 0;
      let ahead = 0;
      for await (const text of body as AsyncIterable<string>) {
        answered += text.split("\n").length - 1;
        ahead = Math.max(ahead, sent - answered);
      }
      expect(answered).toBe(count + 1);
      expect(ahead).toBeLessThanOrEqual(records.length);
    });

    it.each([
      ["a line beyond the limit on bodies", `{"a":"${"x".repeat(maxBodyBytes)}"}\n`, {}, "INPUT_TOO_LARGE"],
      ["bytes that are not gzip", "plain", { "content-encoding": "gzip" }, "REQUEST_INVALID"],
      [
        "a bomb of lines",
        gzipSync("\n".repeat(10_000_000)).subarray(0, 9_000),
        { "content-encoding": "gzip" },
        "INPUT_TOO_LARGE",
      ],
    ])("end with an error, without totals, at %s", async (_, body, headers, code) => {
      const first = typeof body === "string" && body.startsWith("{") ? ndjson(records.slice(0, 1)) : "";
      const response = await post("/batch-predict", typeof body === "string" ? first + body : body, {
        "content-type": lines,
        ...headers,
      });
      const answers = parsed(await response.text());
      expect(answers.at(-1)).toMatchObject({ error: { code } });
      expect(answers.at(-1)).not.toHaveProperty("count");
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
    });

    it("survive a client that hangs up halfway", async () => {
      const sending = httpRequest(`${server.url}/batch-predict`, {
        method: "POST",
        headers: { "content-type": lines },
      });
      sending.on("error", () => undefined);
      sending.write(ndjson(records));
      await new Promise((resolve) => sending.once("response", resolve));
      sending.destroy();
      const again = await post("/batch-predict", ndjson(records), { "content-type": lines });
      expect(parsed(await again.text())).toHaveLength(41);
    });

    it("stream through a fetch handler too", async () => {
      const answer = fetchHandler(handler);
      const response = await answer(
        new Request("http://x/batch-predict", {
          method: "POST",
          body: ndjson(records),
          headers: { "content-type": lines },
        }),
      );
      expect(parsed(await response.text()).map(({ probability }) => probability)).toEqual([...expected, undefined]);
    });
  });
});
