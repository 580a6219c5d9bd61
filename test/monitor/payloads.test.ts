import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { captureOutputs, type CaptureOutput } from "../../src/monitor/capture/output.js";
import type { CaptureIssueCount } from "../../src/monitor/capture/capture.js";
import { captureLog, readCaptureLines, type CapturedPrediction } from "../../src/monitor/index.js";
import type { Contract } from "../../src/data/index.js";
import { budget } from "../helpers/budget.js";

const column = { role: "feature", nullable: true, optional: false, missing: [] } as const;
const contract: Contract = {
  format: 1,
  name: "small",
  origin: "declared",
  columns: [
    { ...column, name: "spend", kind: "number", integer: false },
    { ...column, name: "plan", kind: "category", levels: ["a", "b", "c"], open: true },
    { ...column, name: "churn", role: "target", kind: "category", levels: ["No", "Yes"], open: false },
  ],
  target: { column: "churn", classes: ["No", "Yes"], positive: "Yes" },
};

const plans = ["basic", "plus", "pro"];
const threeClasses: Contract = {
  ...contract,
  columns: contract.columns.map((one) => (one.name === "churn" ? { ...one, levels: plans } : one)),
  target: { column: "churn", classes: plans, positive: "pro" },
};

type Side = readonly [data: string, encoding?: string, type?: string];
const csv = (data: string): Side => [data, "CSV", "text/csv"];
const json = (value: unknown): Side => [JSON.stringify(value), "JSON", "application/json"];
const packed = (data: string, type: string): Side => [Buffer.from(data).toString("base64"), "BASE64", type];
const side = ([data, encoding, observedContentType]: Side): object => ({ data, encoding, observedContentType });
const event = (input: Side, output: Side): string =>
  JSON.stringify({
    captureData: { endpointInput: side(input), endpointOutput: side(output) },
    eventMetadata: { eventId: "e", inferenceTime: "2026-02-01T10:00:00Z" },
  });

async function read(
  events: readonly string[],
  output?: CaptureOutput,
  by = contract,
): Promise<{ found: CapturedPrediction[]; issues: CaptureIssueCount[] }> {
  const log = captureLog();
  const found: CapturedPrediction[] = [];
  for await (const one of readCaptureLines(new TextEncoder().encode(events.join("\n")), {
    contract: by,
    log,
    outputForm: output,
  }))
    found.push(one);
  return { found, issues: log.list() };
}

const two = [
  { spend: 33.44, plan: "a" },
  { spend: 69.54, plan: "b" },
];
const one = [{ spend: 33.44, plan: "a" }];

