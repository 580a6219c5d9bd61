import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { syntheticContract } from "../../src/data/synthetic.js";
import { captureIssues } from "../../src/monitor/capture/capture.js";
import { labelLog } from "../../src/monitor/capture/read-labels.js";
import {
  captureLog,
  captureToStore,
  readCaptureLines,
  readLabelLines,
  type CapturedPrediction,
} from "../../src/monitor/index.js";
import { memoryStore, type ObjectStore } from "../../src/io/index.js";
import { csvRows } from "../../src/monitor/capture/payload.js";
import { captureLine } from "../../src/monitor/capture/write.js";
import { csvLine } from "../../src/data/table/csv-line.js";
import { budget } from "../helpers/budget.js";

const contract = {
  ...syntheticContract,
  columns: syntheticContract.columns.filter(({ name }) => ["age", "plan", "mobileGb", "churn"].includes(name)),
};

async function read(
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  limits = {},
): Promise<{ found: CapturedPrediction[]; issues: Record<string, number>; examples: readonly string[] }> {
  const log = captureLog();
  const found: CapturedPrediction[] = [];
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for await (const one of readCaptureLines(bytes, { contract, log, source: "a.jsonl", limits })) found.push(one);
  return {
    found,
    issues: Object.fromEntries(log.list().map(({ issue, count }) => [issue, count])),
    examples: log.list().flatMap((each) => each.examples),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const side = (data: string, encoding: string, observedContentType: string): object => ({
  data,
  encoding,
  observedContentType,
  mode: "INPUT",
});
const event = (input: object, output: object, metadata: object = {}): string =>
  JSON.stringify({
    captureData: { endpointInput: input, endpointOutput: output },
    eventMetadata: { eventId: "e1", inferenceTime: "2026-02-01T10:00:00Z", ...metadata },
    eventVersion: "0",
  });

describe("SageMaker's data capture", () => {
  it.each([
    ["CSV", side("44,Basic,3.5\n", "CSV", "text/csv"), side("0.25\n", "CSV", "text/csv; charset=utf-8")],
    ["CSV in base64", side(base64('44,"Basic",3.5'), "BASE64", "text/csv"), side(base64("0.25"), "BASE64", "text/csv")],
    [
      "JSON",
      side('{"age":44,"plan":"Basic","mobileGb":3.5}', "JSON", "application/json"),
      side('{"prediction":"No","probability":0.25}', "JSON", "application/json"),
    ],
    [
      "JSON in base64",
      side(base64('{"age":44,"plan":"Basic","mobileGb":3.5}'), "BASE64", "application/json"),
      side(base64("[[0.25]]"), "BASE64", "application/json"),
    ],
    [
      "instances",
      side('{"instances":[{"features":[44,"Basic",3.5]}]}', "JSON", "application/json"),
      side('{"predictions":[{"score":0.25,"predicted_label":0}]}', "JSON", "application/json"),
    ],
    [
      "JSON lines",
      side('{"age":44,"plan":"Basic","mobileGb":3.5}\n', "JSON", "application/jsonlines"),
      side('{"score":0.25}\n', "JSON", "application/jsonlines"),
    ],
  ])("is read: %s", async (_, input, output) => {
    const { found, issues } = await read(event(input, output, { inferenceId: "customer-1" }));
    expect(issues).toEqual({});
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ id: "customer-1", at: "2026-02-01T10:00:00.000Z", probability: 0.25 });
    const record = found[0]?.record as Record<string, unknown>;
    expect([Number(record["age"]), record["plan"], Number(record["mobileGb"])]).toEqual([44, "Basic", 3.5]);
  });

  it("is read in batches, each record under an id of its own", async () => {
    const output = side(
      '{"predictions":[{"prediction":"No","probability":0.1},{"prediction":null,"probability":null}],"model_version":"7"}',
      "JSON",
      "application/json",
    );
    const { found, issues } = await read(
      event(side('{"records":[{"age":1},{"age":"x"}]}', "JSON", "application/json"), output),
    );
    expect(found.map(({ id, probability, version }) => [id, probability, version])).toEqual([
      ["e1", 0.1, "7"],
      ["e1#1", null, "7"],
    ]);
    expect(issues).toEqual({ badOutput: 1 });
    const csv = await read(
      event(side("1,Basic,2\n3,Premium,4", "CSV", "text/csv"), side("0.1,0.9", "CSV", "text/csv")),
    );
    expect(csv.found.map(({ probability }) => probability)).toEqual([0.1, 0.9]);
  });

  it.each([
    ["badInput", event(side("1,2", "CSV", "text/csv"), side("0.5", "CSV", "text/csv"))],
    ["badInput", event(side("%%%", "BASE64", "text/csv"), side("0.5", "CSV", "text/csv"))],
    ["badInput", event(side("{", "JSON", "application/json"), side("0.5", "CSV", "text/csv"))],
    ["badInput", event({}, side("0.5", "CSV", "text/csv"))],
    [
      "badTime",
      event(side("1,a,2", "CSV", "text/csv"), side("0.5", "CSV", "text/csv"), { inferenceTime: "yesterday" }),
    ],
    ["badTime", event(side("1,a,2", "CSV", "text/csv"), side("0.5", "CSV", "text/csv"), { inferenceTime: undefined })],
    ["notJson", "{oops"],
    ["notPrediction", "[1,2]"],
    ["notPrediction", '{"some":"thing"}'],
    ["badInput", '{"record":5,"at":"2026-02-01"}'],
    ["badTime", '{"record":{},"at":"99999-01-01"}'],
  ])("counts and names what it cannot read: %s", async (issue, line) => {
    const { found, issues, examples } = await read(`\n${line}\n`);
    expect(found).toEqual([]);
    expect(issues).toEqual({ [issue]: 1 });
    expect(examples).toEqual(["a.jsonl:2"]);
  });

  it.each([
    ["outputCount", side("0.5\n0.6", "CSV", "text/csv")],
    ["badOutput", side("1.5", "CSV", "text/csv")],
    ["badOutput", side("NaN", "CSV", "text/csv")],
    ["badOutput", side("{", "JSON", "application/json")],
  ])("counts a record without its score: %s", async (issue, output) => {
    const { found, issues } = await read(event(side("1,a,2", "CSV", "text/csv"), output));
    expect(found.map(({ probability }) => probability)).toEqual([null]);
    expect(issues).toEqual({ [issue]: 1 });
  });
});

