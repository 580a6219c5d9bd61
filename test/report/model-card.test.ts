import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { inferContract } from "../../src/data/contract/infer.js";
import { defineFeatures } from "../../src/data/features/index.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Table } from "../../src/data/table/table.js";
import type { Artifact } from "../../src/model/artifact.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { train } from "../../src/model/training/index.js";
import { evaluateClasses } from "../../src/model/evaluate/evaluate-classes.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import {
  modelCard,
  modelCardHtml,
  modelCardMarkdown,
  modelCardSageMaker,
  type CardNotes,
} from "../../src/report/card/index.js";
import { sampleArtifact, sampleContract, sampleRecords, sampleTable } from "../helpers/artifact.js";
import { planModel } from "../helpers/plans.js";
import { sageMakerCard } from "./sagemaker-card.js";

type Card = ReturnType<typeof modelCard>;

const hostile = [
  "a|b `c` <script>alert(1)</script>",
  "\\| **bold** _it_ [x](https://evil.example) ![i](j)",
  "&lt; & # ~~x~~ $x$ www.evil.example @all",
  "1. one\n- two\n# three\n\n    code\u0000\u2028",
];

const notes: CardNotes = {
  description: "Says who is likely to leave.",
  owner: "Retention team",
  license: "proprietary",
  intendedUse: "To choose whom to call.\n\nNot to set prices.",
  riskRating: "Low",
  dataOrigin: "The billing system, January to June",
  limits: "Customers of one country.",
  energy: { wattsPerProcessor: 15, gramsPerKilowattHour: 400 },
};

const manifest = {
  createdAt: "2026-01-02T03:04:05.000Z",
  contentHash: "c".repeat(64),
  trainingRun: {
    seconds: 2,
    processorSeconds: 3600,
    machine: "linux x64, 2 processors",
    rows: "customers.csv, every row",
  },
};

let artifact: Artifact;
let scorer: Scorer;
let rows: Table;
beforeAll(async () => {
  const made = await sampleArtifact();
  artifact = { ...made, provenance: { ...made.provenance, versions: { churnkit: "0.0.0" } } };
  scorer = await compile(artifact);
  rows = sampleTable(300);
});

/** The card with hostile texts in the place of names and levels. */
const spoilt = (card: Card): Card =>
  JSON.parse(
    ["sample", "plan", "basic", "plus"].reduce(
      (json, name, i) => json.replaceAll(JSON.stringify(name), JSON.stringify(hostile[i])),
      JSON.stringify(card),
    ),
  ) as Card;

const cellsOf = (line: string): string[] => line.slice(1, -1).split(/(?<!\\)\|/);