describe("a captured input", () => {
  it.each<[string, readonly object[], Side]>([
    ["CSV with a header", two, csv("spend,plan\n33.44,a\n69.54,b")],
    ["CSV with a header in another order", two, csv("plan,spend\r\na,33.44\r\nb,69.54\r\n")],
    ["CSV with a header in another case", two, csv("Plan,SPEND\na,33.44\nb,69.54")],
    ["CSV with a header of words that name no column", two, csv("f0,f1\n33.44,a\n69.54,b")],
    ["CSV without a header", two, csv("33.44,a\n69.54,b")],
    ["CSV in base64 under no content type", two, packed("33.44,a\n69.54,b", "")],
    ["CSV as application/octet-stream", two, packed("33.44,a\n69.54,b", "application/octet-stream")],
    ["columns", two, json({ spend: [33.44, 69.54], plan: ["a", "b"] })],
    ["columns of lists of one", two, json({ inputs: { spend: [[33.44], [69.54]], plan: [["a"], ["b"]] } })],
    ["columns by row, as pandas writes them", two, json({ spend: { 0: 33.44, 1: 69.54 }, plan: { 0: "a", 1: "b" } })],
    [
      "dataframe_split",
      two,
      json({
        dataframe_split: {
          columns: ["plan", "spend"],
          index: [0, 1],
          data: [
            ["a", 33.44],
            ["b", 69.54],
          ],
        },
      }),
    ],
    [
      "split without a wrapper",
      two,
      json({
        columns: ["spend", "plan"],
        data: [
          [33.44, "a"],
          [69.54, "b"],
        ],
      }),
    ],
    ["dataframe_records", two, json({ dataframe_records: two })],
    ["instances", two, json({ instances: two })],
    [
      "instances as rows",
      two,
      json({
        instances: [
          [33.44, "a"],
          [69.54, "b"],
        ],
      }),
    ],
    ["inputs", two, json({ inputs: two })],
    [
      "tensors",
      two,
      json({
        inputs: [
          { name: "spend", shape: [2, 1], datatype: "FP32", data: [33.44, 69.54] },
          { name: "plan", shape: [2, 1], datatype: "BYTES", data: ["a", "b"] },
        ],
      }),
    ],
    ["JSON as text/html", two, packed(JSON.stringify(two), "text/html; charset=utf-8")],
    ["JSON called CSV", two, [JSON.stringify({ records: two }), "CSV", "text/html"]],
    ["JSON as application/octet-stream", two, packed(JSON.stringify({ instances: two }), "application/octet-stream")],
    [
      "JSON lines called nothing",
      two,
      packed(two.map((each) => JSON.stringify(each)).join("\n"), "application/octet-stream"),
    ],
    ["one record", one, json(one[0])],
    ["one row", one, json([33.44, "a"])],
    ["one line that a header could be, were there a line below", [{ spend: "spend", plan: "plan" }], csv("spend,plan")],
  ])("is read: %s", async (_, expected, input) => {
    const { found, issues } = await read([event(input, csv(expected.map(() => "0.257").join("\n")))]);
    expect(issues).toEqual([]);
    expect(
      found.map(({ record }) =>
        typeof (record as { spend: unknown }).spend === "string" && expected !== one
          ? numbered(record)
          : { ...(record as object) },
      ),
    ).toEqual(expected);
    expect(found.every(({ probability }) => probability === 0.257)).toBe(true);
  });

  const numbered = (record: unknown): object => {
    const { spend, plan } = record as { spend: string; plan: string };
    return { spend: Number.isNaN(Number(spend)) ? spend : Number(spend), plan };
  };

  it.each<[string, Side, RegExp]>([
    ["an object of other keys", json({ data: { spend: 1 } }), /names data, none of which/],
    ["an empty object", json({}), /no column/],
    ["an empty list", json([]), /no record/],
    ["columns of different lengths", json({ spend: [1, 2], plan: ["a"] }), /different lengths/],
    ["columns beside single values", json({ spend: [1, 2], plan: "a" }), /different lengths/],
    ["rows of other lengths", csv("1,a,x\n2,b,y"), /3 cells for the 2 columns spend, plan/],
    [
      "bytes that are no text",
      [Buffer.from([0x93, 0xff, 0xfe]).toString("base64"), "BASE64", "application/x-npy"],
      /not base64 text \(application\/x-npy\)/,
    ],
    ["what is called JSON and is not", ["spend=1", "JSON", "application/json"], /not valid JSON/],
    ["a list of objects and numbers", json([{ spend: 1 }, 2]), /mixes/],
    [
      "a record wrapped again and again",
      json({ inputs: { inputs: { inputs: { inputs: { inputs: one } } } } }),
      /wrapped/,
    ],
  ])("is left out with the cause: %s", async (_, input, cause) => {
    const { found, issues } = await read([event(input, csv("0.257"))]);
    expect(found).toEqual([]);
    expect(issues).toMatchObject([{ issue: "badInput", count: 1 }]);
    expect(issues[0]?.causes[0]).toMatch(cause);
  });
});