describe("lines", () => {
  const good = JSON.stringify({
    id: "a",
    at: "2026-02-01T10:00:00Z",
    record: { age: 1 },
    probability: 0.5,
    label: "No",
    version: "1",
  });

  it("are read however the bytes are cut, packed or not, and whatever stands between them", async () => {
    const text = `${good}\r\n\n${good}\n${"x".repeat(400)}\n${good}`;
    for (const size of [1, 7, 64, 100_000]) {
      const bytes = new TextEncoder().encode(text);
      const { found, issues } = await read(
        (async function* () {
          const buffer = new Uint8Array(size);
          for (let at = 0; at < bytes.length; at += size) {
            const part = bytes.subarray(at, at + size);
            // One buffer, filled again and again.
            buffer.set(part);
            yield await Promise.resolve(buffer.subarray(0, part.length));
          }
        })(),
        { lineBytes: 200 },
      );
      expect([found.length, issues]).toEqual([3, { tooLong: 1 }]);
    }
    expect((await read(gzipSync(`${good}\n${good}\n`))).found).toHaveLength(2);
  });

  it("that are no text are left out, and a damaged file as a whole", async () => {
    const broken = Buffer.concat([Buffer.from(`${good}\n`), Buffer.from([0xff, 0xfe, 0x61, 0x0a]), Buffer.from(good)]);
    expect(await read(broken)).toMatchObject({ issues: { notText: 1 }, found: { length: 2 } });
    expect((await read(gzipSync(`${good}\n`.repeat(50)).subarray(0, 40))).issues).toEqual({ unreadable: 1 });
    expect((await read(Uint8Array.of(0x50, 0x41, 0x52, 0x31, 0, 1, 2))).issues).toEqual({ unreadable: 1 });
    expect(await read("")).toEqual({ found: [], issues: {}, examples: [] });
  });

  it("never throw, whatever they hold", async () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((data) => `{"captureData":${data},"eventMetadata":${data}}`),
      fc.json().map((data) => `{"record":${data},"at":${data}}`),
      fc.json().map((data) => event(side(data, "JSON", "application/json"), side(data, "CSV", ""))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
        const { found, issues } = await read(lines.join("\n"));
        expect(Object.keys(issues).every((issue) => issue in captureIssues)).toBe(true);
        expect(found.every(({ probability }) => probability === null || (probability >= 0 && probability <= 1))).toBe(
          true,
        );
      }),
      { numRuns: budget(150) },
    );
  });

  it("refuses limits that are none", async () => {
    await expect(read(good, { lineBytes: 0 })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(
      (
        await read(
          event(
            side("[[1,2,3],[1,2,3],[1,2,3]]", "JSON", "application/json"),
            side("[0.1,0.2,0.3]", "JSON", "application/json"),
          ),
          { records: 2 },
        )
      ).issues,
    ).toEqual({ tooManyRecords: 1 });
  });

  it("of CSV read back what a CSV writer wrote", () => {
    const cell = fc.string({ maxLength: 12 }).filter((text) => !text.includes("\r"));
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (rows) => {
        expect(csvRows(rows.map(csvLine).join(""), 100)).toEqual(rows);
      }),
    );
  });
});

