import type { Artefact, Calibration, Costs, GoldenRow, Provenance } from "../artefact.js";
import { metrics as metricTable, type MetricName, type MetricSummary, type MetricValue } from "../evaluate/metrics.js";
import type { JsonValue } from "./json.js";

const maxGoldenRows = 10_000;

/** `decision.json`. */
export function parseDecision(json: JsonValue): Pick<Artefact, "calibration" | "decision"> {
  const decision = json.get("decision");
  const costs = decision.get("costs");
  return {
    calibration: parseCalibration(json.get("calibration")),
    decision: {
      threshold: decision.get("threshold").number(0, 1),
      rule: decision.get("rule").oneOf(["f1", "cost", "capacity", "given"]),
      ...(costs.absent ? {} : { costs: parseCosts(costs) }),
    },
  };
}

function parseCalibration(json: JsonValue): Calibration {
  const kind = json.get("kind").oneOf(["identity", "platt"]);
  if (kind === "identity") return { kind };
  return { kind, slope: json.get("slope").number(), intercept: json.get("intercept").number() };
}

function parseCosts(json: JsonValue): Costs {
  return { falseNegative: json.get("falseNegative").number(0), falsePositive: json.get("falsePositive").number(0) };
}

/** `metrics.json`. A metric that a later version added is passed over; one that is not there has no value. */
export function parseMetrics(json: JsonValue): MetricSummary {
  const values = json.get("values");
  const names = Object.keys(metricTable) as MetricName[];
  return {
    rows: json.get("rows").count(),
    positives: json.get("positives").count(),
    threshold: json.get("threshold").number(0, 1),
    values: Object.fromEntries(names.map((name) => [name, parseMetric(values.get(name))])) as Record<MetricName, MetricValue>,
  };
}

function parseMetric(json: JsonValue): MetricValue {
  if (json.absent) return { value: null };
  const [value, low, high] = [json.get("value"), json.get("low"), json.get("high")];
  return {
    value: value.absent ? null : value.number(),
    ...(low.absent ? {} : { low: low.number() }),
    ...(high.absent ? {} : { high: high.number() }),
  };
}

/** `golden.json`. */
export function parseGolden(json: JsonValue): GoldenRow[] {
  return json.get("rows").list(maxGoldenRows).map((row) => ({
    record: parseRecord(row.get("record")),
    probability: row.get("probability").number(0, 1),
  }));
}

function parseRecord(json: JsonValue): GoldenRow["record"] {
  return Object.fromEntries(json.members().map(([name, value]) => [name, isCell(value) ? value : json.get(name).number()]));
}

function isCell(value: unknown): value is string | boolean | null {
  return value === null || typeof value === "string" || typeof value === "boolean";
}

/** `provenance.json`. */
export function parseProvenance(json: JsonValue): Provenance {
  const rows = json.get("rows");
  const commit = json.get("gitCommit");
  return {
    learner: json.get("learner").text(),
    seed: json.get("seed").number(),
    dataHash: json.get("dataHash").text(),
    rows: { train: rows.get("train").count(), validation: rows.get("validation").count() },
    ...(commit.absent ? {} : { gitCommit: commit.text() }),
    versions: Object.fromEntries(json.get("versions").entries().map(([name, version]) => [name, version.text()])),
    parameters: Object.fromEntries(json.get("parameters").entries().map(([name, parameter]) => [name, parameter.value])),
  };
}
