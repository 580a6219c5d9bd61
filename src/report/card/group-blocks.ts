import { counted } from "../../base/counted.js";
import { biasMetrics, type Estimate } from "../../monitor/bias/index.js";
import { countText, metricText, rangeText, verdictTone } from "../format.js";
import type { Block, Cell } from "../sections.js";
import { percent } from "./column-table.js";
import type { CallOutcome, EqualRecall } from "./equal-recall.js";
import type { CardGroups } from "./groups.js";

/** What the figures of all groups mean, then each column with quality, rates, differences and equal-recall thresholds. */
export function groupBlocks(all: readonly CardGroups[]): Block[] {
  const used = [...new Set(all.flatMap((one) => judgedOf(one).map(({ metric }) => metric)))];
  const tuned = all.some(({ equalRecall }) => equalRecall !== null);
  return [
    {
      kind: "list",
      items: [
        "Intervals are 95 %: of twenty, one misses by chance. A group is calibrated if its mean probability is within the interval of its share of positives.",
        "Differences compare the group d with the rows a beside it. The ranges are conventions, not laws; insufficient means that the interval reaches beyond an end of the range.",
        ...used.map((metric) => `${metric}: ${biasMetrics[metric].label}.`),
        ...(tuned ? [caution] : []),
      ],
    },
    ...all.map(columnBlock),
  ];
}

const caution =
  "Thresholds by group are for information: churnkit does not use them. They treat customers differently because of their group. Where the law protects the group (sex, age, origin, religion, disability), that can be forbidden even if it is meant to help. Ask a lawyer first.";

function columnBlock(of: CardGroups): Block {
  const { column, groups, equalRecall } = of;
  const left = leftOut(of);
  return {
    kind: "details",
    summary: `${column}: ${groups.length === 0 ? "no group is large enough" : counted(groups.length, "group")}`,
    blocks: [
      ...(left === "" ? [] : [{ kind: "text" as const, text: left }]),
      ...(groups.length === 0 ? [] : [qualityTable(of), ratesTable(of), differencesTable(of)]),
      ...(equalRecall === null ? [] : equalRecallTables(equalRecall)),
    ],
  };
}

const leftOut = ({ missing, outside, hidden: { groups, rows, leastRows } }: CardGroups): string =>
  [
    missing > 0
      ? `${counted(missing, "row has", "rows have")} no value and ${missing === 1 ? "is" : "are"} in no group.`
      : "",
    outside > 0 ? `${counted(outside, "row is", "rows are")} in none of the groups.` : "",
    groups > 0
      ? `${counted(groups, "group")} of fewer than ${leastRows} rows, ${counted(rows, "row")} together, ${groups === 1 ? "is" : "are"} not shown: their figures would be noise.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");

const estimateCell = (found: Estimate | null): string =>
  found === null ? "–" : `${found.value.toFixed(3)} (${found.low.toFixed(3)} to ${found.high.toFixed(3)})`;

const qualityTable = ({ groups }: CardGroups): Block => ({
  kind: "table",
  caption: "Quality.",
  columns: [
    { label: "group" },
    { label: "rows", number: true },
    { label: "AUC", number: true },
    { label: "95 % interval", number: true },
    { label: "log loss", number: true },
    { label: "mean probability", number: true },
    { label: "share of positives (95 %)", number: true },
  ],
  rows: groups.map(({ name, rows, auc, logLoss, meanProbability, baseRate }): Cell[] => [
    name,
    countText(rows),
    metricText(auc.value, 3),
    rangeText(auc),
    metricText(logLoss.value, 3),
    meanProbability.toFixed(3),
    estimateCell(baseRate),
  ]),
});

const ratesTable = ({ groups }: CardGroups): Block => ({
  kind: "table",
  caption: "Calls at the threshold of the model.",
  columns: [
    { label: "group" },
    { label: "selection rate", number: true },
    { label: "recall", number: true },
    { label: "precision", number: true },
    { label: "false positive rate", number: true },
  ],
  rows: groups.map(({ name, selectionRate, recall, precision, falsePositiveRate }): Cell[] => [
    name,
    ...[selectionRate, recall, precision, falsePositiveRate].map(estimateCell),
  ]),
});

/** The judged metrics of the differences. */
const judgedOf = ({ differences }: CardGroups) =>
  differences.flatMap(({ group, against, metrics }) =>
    metrics.filter(({ allowed }) => allowed !== null).map((one) => ({ group, against, ...one })),
  );

const differencesTable = (of: CardGroups): Block => ({
  kind: "table",
  caption: "Differences.",
  columns: [
    { label: "group" },
    { label: "beside" },
    { label: "metric" },
    { label: "value", number: true },
    { label: "95 % interval", number: true },
    { label: "range", number: true },
    { label: "verdict" },
  ],
  rows: judgedOf(of).map(({ group, against, metric, value, low, high, allowed, verdict, severity, reason }): Cell[] => [
    group,
    against,
    metric,
    metricText(value, 3),
    value === null ? (reason ?? "–") : `${metricText(low, 3)} to ${metricText(high, 3)}`,
    allowed === null ? "–" : `${allowed[0]} to ${allowed[1]}`,
    { text: verdict ?? "–", tone: verdictTone(verdict ?? "insufficient", severity) },
  ]),
});

const outcomeCells = (name: string, { called, recall, precision, falsePositives, cost }: CallOutcome): Cell[] => [
  name,
  countText(called),
  metricText(recall, 3),
  metricText(precision, 3),
  countText(falsePositives),
  cost === null ? "–" : String(Number(cost.toPrecision(6))),
];

const equalRecallTables = ({ recall, thresholds, withOne, withOneEach }: EqualRecall): Block[] => [
  {
    kind: "table",
    caption: `Thresholds that would find ${percent(recall)} of the positives in each group, as the model's threshold does among all.`,
    columns: [{ label: "group" }, { label: "threshold", number: true }, { label: "recall", number: true }],
    rows: thresholds.map((one): Cell[] => [one.group, one.threshold.toFixed(4), one.recall.toFixed(3)]),
  },
  {
    kind: "table",
    caption: "Their price. They are chosen on the rows that they are measured on, so later rows gain less.",
    columns: [
      { label: "thresholds" },
      { label: "called", number: true },
      { label: "recall", number: true },
      { label: "precision", number: true },
      { label: "needless calls", number: true },
      { label: "costs of mistakes", number: true },
    ],
    rows: [outcomeCells("one for all", withOne), outcomeCells("one for each group", withOneEach)],
  },
];
