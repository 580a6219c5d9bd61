import { metricNames, metrics as metricTable } from "../../model/evaluate/index.js";
import { classBlocks } from "../class-blocks.js";
import { countText, intervalText, metricText, rangeText } from "../format.js";
import type { Block, Card, Cell, Section } from "../sections.js";
import type { CardMetrics, ModelCard } from "./card.js";
import { columnsTable, percent } from "./column-table.js";
import { groupBlocks } from "./group-blocks.js";

const notKnown = "not known";
const notGiven = "Not given: it is for the notes of the card.";

/** The sections of a card, for a page and for Markdown. */
export function cardSections(card: ModelCard): Section[] {
  return [
    { title: "Summary", blocks: summary(card) },
    { title: "Intended use", blocks: intendedUse(card) },
    { title: "Data", blocks: data(card) },
    { title: "Model", blocks: model(card) },
    { title: "Metrics", blocks: card.metrics.flatMap((one) => metricBlocks(one, card.data.positive)) },
    { title: "Groups", blocks: groups(card) },
    { title: "Costs", blocks: costs(card) },
    { title: "Limits", blocks: limits(card) },
    { title: "Ethical considerations", blocks: paragraphs(card.notes.ethics) },
  ];
}

/** A text of the notes, one block for each paragraph. */
const paragraphs = (text: string | undefined): Block[] =>
  (text ?? notGiven)
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean)
    .map((paragraph): Block => ({ kind: "text", text: paragraph }));

/** Facts in two columns; an undefined or null one is not known. */
const facts = (rows: readonly (readonly [name: string, value: string | null | undefined])[]): Block => ({
  kind: "table",
  columns: [{ label: "fact" }, { label: "value" }],
  rows: rows.map(([name, value]): Cell[] => [name, value ?? notKnown]),
});

function summary({ name, notes, metrics, model, createdAt, contentHash }: ModelCard): Block[] {
  const judged = metrics.at(-1);
  const shown = ["auc", "averagePrecision", "f1", "logLoss"] as const;
  const cards = judged
    ? shown.map((metric): Card => {
        const value = judged.summary.values[metric];
        return { label: metricTable[metric].label, value: metricText(value.value, 3), note: intervalText(value) };
      })
    : [];
  return [
    ...(notes.description === undefined ? [] : paragraphs(notes.description)),
    { kind: "cards", cards },
    ...(judged ? [{ kind: "text" as const, text: `Measured on ${judged.rows}.` }] : []),
    facts([
      ["name", name],
      ["kind", `${model.learner}: ${model.kind}`],
      ["owner", notes.owner],
      ["contact", notes.contact],
      ["license", notes.license],
      ["written", createdAt],
      ["content hash", contentHash],
    ]),
  ];
}

function intendedUse({ notes }: ModelCard): Block[] {
  const { purpose, intendedUse: use, outOfScope, businessProblem, stakeholders, lineOfBusiness } = notes;
  return [
    facts([
      ["purpose", purpose],
      ["intended use", use],
      ["out of scope", outOfScope],
      ["business problem", businessProblem],
      ["stakeholders", stakeholders],
      ["line of business", lineOfBusiness],
      ["risk", notes.riskRating],
      ["reason for the rating", notes.riskReason],
    ]),
  ];
}

function data({ data: of, notes }: ModelCard): Block[] {
  const { rows, profiled, classes, columns } = of;
  const total = classes.reduce((sum, one) => sum + one.rows, 0);
  const features = columns.filter(({ role }) => role === "feature").length;
  return [
    facts([
      ["origin", notes.dataOrigin],
      ["training rows", rows.train === 0 ? null : countText(rows.train)],
      [
        "validation rows",
        rows.validation === 0 ? "none: held-out rows are training rows out of fold" : countText(rows.validation),
      ],
      ["how the training rows were chosen", of.chosen],
      ["columns", `${columns.length}, of them ${features} features`],
      ["target", of.target === null ? null : `${of.target}, predicted is "${of.positive}"`],
      [
        "class balance",
        total === 0
          ? null
          : classes.map(({ label, rows: n }) => `${label} ${countText(n)} (${percent(n / total)})`).join(", "),
      ],
      ["SHA-256 of the training rows", of.hash],
    ]),
    {
      kind: "details",
      summary: `Columns, by the profile of ${countText(profiled)} rows`,
      blocks: [columnsTable(columns)],
    },
  ];
}

