import {
  count,
  list,
  literal,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
  variants,
  where,
  type Decoder,
  type JsonValue,
} from "../../base/json/index.js";
import { mostClasses } from "../../data/table/index.js";
import type { Artifact, Costs, GoldenRow, Provenance } from "../artifact.js";
import type { ClassEvaluation } from "../evaluate/evaluate-classes.js";
import { metrics as metricTable, type MetricName, type MetricSummary, type MetricValue } from "../evaluate/metrics.js";

const maxGoldenRows = 10_000;

/** Costs of a wrong decision. */
export const costs: Decoder<Costs> = object({ falseNegative: number(0), falsePositive: number(0) });

const rising = where(
  list(number(), 1000),
  (values) => values.length > 0 && values.every((value, i) => i === 0 || value > (values[i - 1] as number)),
  "rising numbers, at least one",
);

/** `decision.json`. */
export const parseDecision: Decoder<Pick<Artifact, "calibration" | "decision">> = object({
  calibration: variants("kind", {
    identity: object({ kind: literal("identity") }),
    platt: object({ kind: literal("platt"), slope: number(), intercept: number() }),
    beta: object({ kind: literal("beta"), a: number(0), b: number(0), c: number() }),
    isotonic: where(
      object({ kind: literal("isotonic"), from: rising, to: rising }),
      ({ from, to }) => from.length === to.length,
      "as many numbers in from as in to",
    ),
  }),
  decision: object({
    threshold: number(0, 1),
    rule: oneOf(["f1", "cost", "capacity", "given"]),
    costs: optional(costs),
  }),
});

const metricNames = Object.keys(metricTable) as MetricName[];

const metricValue = object({ value: nullable(number()), low: optional(number()), high: optional(number()) });
const metric: Decoder<MetricValue> = (json) => (json.absent ? { value: null } : metricValue(json));

const figure = nullable(number());
const classes: Decoder<ClassEvaluation> = where(
  object({
    rows: count(),
    classes: list(
      object({ label: text(), rows: count(), auc: figure, precision: number(), recall: figure, f1: figure }),
      mostClasses,
    ),
    confusion: list(list(count(), mostClasses), mostClasses),
    accuracy: metric,
    logLoss: metric,
    macroF1: figure,
    macroAuc: figure,
  }),
  ({ classes: each, confusion }) => [confusion, ...confusion].every(({ length }) => length === each.length),
  "a row and a column of the confusion matrix for each class",
);

/** `metrics.json`. Metrics of later versions are ignored; a missing one has no value. */
export const parseMetrics: Decoder<MetricSummary> = object({
  rows: count(),
  positives: count(),
  threshold: number(0, 1),
  values: object(Object.fromEntries(metricNames.map((name) => [name, metric]))) as Decoder<
    Record<MetricName, MetricValue>
  >,
  classes: optional(classes),
});

const cell = (json: JsonValue): GoldenRow["record"][string] => {
  const { value } = json;
  return value === null || typeof value === "string" || typeof value === "boolean" ? value : number()(json);
};

/** `golden.json`. */
export const parseGolden: Decoder<{ rows: GoldenRow[] }> = object({
  rows: list(object({ record: record(cell), probability: number(0, 1) }), maxGoldenRows),
});

/** `provenance.json`. */
export const parseProvenance: Decoder<Provenance> = object({
  learner: text(),
  seed: number(),
  dataHash: text(),
  rows: object({ train: count(), validation: count() }),
  gitCommit: optional(text()),
  versions: record(text()),
  parameters: record(({ value }) => value),
});
