import { beforeAll, describe, expect, it } from "vitest";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import type { ServeResponse } from "../../src/serving/http.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { request } from "./request.js";

describe("the id of a prediction", () => {
  let scorer: Scorer;
  const records = sampleRecords(600);
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact({ networks: 0 }));
  });

  /** An answer, and the ids that the hook got with it. */
  async function ask(path: string, body: unknown, headers: Record<string, string> = {}) {
    const hooked: string[] = [];
    const handler = createHandler(
      { scorer, name: "churn", version: "1", source: "local" },
      { onScored: (some, _, { predictionId }) => some.forEach((_one, i) => hooked.push(predictionId(i))) },
    );
    const answer = await handler(request(path, body, { headers }));
    return { ...answer, text: await textOf(answer), hooked };
  }
  async function textOf({ body }: ServeResponse): Promise<string> {
    if (typeof body === "string") return body;
    let text = "";
    if (body instanceof Uint8Array) return new TextDecoder().decode(body);
    for await (const piece of body) text += typeof piece === "string" ? piece : new TextDecoder().decode(piece);
    return text;
  }
  const idIn = (text: string): unknown => (JSON.parse(text) as Record<string, unknown>)["prediction_id"];

  it("is new for each request, and the same in the answer and the hook", async () => {
    const [a, b] = [await ask("/predict", records[0]), await ask("/predict", records[0])];
    expect(a.hooked).toEqual([idIn(a.text)]);
    expect(idIn(a.text)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(idIn(b.text)).not.toBe(idIn(a.text));
  });

  it("is the caller's own where there is one", async () => {
    const answer = await ask("/predict", records[0], { "x-prediction-id": "order-7#é".slice(0, 8) });
    expect([idIn(answer.text), answer.hooked]).toEqual(["order-7#", ["order-7#"]]);
  });

  it("numbers the records of a batch, in every form", async () => {
    const own = { "x-prediction-id": "job" };
    const expected = records.map((_, i) => `job/${i}`);
    const batch = await ask("/batch-predict", { records }, own);
    expect([idIn(batch.text), batch.hooked]).toEqual(["job", expected]);
    const lines = records.map((record) => JSON.stringify(record)).join("\n");
    const stream = await ask("/batch-predict", lines, { ...own, "content-type": "application/x-ndjson" });
    expect([stream.headers["x-prediction-id"], stream.hooked]).toEqual(["job", expected]);
    const csv = await ask("/batch-predict", { records }, { ...own, accept: "text/csv" });
    expect([csv.headers["x-prediction-id"], csv.hooked]).toEqual(["job", expected]);
  });

  it.each(["", " ", "a b", "x".repeat(201), "caf\u00e9", "a\tb"])("is refused as %j", async (id) => {
    for (const [path, body] of [
      ["/predict", records[0]],
      ["/batch-predict", records],
    ] as const)
      expect(await ask(path, body, { "x-prediction-id": id })).toMatchObject({
        status: 400,
        text: expect.stringContaining("x-prediction-id") as string,
        hooked: [],
      });
  });
});