function model({ model: of }: ModelCard): Block[] {
  const { members, parameters, versions, calibration } = of;
  const threshold = Number(of.threshold.toPrecision(4));
  return [
    facts([
      ["learner", of.learner],
      ["one model or several", of.kind],
      ...(of.reason === null ? [] : [["why", of.reason] as const]),
      ["calibration", calibration === "identity" ? "none" : calibration],
      ["threshold", `${threshold}, ${ruleWords[of.rule]}`],
      ["seed", String(of.seed)],
      ["git commit", of.gitCommit],
      [
        "versions",
        Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(", "),
      ],
    ]),
    ...(members.length === 0
      ? []
      : [
          {
            kind: "table" as const,
            caption: "Members of the mean and their weights.",
            columns: [{ label: "member" }, { label: "weight", number: true }],
            rows: members.map(({ name, weight }) => [name, weight.toFixed(3)]),
          },
        ]),
    ...(of.classes.length === 0 ? [] : [classModelsTable(of.classes)]),
    {
      kind: "details",
      summary: "Parameters",
      blocks: [facts(Object.entries(parameters).map(([name, value]) => [name, parameterText(value)]))],
    },
  ];
}

const classModelsTable = (classes: ModelCard["model"]["classes"]): Block => ({
  kind: "table",
  caption: "The model of each class against all others.",
  columns: [
    { label: "class" },
    { label: "model", sentence: true },
    { label: "members and their weights", sentence: true },
    { label: "why", sentence: true },
  ],
  rows: classes.map(({ label, kind, members, reason }): Cell[] => [
    label,
    kind,
    members.map(({ name, weight }) => `${name} (${weight.toFixed(3)})`).join("; ") || "–",
    reason ?? "–",
  ]),
});

const ruleWords = {
  f1: "the one with the best F1 on held-out rows",
  cost: "the one with the lowest costs",
  capacity: "the one that calls as many as can be contacted",
  given: "given by a person",
} as const;

const mostCharacters = 300;

/** A parameter as JSON, long ones cut. */
export function parameterText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)} …` : text;
}

function metricBlocks(
  { name, rows, summary: { values, positives, rows: n, threshold }, confusion, classes }: CardMetrics,
  positive: string | null,
): Block[] {
  const named = metricNames.filter((metric) => metricTable[metric].needs !== "costs" || values[metric].value !== null);
  const table: Block = {
    kind: "table",
    caption: `On the ${name}: ${rows}. ${countText(positives)} of ${countText(n)} are positive${positive === null ? "" : ` ("${positive}")`}; threshold ${Number(threshold.toPrecision(4))}.`,
    columns: [
      { label: "metric" },
      { label: "value", number: true },
      { label: "95 % interval", number: true },
      { label: "better" },
    ],
    rows: named.map((metric) => [
      metricTable[metric].label,
      metricText(values[metric].value),
      rangeText(values[metric]),
      metricTable[metric].better,
    ]),
  };
  return [table, ...(confusion ? [callsTable(name, confusion)] : []), ...(classes ? classBlocks(name, classes) : [])];
}

const callsTable = (
  name: string,
  { truePositives, falsePositives, falseNegatives, trueNegatives }: NonNullable<CardMetrics["confusion"]>,
): Block => ({
  kind: "table",
  caption: `Calls at the threshold on the ${name}.`,
  columns: [{ label: "outcome" }, { label: "called", number: true }, { label: "not called", number: true }],
  rows: [
    ["positive", countText(truePositives), countText(falseNegatives)],
    ["negative", countText(falsePositives), countText(trueNegatives)],
  ],
});

function groups({ groups: of }: ModelCard): Block[] {
  return of.length === 0
    ? [{ kind: "text", text: "Not measured by group. It takes labeled rows and the names of columns." }]
    : groupBlocks(of);
}

function costs({ training, model: { costs: money } }: ModelCard): Block[] {
  const { energy } = training ?? {};
  const seconds = (value: number | undefined): string | null =>
    value === undefined ? null : `${value < 10 ? value.toFixed(2) : value.toFixed(0)} s`;
  return [
    facts([
      ["training, on the wall", seconds(training?.seconds)],
      ["training, processor time of all threads", seconds(training?.processorSeconds)],
      ["machine", training?.machine],
      [
        "energy, estimated",
        energy &&
          `${(1000 * energy.kilowattHours).toPrecision(3)} Wh: processor time times the ${energy.wattsPerProcessor} W a processor of the notes, not measured`,
      ],
      [
        "emissions, estimated",
        energy &&
          `${energy.gramsOfCarbonDioxide.toPrecision(3)} g of CO2 equivalent, at the ${energy.gramsPerKilowattHour} g per kWh of the notes`,
      ],
      [
        "costs of mistakes",
        money
          ? `${money.falseNegative} for each missed positive, ${money.falsePositive} for each needless call`
          : "not given to the model",
      ],
    ]),
  ];
}

const limits = ({ limits: found, notes }: ModelCard): Block[] => [
  { kind: "list", items: found },
  ...(notes.limits === undefined ? [] : paragraphs(notes.limits)),
];