describe("a captured output", () => {
  const scores = async (
    output: Side,
    form?: CaptureOutput,
    input = csv("33.44,a"),
  ): Promise<[(number | null)[], string | undefined]> => {
    const { found, issues } = await read([event(input, output)], form);
    return [found.map(({ probability }) => probability), issues[0]?.causes[0]];
  };

  it.each<[string, Side]>([
    ["a number", csv("0.257")],
    ["a number under a header", csv("probability\n0.257")],
    ["both classes under a header of their names", csv("Yes,No\n0.257,0.743")],
    ["both classes by name", json({ No: 0.743, Yes: 0.257 })],
    [
      "both classes beside a list of their names",
      json({ predictions: [{ probabilities: [0.257, 0.743], labels: ["Yes", "No"] }] }),
    ],
    [
      "a label with a score for each class",
      json([
        [
          { label: "No", score: 0.743 },
          { label: "Yes", score: 0.257 },
        ],
      ]),
    ],
    ["our own answer", json({ prediction: "No", probability: 0.257 })],
    ["the linear learner's", json({ predictions: [{ score: 0.257, predicted_label: 0 }] })],
    ["a prediction that is a number", json({ prediction: 0.257 })],
    ["a tensor", json({ outputs: [{ name: "probability", shape: [1], datatype: "FP32", data: [0.257] }] })],
    ["a number as a text", json({ predictions: ["0.257"] })],
    ["JSON as text/html", packed(JSON.stringify({ probability: 0.257 }), "text/html")],
  ])("is read: %s", async (_, output) => {
    expect(await scores(output)).toEqual([[0.257], undefined]);
  });

  it.each<[string, Side, CaptureOutput, RegExp]>([
    ["both classes on a CSV line", csv("0.743,0.257"), "positiveLast", /positiveFirst or positiveLast/],
    ["both classes, the positive first", csv("0.257,0.743"), "positiveFirst", /positiveFirst or positiveLast/],
    ["both classes in JSON", json([[0.743, 0.257]]), "positiveLast", /positiveFirst or positiveLast/],
    [
      "both classes in a flat list",
      json({ predictions: [0.743, 0.257] }),
      "positiveLast",
      /positiveFirst or positiveLast/,
    ],
    [
      "both classes under one name",
      json({ probabilities: [0.743, 0.257] }),
      "positiveLast",
      /positiveFirst or positiveLast/,
    ],
    ["a label and the score", csv("No,0.257"), "labelScore", /labelScore or labelProbability/],
    ["a label and its probability", csv("No,0.743"), "labelProbability", /labelScore or labelProbability/],
    [
      "a label and its score in JSON",
      json([{ label: "No", score: 0.743 }]),
      "labelProbability",
      /labelScore or labelProbability/,
    ],
  ])("of two meanings is read as the option says, else left without a score: %s", async (_, output, form, cause) => {
    const [values] = await scores(output, form);
    expect(values[0]).toBeCloseTo(0.257, 12);
    const [unread, why] = await scores(output);
    expect(unread).toEqual([null]);
    expect(why).toMatch(cause);
  });

  it.each<[string, Side, CaptureOutput | undefined, number | RegExp]>([
    ["all classes in order", csv("0.1,0.2,0.7"), "positiveLast", 0.7],
    ["all classes, the positive first", csv("0.7,0.2,0.1"), "positiveFirst", 0.7],
    ["all classes without a sign of their order", csv("0.1,0.2,0.7"), undefined, /positiveFirst or positiveLast/],
    ["two numbers", csv("0.3,0.7"), "positiveLast", /holds 2 values/],
    [
      "a label with a score for each class",
      json([plans.map((label, i) => ({ label, score: i / 3 }))]),
      undefined,
      2 / 3,
    ],
    ["the positive label and its probability", csv("pro,0.7"), "labelProbability", 0.7],
    ["another label and its probability", csv("basic,0.7"), "labelProbability", /does not tell the positive one's/],
  ])("of three classes: %s", async (_, output, form, expected) => {
    const { found, issues } = await read([event(csv("33.44,a"), output)], form, threeClasses);
    expect(found[0]?.probability).toBe(typeof expected === "number" ? expected : null);
    if (typeof expected !== "number") expect(issues[0]?.causes[0]).toMatch(expected);
  });

  it("of a batch on one CSV line has one score for each record", async () => {
    expect(await scores(csv("0.2,0.3"), undefined, csv("1,a\n2,b"))).toEqual([[0.2, 0.3], undefined]);
    expect(await scores(csv("0.8,0.2\n0.7,0.3"), "positiveLast", csv("1,a\n2,b"))).toEqual([[0.2, 0.3], undefined]);
    expect((await scores(csv("0.8,0.2,0.7,0.3"), "positiveLast", csv("1,a\n2,b")))[1]).toMatch(
      /1 outputs came for 2 records/,
    );
  });

  it("of labels alone is no score, and no probability of 0 or 1", async () => {
    const labels = [0, 1, 0, 0].map((label) => event(csv("1,a"), json({ predictions: [label] })));
    const unread = await read(labels);
    expect(unread.found.map(({ probability, label }) => [probability, label])).toEqual([
      [null, "0"],
      [null, "1"],
      [null, "0"],
      [null, "0"],
    ]);
    expect(unread.issues).toMatchObject([{ issue: "badOutput", count: 4 }]);
    expect((await read(labels, "probability")).found.map(({ probability }) => probability)).toEqual([0, 1, 0, 0]);
    expect(await read(labels, "label")).toMatchObject({
      issues: [],
      found: [{ label: "0", probability: null }, {}, {}, {}],
    });
    const words = await read([event(csv("1,a"), json({ predictions: ["Yes"] }))]);
    expect(words).toMatchObject({ found: [{ probability: null, label: "Yes" }], issues: [{ issue: "badOutput" }] });
    // A forest says 0 and 1 as well: one number between tells that they are probabilities, also of those that came before.
    const forest = await read([...labels, event(csv("1,a"), csv("0.25")), event(csv("1,a"), csv("1.0"))]);
    expect(forest.issues).toEqual([]);
    expect(forest.found.map(({ probability }) => probability)).toEqual([0, 1, 0, 0, 0.25, 1]);
  });

  it("is never inverted: what is read without a name or an option is a single number", async () => {
    const score = fc.integer({ min: 1, max: 999 }).map((n) => n / 1000);
    const output = fc.oneof(
      score.map((p): [number, Side] => [p, csv(`${1 - p},${p}`)]),
      score.map((p): [number, Side] => [p, csv(`${p},${1 - p}`)]),
      score.map((p): [number, Side] => [p, json([[1 - p, p]])]),
      score.map((p): [number, Side] => [p, json({ predictions: [[p, 1 - p]] })]),
      fc
        .tuple(score, fc.constantFrom("Yes", "No"))
        .map(([p, label]): [number, Side] => [p, csv(`${label},${label === "Yes" ? p : 1 - p}`)]),
      fc
        .tuple(score, fc.constantFrom("Yes", "No"))
        .map(([p, label]): [number, Side] => [p, json({ predictions: [{ label, score: p }] })]),
      score.map((p): [number, Side] => [p, json({ Yes: p, No: 1 - p })]),
    );
    await fc.assert(
      fc.asyncProperty(output, async ([p, said]) => {
        const { found, issues } = await read([event(csv("1,a"), said)]);
        const value = found[0]?.probability;
        expect(value === p || (value === null && issues.length === 1)).toBe(true);
      }),
      { numRuns: budget(60) },
    );
  });

  it("names an unknown form at once", async () => {
    await expect(read([], "inverted" as CaptureOutput)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(Object.keys(captureOutputs)).toContain("positiveLast");
  });
});

describe("our own form", () => {
  const line = (id: unknown): string =>
    JSON.stringify({
      id,
      at: "2026-02-01T10:00:00Z",
      record: { spend: 1 },
      probability: 0.5,
      label: null,
      version: "1",
    });

  it("takes ids that are numbers as texts, those that JSON rounds as they are spelled, and names what is neither", async () => {
    const { found, issues } = await read([
      line(1000),
      line(" a "),
      line(null),
      line(1000).replace("1000", "9007199254740993"),
      line(1.5),
      line(true),
    ]);
    expect(found.map(({ id }) => id)).toEqual(["1000", "a", null, "9007199254740993", "1.5", null]);
    expect(issues).toMatchObject([{ issue: "badId", count: 1 }]);
  });
});
