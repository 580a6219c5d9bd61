import { expect, it } from "vitest";
import { fetchHandler } from "../../src/serving/hosts/fetch/fetch-handler.js";
import { callerFailure, json, type ServeRequest } from "../../src/serving/http.js";

const seen: ServeRequest[] = [];
const serve = fetchHandler(
  async (request) => {
    seen.push(request);
    try {
      return json(200, { length: request.method === "POST" ? (await request.body()).length : 0 }, { "x-a": "b" });
    } catch (error) {
      return callerFailure(error) ?? json(500, {});
    }
  },
  { maxBodyBytes: 100 },
);
const url = "https://example.com/predict?a=1&b=2";
/** A body of unknown length, in parts. */
const stream = (...parts: (string | Error)[]) =>
  new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else if (typeof part === "string") controller.enqueue(new TextEncoder().encode(part));
      else controller.error(part);
    },
  });
const post = (body: BodyInit) => serve(new Request(url, { method: "POST", body, duplex: "half" } as RequestInit));

it("hands on method, path, query and headers, and gives the answer back", async () => {
  const response = await serve(new Request(url, { method: "POST", body: "12345", headers: { "X-Key": "k" } }));
  expect(seen.at(-1)).toMatchObject({ method: "POST", path: "/predict", query: "a=1&b=2", headers: { "x-key": "k" } });
  expect([response.status, response.headers.get("x-a"), await response.json()]).toEqual([200, "b", { length: 5 }]);
  const head = await serve(new Request(url, { method: "HEAD" }));
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

it("reads a body up to its limit, whole and in parts", async () => {
  expect(await (await post(stream("a".repeat(50), "b".repeat(50)))).json()).toEqual({ length: 100 });
  expect((await post("a".repeat(101))).status).toBe(413);
  expect((await post(stream("a".repeat(50), "b".repeat(51)))).status).toBe(413);
  expect((await post(stream("a", new Error("hung up")))).status).toBe(400);
});