describe("our own form", () => {
  const prediction = (minute: number, id = "a"): CapturedPrediction => ({
    id,
    at: new Date(Date.UTC(2026, 1, 1, 10, minute)).toISOString(),
    record: { age: minute },
    probability: 0.5,
    label: "No",
    version: "1",
    treated: true,
  });

  it("is written to a store by the hour, and read back as it was", async () => {
    const store = memoryStore();
    const writer = captureToStore(store, { prefix: "captured", writer: "web-1", bytes: 500 });
    const all = Array.from({ length: 90 }, (_, minute) => prediction(minute));
    for (const one of all) await writer.write([one]);
    await writer.close();
    const keys = (await store.list("captured/")).map(({ key }) => key);
    expect(new Set(keys.map((key) => key.slice(0, 22)))).toEqual(
      new Set(["captured/2026/02/01/10", "captured/2026/02/01/11"]),
    );
    expect(keys.length).toBeGreaterThan(5);
    const found: CapturedPrediction[] = [];
    for (const key of keys) found.push(...(await read((await store.get(key))?.bytes ?? "")).found);
    expect(found.sort((a, b) => (a.at < b.at ? -1 : 1))).toEqual(all);
    await expect(writer.write([prediction(0)])).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("keeps a number that JSON has not, which the contract refuses, from becoming a missing value", () => {
    const line = captureLine({
      id: null,
      at: "2026-02-01T13:05:00Z",
      record: { age: Infinity },
      probability: null,
      label: null,
      version: null,
    });
    expect(JSON.parse(line)).toMatchObject({ record: { age: "Infinity" } });
  });

  it("loses nothing while the store is away", async () => {
    const store = memoryStore();
    let away = true;
    const shaky: ObjectStore = {
      ...store,
      put: (key, bytes, options) => (away ? Promise.reject(new Error("away")) : store.put(key, bytes, options)),
    };
    const writer = captureToStore(shaky, { prefix: "captured", writer: "web", bytes: 10 });
    await expect(writer.write([prediction(1, "first")])).rejects.toThrow("away");
    away = false;
    await writer.write([prediction(2, "second")]);
    await writer.close();
    const texts = await Promise.all(
      (await store.list("captured/")).map(async ({ key }) => new TextDecoder().decode((await store.get(key))?.bytes)),
    );
    expect(
      texts
        .join("")
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as CapturedPrediction).id),
    ).toEqual(["first", "second"]);
  });

  it("holds no more than it may while the store is away, says what it drops, and asks the store now and then alone", async () => {
    const store = memoryStore();
    let away = true;
    let asked = 0;
    const shaky: ObjectStore = {
      ...store,
      put: (key, bytes, options) => {
        asked++;
        return away ? Promise.reject(new Error("away")) : store.put(key, bytes, options);
      },
    };
    const writer = captureToStore(shaky, {
      prefix: "captured",
      writer: "web",
      bytes: 4_000,
      held: 10_000,
      seconds: 1e6,
    });
    const lineBytes = JSON.stringify(prediction(10)).length + 1;
    const errors: string[] = [];
    for (let i = 0; i < 400; i++)
      await writer.write([prediction(10)]).catch((error: unknown) => errors.push((error as Error).message));
    expect(asked).toBe(2);
    expect(errors.filter((message) => message.endsWith(". away"))).toHaveLength(2);
    expect(errors.filter((message) => message.includes("dropped 1 predictions"))).toHaveLength(
      400 - Math.floor(10_000 / lineBytes),
    );
    away = false;
    await writer.flush();
    await writer.write([prediction(11)]);
    await writer.close();
    const lines = await Promise.all(
      (await store.list("captured/")).map(
        async ({ key }) =>
          new TextDecoder()
            .decode((await store.get(key))?.bytes)
            .trim()
            .split("\n").length,
      ),
    );
    expect(lines.reduce((sum, count) => sum + count, 0)).toBe(Math.floor(10_000 / lineBytes) + 1);
  });

  it("refuses a place that no key can name", () => {
    expect(() => captureToStore(memoryStore(), { prefix: "../up", writer: "a" })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
    expect(() => captureToStore(memoryStore(), { prefix: "a", writer: "a", bytes: 0 })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});

describe("labels", () => {
  it("are read as JSON lines, as CSV and as Model Monitor's ground truth", async () => {
    const log = labelLog();
    const all = async (text: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const label of readLabelLines(new TextEncoder().encode(text), {
        positive: "Yes",
        negative: "No",
        log,
        source: "labels",
      }))
        found.push(label);
      return found;
    };
    expect(await all('{"id":"a","outcome":1,"time":"2026-02-20"}\n{"id":"b","outcome":"No"}')).toEqual([
      { id: "a", outcome: 1, time: "2026-02-20" },
      { id: "b", outcome: 0 },
    ]);
    expect(await all('id,outcome,time\na,Yes,2026-02-20\n"b",0,\n')).toEqual([
      { id: "a", outcome: 1, time: "2026-02-20" },
      { id: "b", outcome: 0 },
    ]);
    const truth = (data: unknown): string =>
      JSON.stringify({
        groundTruthData: { data, encoding: "CSV" },
        eventMetadata: { eventId: "e" },
        eventVersion: "0",
      });
    expect(await all(truth("1"))).toEqual([{ id: "e", outcome: 1 }]);
    expect(await all(truth("1\n0"))).toEqual([
      { id: "e", outcome: 1 },
      { id: "e#1", outcome: 0 },
    ]);
    expect(log).toMatchObject({ labels: 7, bad: 0 });
    expect(await all("id,outcome\na,True\nb,FALSE\nc,yes")).toEqual([
      { id: "a", outcome: 1 },
      { id: "b", outcome: 0 },
      { id: "c", outcome: 1 },
    ]);
    expect(log).toMatchObject({ labels: 10, bad: 0 });
    // Monitors once had a folding of their own, which knew none of these.
    expect(await all("id,outcome\na,1.00\nb,n\nc, YES")).toEqual([
      { id: "a", outcome: 1 },
      { id: "b", outcome: 0 },
      { id: "c", outcome: 1 },
    ]);
    // Ids that are numbers, which the server writes as texts.
    expect(await all('{"id":17,"outcome":1}')).toEqual([{ id: "17", outcome: 1 }]);
    expect(await all('{"id":"a"}\n{"id":"","outcome":1}\nid\n{bad')).toEqual([]);
    expect(log.causes).toEqual(["it has no outcome", "it has no id", "it is not valid JSON"]);
    expect(log.bad).toBe(4);
    expect(log.examples[0]).toBe("labels:1");
  });

  it.each([
    // The classes of a column "stayed", whose positive class is the churner.
    {
      positive: "No",
      negative: "Yes",
      read: { Yes: 0, no: 1, y: 0, n: 1 },
      refused: ["1", "0", "1.0", "True", "false"],
    },
    { positive: "Yes", negative: "No", read: { Yes: 1, no: 0, "1": 1, "0.0": 0, TRUE: 1, n: 0 }, refused: ["maybe"] },
    { positive: "left", negative: "stayed", read: { left: 1, Stayed: 0, "1": 1, false: 0 }, refused: ["gone"] },
    // A class's own spelling is that class.
    { positive: "0", negative: "1", read: { "1": 0, "0.0": 1 }, refused: ["true", "false"] },
    { positive: "No", negative: "stayed", read: { no: 1, stayed: 0 }, refused: ["1", "yes", "0"] },
    {
      positive: "pro",
      negative: ["basic", "plus"],
      read: { pro: 1, basic: 0, Plus: 0, "1": 1, false: 0 },
      refused: ["max"],
    },
    { positive: "2", negative: ["0", "1"], read: { "2": 1, "0": 0, "1": 0, "1.0": 0 }, refused: ["3"] },
  ])("an outcome is read for $positive as what it can only mean", async ({ positive, negative, read, refused }) => {
    const log = labelLog();
    const outcomes: [string, unknown][] = [];
    const texts = [...Object.keys(read), ...refused];
    const bytes = new TextEncoder().encode(`id,outcome\n${texts.map((text) => `${text},${text}`).join("\n")}`);
    for await (const { id, outcome } of readLabelLines(bytes, { positive, negative, log }))
      outcomes.push([id, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual(read);
    expect(log.bad).toBe(refused.length);
    expect(log.causes[0]).toMatch(
      negative === "Yes"
        ? /^the outcome 1 may mean the class "Yes" or, as a flag, "No": write the class$/
        : /write the class$|is not a class; send "/,
    );
  });
});
