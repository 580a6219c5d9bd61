import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { CellIssue } from "../../src/data/contract/cells/issue.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import type { ErrorBody } from "../../src/serving/http.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request, type TextHandler } from "./request.js";
import { budget } from "../helpers/budget.js";

interface One {
  readonly prediction: string | null;
  readonly probability: number | null;
  readonly warnings?: CellIssue[];
  readonly error?: ErrorBody["error"];
}
interface Batch {
  readonly predictions: One[];
  readonly count: number;
  readonly failed: number;
  readonly issues_left_off?: boolean;
}

describe("predictions", () => {
  let scorer: Scorer;
  let handler: TextHandler;
  const bytes = (value: unknown): Uint8Array =>
    new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
  const send = async <Answer>(
    path: string,
    body: Uint8Array,
  ): Promise<{ status: number; answer: Answer & ErrorBody; size: number }> => {
    const response = await handler(request(path, body));
    return {
      status: response.status,
      answer: JSON.parse(response.body) as Answer & ErrorBody,
      size: response.body.length,
    };
  };
  const predict = (value: unknown) => send<One>("/predict", bytes(value));
  const batch = (value: unknown) => send<Batch>("/batch-predict", bytes(value));
  const [good = {}] = sampleRecords(1, 3);
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));

  beforeAll(async () => {
    scorer = await compile(await sampleArtifact());
    handler = asText(createHandler({ scorer, name: "churn", version: "7", source: "local" }));
  });

  it("gives label, probability, threshold and the model's origin", async () => {
    const { status, answer } = await predict(good);
    const { probability, label } = scorer.scoreRecord(good);
    expect(status).toBe(200);
    expect(answer).toEqual({
      prediction: label,
      probability,
      prediction_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      threshold: 0.4,
      model_name: "churn",
      model_version: "7",
      model_source: "local",
    });
  });

  it("scores what is odd and says what was odd", async () => {
    const { status, answer } = await predict({ ...good, plan: "gold", tenure: 500 });
    expect(status).toBe(200);
    expect(answer.probability).toBe(scorer.scoreRecord({ ...good, plan: "gold", tenure: 500 }).probability);
    expect(answer.warnings?.map(({ column, rule }) => [column, rule])).toEqual([
      ["tenure", "outsideObserved"],
      ["plan", "newLevel"],
    ]);
  });

  it.each([
    ["a missing field", without("tenure"), "tenure"],
    ["a wrong type", { ...good, tenure: "twelve" }, "tenure"],
    ["an object for a number", { ...good, tenure: { $gt: 0 } }, "tenure"],
    ["an array for a number", { ...good, tenure: [3] }, "tenure"],
    ["a fraction for a whole number", { ...good, tenure: 3.5 }, "tenure"],
    ["a number beyond all bounds", JSON.stringify(good).replace(/"tenure":\d+/, '"tenure":1e999'), "tenure"],
    ["a date that is none", { ...good, since: "2024-02-30" }, "since"],
    ["a number for a label", { ...good, plan: {} }, "plan"],
    ["an array as the record", [good], ""],
    ["null as the record", "null", ""],
    ["a number as the record", "7", ""],
    ["a text as the record", '"x"', ""],
    ["a record inside constructor", `{"constructor": ${JSON.stringify(good)}}`, "tenure"],
  ])("refuses %s with its column", async (_, record, column) => {
    const { status, answer } = await predict(record);
    expect(status).toBe(422);
    expect(answer.error.code).toBe("VALUE_INVALID");
    expect(answer.error.issues?.[0]?.column).toBe(column);
    expect(answer.error.message).toContain(answer.error.issues?.[0]?.message);
  });

  it("tells a key that is absent from one that is null", async () => {
    const messages = async (record: object) =>
      (await predict(record)).answer.error.issues?.map(({ message }) => message);
    expect(await messages(without("tenure"))).toEqual([
      'Column "tenure": the key is absent, but this column needs a value in every row.',
    ]);
    expect(await messages({ ...good, tenure: null })).toEqual([
      'Column "tenure": null means missing, but this column needs a value in every row.',
    ]);
  });

  it("names every broken column", async () => {
    const { answer } = await predict({ ...good, tenure: "x", since: "y", paperless: "z" });
    expect(answer.error.issues?.map(({ column }) => column)).toEqual(["tenure", "paperless", "since"]);
    expect(answer.error.message).toMatch(/\(and 2 more\)$/);
  });

  it("is not moved by keys that objects inherit or that it does not know", async () => {
    const extra = `{"constructor": {"prototype": {"x": 1}}, "toString": 1, "more": [[]],${JSON.stringify(good).slice(1)}`;
    const { status, answer } = await predict(extra);
    expect(status).toBe(200);
    expect(answer.probability).toBe(scorer.scoreRecord(good).probability);
    const { status: refused, answer: why } = await predict(
      `{"__proto__": {"admin": true},${JSON.stringify(good).slice(1)}`,
    );
    expect([refused, why.error.message]).toEqual([
      400,
      "The body's JSON has a member named __proto__, which is not allowed.",
    ]);
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  it.each([
    ["nothing", new Uint8Array(), /empty/],
    ["blanks", bytes("  "), /JSON/],
    ["half a document", bytes('{"tenure": 3'), /JSON/],
    ["two documents", bytes("{}{}"), /JSON/],
    ["a form", bytes("tenure=3&plan=basic"), /JSON/],
    ["NaN", bytes('{"tenure": NaN}'), /JSON/],
    ["bytes that are no UTF-8", Uint8Array.of(0x22, 0xff, 0xfe, 0x22), /UTF-8/],
    ["a lone surrogate in UTF-8", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /UTF-8/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /UTF-8/],
    ["UTF-16", Uint8Array.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), /UTF-8/],
  ])("refuses %s as a body", async (_, body, reason) => {
    for (const path of ["/predict", "/batch-predict"]) {
      const { status, answer } = await send(path, body);
      expect(status).toBe(400);
      expect(answer.error.code).toBe("REQUEST_INVALID");
      expect(answer.error.message).toMatch(reason);
      expect(answer.error.message.length).toBeLessThan(300);
    }
  });

  it("reads a body with a byte order mark", async () => {
    expect((await send("/predict", Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes(good)]))).status).toBe(200);
  });

  it("bears a body nested a million deep", async () => {
    const deep = `${"[".repeat(1e6)}${"]".repeat(1e6)}`;
    for (const { status, answer } of [
      await predict(deep),
      await predict(`{"tenure": ${deep}}`),
      await batch(`{"records": [${deep}]}`),
    ]) {
      expect([status, answer.error.message]).toEqual([400, "The body's JSON nests deeper than 200 levels."]);
    }
    expect((await predict("[".repeat(1e6))).status).toBe(400);
    expect((await predict('{"a":'.repeat(3e5))).status).toBe(400);
  });

  it("scores a batch as it scores each record, whichever way it is wrapped", async () => {
    const records = sampleRecords(2500, 4);
    const expected = scorer.scoreRecords(records);
    for (const body of [records, { records }]) {
      const { status, answer } = await batch(body);
      expect(status).toBe(200);
      expect(answer).toMatchObject({ count: 2500, failed: 0, threshold: 0.4, model_version: "7" });
      expect(answer.predictions.map(({ prediction, probability }) => ({ prediction, probability }))).toEqual(
        expected.map(({ label, probability }) => ({ prediction: label, probability })),
      );
    }
  });

  it("reports the broken records of a batch in their place", async () => {
    const { status, answer } = await batch([good, null, { ...good, plan: "gold" }, { ...good, tenure: "x" }, [], good]);
    expect(status).toBe(200);
    expect(answer).toMatchObject({ count: 6, failed: 3 });
    expect(answer.predictions.map(({ probability }) => probability !== null)).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(answer.predictions[2]?.warnings).toMatchObject([{ column: "plan", rule: "newLevel", value: "gold" }]);
    expect(answer.predictions[3]).toMatchObject({
      prediction: null,
      error: { code: "VALUE_INVALID", issues: [{ column: "tenure" }] },
    });
    expect(Object.keys(answer.predictions[0] ?? {})).toEqual(["prediction", "probability"]);
  });

  it("names keys that are no column's and columns that a record lacks", async () => {
    const { tenure, ...rest } = good;
    const refused = await predict({ ...rest, tenur: tenure });
    expect(refused.status).toBe(422);
    expect(refused.answer.error.message).toMatch(
      /^"tenur" is not a column of the contract and was left out; perhaps you meant "tenure"/,
    );
    const scored = await predict({ ...good, zzz: 1 });
    expect([scored.status, scored.answer.warnings]).toMatchObject([200, [{ column: "zzz", rule: "extraColumn" }]]);
    const { answer } = await batch([good, { ...good, zzz: 1 }, { ...rest, tenur: tenure }]);
    expect(
      answer.predictions.map(({ warnings, error }) => (warnings ?? error?.issues ?? []).map(({ column }) => column)),
    ).toEqual([[], ["zzz"], ["tenur", "tenure"]]);
  });

  it("takes an empty batch", async () => {
    expect((await batch([])).answer).toMatchObject({ predictions: [], count: 0, failed: 0 });
  });

  it.each([
    ["a record", good],
    ["null", "null"],
    ["a text", '"records"'],
    ["records that are no list", { records: good }],
  ])("refuses %s as a batch", async (_, body) => {
    const { status, answer } = await batch(body);
    expect(status).toBe(400);
    expect(answer.error.message).toContain('{"records": [...]}');
  });

  it("takes 10,000 records and not one more", async () => {
    const ten = await batch(`[${"0,".repeat(9999)}0]`);
    expect(ten.answer).toMatchObject({ count: 10_000, failed: 10_000 });
    const more = await batch(`[${"0,".repeat(10_000)}0]`);
    expect(more.status).toBe(413);
    expect(more.answer.error).toMatchObject({
      code: "INPUT_TOO_LARGE",
      message: expect.stringContaining("10001") as unknown,
    });
  });

  it("does not let a small batch make a huge answer", async () => {
    const { answer, size } = await batch(`[${"{},".repeat(9999)}{}]`);
    expect(answer.failed).toBe(10_000);
    const each = (await predict({})).answer.error.issues?.length ?? 0;
    expect(each).toBeGreaterThan(1);
    expect(answer.predictions.flatMap(({ error }) => error?.issues ?? [])).toHaveLength(100);
    expect(answer.issues_left_off).toBe(true);
    expect(answer.predictions[9999]?.error).toMatchObject({ code: "VALUE_INVALID", issues: [] });
    expect(size).toBeLessThan(3e6);
  });

  it("lets other requests through while it scores a large batch", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await batch(sampleRecords(5000));
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it("never fails on any JSON, and says why it refuses", async () => {
    const value = fc.oneof({ weight: 3, arbitrary: fc.jsonValue() }, fc.constantFrom(...Object.values(good)));
    const record = fc.record(Object.fromEntries(Object.keys(good).map((key) => [key, value])), { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), record), async (body) => {
        const text = JSON.stringify(body);
        const { status, answer } = await predict(text);
        expect(text.includes("__proto__") ? [200, 400, 422] : [200, 422]).toContain(status);
        if (status === 422) expect(answer.error.issues?.length).toBeGreaterThan(0);
        else if (status === 200) expect(Number.isFinite(answer.probability)).toBe(true);
        expect([200, 400]).toContain((await batch(text)).status);
      }),
      { numRuns: budget(300) },
    );
  });
});