/** Every number of a card; NaN and infinities would become null in JSON. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

describe("a model card", () => {
  it("is the same Markdown every time", async () => {
    const card = modelCard({ artifact, scorer, manifest }, { rows, by: ["plan", "paperless", "tenure"], notes });
    await expect(modelCardMarkdown(card)).toMatchFileSnapshot(join(import.meta.dirname, "model-card.golden.md"));
    expect(JSON.parse(JSON.stringify(card))).toEqual(card);
  });

  it("says what is not known, and invents nothing", () => {
    const card = modelCard({ artifact, scorer });
    expect(card).toMatchObject({ createdAt: null, contentHash: null, training: null, groups: [], metrics: [{}] });
    const markdown = modelCardMarkdown(card);
    for (const fact of [
      "owner",
      "written",
      "how the training rows were chosen",
      "training, on the wall",
      "energy, estimated",
    ])
      expect(markdown).toContain(`| ${fact} | not known |`);
    expect(markdown).toContain("Not measured by group.");
  });

  it("estimates energy only from the processor time and what the notes give", () => {
    const training = (given: CardNotes) => modelCard({ artifact, scorer, manifest }, { notes: given }).training;
    expect(training(notes)?.energy).toMatchObject({ kilowattHours: 0.015, gramsOfCarbonDioxide: 6 });
    expect(training({})?.energy).toBeNull();
  });

  it("hides groups below the minimum, and has figures without NaN for one row and one class", () => {
    const records = sampleRecords(120).map((record, i) => ({
      ...record,
      plan: i === 0 ? "rare" : record["churned"] === "Yes" && i % 2 === 0 ? "plus" : "basic",
    }));
    const table = tableFromRecords(sampleContract, records);
    const all = modelCard({ artifact, scorer }, { rows: table, by: ["plan"], leastRows: 1 });
    expect(all.groups[0]?.groups.map(({ name }) => name)).toEqual(["basic", "plus", "rare"]);
    expect(all.groups[0]?.groups[1]).toMatchObject({
      auc: { value: null },
      falsePositiveRate: null,
      baseRate: { value: 1 },
    });
    expect(numbersIn(all).every(Number.isFinite)).toBe(true);
    expect(sageMakerCard.parse(modelCardSageMaker(all))).toBeDefined();
    expect(modelCardMarkdown(all)).not.toMatch(/NaN|Infinity|undefined/);
    const shown = modelCard({ artifact, scorer }, { rows: table, by: ["plan"], leastRows: 5 }).groups[0];
    expect(shown?.hidden).toEqual({ groups: 1, rows: 1, leastRows: 5 });
    expect(JSON.stringify(shown)).not.toContain("rare");
    const [one] = modelCard({ artifact, scorer }, { rows: table, by: [{ column: "plan", groups: ["basic"] }] }).groups;
    expect(one?.outside).toBe(records.filter(({ plan }) => plan !== "basic").length);
  });

  it("finds thresholds that give groups the recall of all, and their price", () => {
    const [plan] = modelCard({ artifact, scorer }, { rows, by: ["plan"] }).groups;
    const { recall = NaN, thresholds = [], withOne, withOneEach } = plan?.equalRecall ?? {};
    expect(thresholds.map(({ group }) => group)).toEqual(["basic", "plus", "toString"]);
    for (const one of thresholds) expect(one.recall).toBeGreaterThanOrEqual(recall);
    expect(withOne?.recall).toBe(recall);
    expect(withOneEach?.called).not.toBe(withOne?.called);
  });

  it("names the members of a stack with their weights, and equal members once", () => {
    const { provenance } = artifact;
    const [model] = artifact.model.kind === "ensemble" ? artifact.model.members : [];
    if (model === undefined) throw new Error("the sample is an ensemble");
    const members = [model, { kind: "linear" as const, weights: [1], bias: 0 }];
    const choice = { members: [{ learner: "network" }, { learner: "logistic" }], reason: "it helps" };
    const modelOf = (one: Artifact["model"], parameters: object): Card["model"] =>
      modelCard({
        artifact: { ...artifact, model: one, provenance: { ...provenance, parameters: { ...parameters } } },
        scorer,
      }).model;
    expect(
      modelOf({ kind: "ensemble", members, weights: [0.7, 0.3], average: "logOdds" }, { auto: choice, presets: 9 }),
    ).toMatchObject({
      kind: "the weighted mean of the log odds of 2 models",
      reason: "it helps",
      members: [
        { name: "network: one neural network", weight: 0.7 },
        { name: "logistic: one linear model", weight: 0.3 },
      ],
      parameters: { presets: 9 },
    });
    expect(modelOf({ kind: "ensemble", members: [model, model] }, {})).toMatchObject({
      kind: "the mean of the probabilities of 2 models",
      members: [{ name: "each: one neural network", weight: 0.5 }],
    });
  });

  it("says on which rows the bundle was measured, and what limits it", () => {
    const { provenance, metrics } = artifact;
    const cardOf = (rowsOf: { train: number; validation: number }, parameters: object): Card => {
      const auc = { value: 0.51, low: 0.45, high: 0.57 };
      const poor = { ...metrics, values: { ...metrics.values, auc } };
      const told = { ...provenance, rows: rowsOf, parameters: { ...parameters } };
      return modelCard({ artifact: { ...artifact, metrics: poor, provenance: told }, scorer });
    };
    const validated = cardOf({ train: 900, validation: 100 }, { caps: [{ message: "the budget was used up" }] });
    expect(validated.metrics[0]?.rows).toMatch(/validation rows, which also chose calibration and threshold/);
    expect(validated.limits).toContain("The training was limited: the budget was used up.");
    expect(validated.limits[0]).toMatch(
      /^On the held-out rows the model is no better than chance: .* includes 0\.5\.$/,
    );
    const stacked = cardOf({ train: 100, validation: 0 }, { auto: { reason: "it helps", members: [] } });
    expect(stacked.metrics[0]?.rows).toMatch(/they also chose the members, their weights, calibration and threshold$/);
    const imported = cardOf({ train: 0, validation: 100 }, { importedFrom: "xgboost.json" });
    expect(imported.metrics[0]?.rows).toMatch(/labeled rows of the import/);
    expect(modelCardMarkdown(imported)).toContain("| training rows | not known |");
  });

  it("measures every class where there are more than two", async () => {
    const plans = ["basic", "plus", "pro"];
    const records = Array.from({ length: 150 }, (_, i) => ({
      usage: 10 * (i % 3) + ((i * 7) % 23),
      plan: plans[i % 3],
    }));
    const written = records.map(({ usage, plan = "" }) => [String(usage), plan]);
    const options = { target: "plan", positive: "pro", multiclass: true };
    const { contract } = inferContract(["usage", "plan"], written, options);
    const table = tableFromRecords(contract, records);
    const made = await train(defineFeatures(contract), table, { learner: logistic(), baseline: false });
    const card = modelCard(made, { rows: table });
    expect(card.metrics.map(({ classes }) => classes?.classes.map(({ label }) => label))).toEqual([plans, plans]);
    expect(card.model.classes.map(({ label, kind }) => [label, kind])).toEqual(
      plans.map((label) => [label, "one linear model"]),
    );
    const { accuracy, confusion } = evaluateClasses(made, table);
    expect(modelCardMarkdown(card)).toContain(`| plus | ${confusion[1]?.join(" | ")} |`);
    expect(modelCardMarkdown(card)).toMatch(
      new RegExp(`All classes on the evaluated rows, .*: accuracy ${accuracy.value?.toFixed(4)} \\(95 %: 0\\.\\d+ to `),
    );
    expect(modelCardMarkdown(card)).toMatch(/50 of 150 are positive \("pro"\)[^]*\| basic \| 50 \|/);
    const { model_overview: overview, evaluation_details: details } = sageMakerCard.parse(modelCardSageMaker(card));
    expect(overview.problem_type).toBe("Multiclass classification");
    expect(details[1]?.metric_groups.map(({ name }) => name)).toEqual(["quality", "all classes"]);
    expect(details[1]?.metric_groups[1]?.metric_data.at(-1)).toMatchObject({ value: confusion, x_axis_name: plans });
  });

  it("tells what auto chose for each class", async () => {
    const { artifact, scorer } = await planModel(90);
    const choice = (learner: string) => ({ auto: { reason: `${learner} was the best`, members: [{ learner }] } });
    const classes = ["logistic", "boosting", "forest"].map(choice);
    const provenance = { ...artifact.provenance, parameters: { seed: 1, classes } };
    const card = modelCard({ artifact: { ...artifact, provenance }, scorer });
    expect(card.model.classes.map(({ reason }) => reason)).toEqual(classes.map(({ auto }) => auto.reason));
    expect(card.model.parameters).toEqual({ seed: 1 });
    expect(modelCardMarkdown(card)).toContain("| plus | one linear model | – | boosting was the best |");
    expect(card.metrics[0]?.rows).toContain(
      "they also chose the members, their weights, the softmax of the classes, calibration",
    );
  });

  it("says how long free texts are, and nothing of what is in them", async () => {
    const written = Array.from({ length: 60 }, (_, i) => [
      `${i % 2 ? "bad" : "good"} secret${i}`,
      String(i % 9),
      i % 2 ? "Yes" : "No",
    ]);
    const { contract } = inferContract(["note", "n", "left"], written, { target: "left", text: ["note"] });
    const table = tableFromRecords(
      contract,
      written.map(([note, n, left]) => ({ note, n, left })),
    );
    const made = await train(defineFeatures(contract), table, { learner: logistic(), baseline: false });
    const text = modelCardMarkdown(modelCard(made, { rows: table }));
    expect(text).toMatch(/\| note \| text \| feature \| 0.0 % \| 11 to 13 characters, mean 12.\d+, /);
    expect(text).not.toContain("secret");
    expect(() => modelCard(made, { rows: table, by: ["note"] })).toThrow(/"note" is free text, so it has no groups/);
    expect(() => modelCard({ artifact, scorer }, { rows, by: ["customer"] })).toThrow(/"customer" is an id/);
  });

  it("refuses a bundle whose provenance is not a learner's", () => {
    const parameters = { auto: { members: 5 } };
    const broken = { ...artifact, provenance: { ...artifact.provenance, parameters } };
    expect(() => modelCard({ artifact: broken, scorer })).toThrow(expect.objectContaining({ code: "BUNDLE_CORRUPT" }));
  });

  it.each([
    [{ by: ["plan"] }, /labeled rows/],
    [{ leastRows: 0 }, /leastRows is 0/],
    [{ notes: { owners: "me" } as CardNotes }, /unknown member "owners"/],
    [{ notes: { riskRating: "Huge" } as unknown as CardNotes }, /riskRating/],
  ])("refuses %j", (options, message) => {
    expect(() => modelCard({ artifact, scorer }, options)).toThrow(message);
  });

  it("writes numbers that YAML 1.1 reads as numbers, which needs a point before an exponent", () => {
    const card = modelCard({ artifact, scorer });
    const [first] = card.metrics;
    if (first === undefined) throw new Error("the card has no metrics");
    const values = { ...first.summary.values, logLoss: { value: 5e-7 }, brier: { value: 1.25e-9 } };
    const small = { ...card, metrics: [{ ...first, summary: { ...first.summary, values } }] };
    const written = Array.from(modelCardMarkdown(small).matchAll(/^ +value: (.*)$/gm), ([, value]) => value);
    expect(written).toEqual(expect.arrayContaining(["5.0e-7", "1.25e-9"]));
    for (const value of written) expect(value).toMatch(/^\d+(\.\d+(e[-+]\d+)?)?$/);
  });

  it("takes no text of data and notes for markup", async () => {
    const given = { description: hostile.join("\n\n"), limits: hostile[3], license: hostile[0] };
    const card = spoilt(modelCard({ artifact, scorer }, { rows, by: ["plan"], notes: given }));
    expect(card.groups[0]?.groups.map(({ name }) => name)).toContain(hostile[2]);
    const html = await modelCardHtml(card);
    expect(html).not.toMatch(/<(script|img|a href="http)/);
    expect(html).toContain("&lt;script&gt;");
    const markdown = modelCardMarkdown(card);
    const [, front = "", body = ""] = /^---\n(.*?)\n---\n(.*)$/s.exec(markdown) ?? [];
    for (const line of front.split("\n"))
      expect(line).toMatch(/^[ -]*[a-z_-]+:( ("(\\.|[^"\\])*"|[\w.-]+|\[[\w, -]+\]))?$|^---$/);
    expect(body).not.toMatch(
      /[<>]|(?<!\\)[`~$]|(?<!\\)\]\(|(?<![\\])\*(?!\*)(?<!\*\*)|(?<!\\):\/\/|www\.|\p{Cc}(?<!\n)|\u2028/u,
    );
    expect(body).not.toMatch(/^(\d+[.)] |# three|- two| {4})/m);
    for (const table of body.match(/(^\|.*\|\n)+/gm) ?? [])
      expect(
        new Set(
          table
            .trim()
            .split("\n")
            .map((line) => cellsOf(line).length),
        ).size,
      ).toBe(1);
  });
});

describe("SageMaker's card", () => {
  it("keeps the schema, with what is known", () => {
    const card = modelCard({ artifact, scorer, manifest }, { rows, by: ["plan", "paperless"], notes });
    const content = sageMakerCard.parse(modelCardSageMaker(card));
    expect(content.model_overview.model_owner).toBe("Retention team");
    expect(content.intended_uses.risk_rating).toBe("Low");
    expect(content.evaluation_details[1]?.metric_groups.map(({ name }) => name)).toEqual([
      "quality",
      "groups of plan",
      "groups of paperless",
    ]);
  });

  it("cuts texts that are too long, and leaves out parameters and then groups of a card that is too large", () => {
    const long = "ä ".repeat(4000);
    const texts: CardNotes = {
      ...notes,
      description: long,
      intendedUse: long,
      ethics: long,
      limits: long,
      contact: long,
    };
    const card = modelCard({ artifact, scorer, manifest }, { rows, by: ["plan"], notes: texts });
    const wide: Card = { ...card, groups: Array.from({ length: 200 }, () => card.groups[0] as Card["groups"][number]) };
    const content = sageMakerCard.parse(modelCardSageMaker(wide));
    expect(JSON.stringify(content).length).toBeLessThan(100_000);
    expect(content.evaluation_details.every(({ metric_groups: groups }) => groups.length === 1)).toBe(true);
    expect(content.model_overview.model_description).toMatch(/ …$/);
  });
});
