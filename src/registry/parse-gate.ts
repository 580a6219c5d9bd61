import { JsonReader } from "../data/features/expressions/json.js";
import { metricNames } from "../model/evaluate/metrics.js";
import type { Gate, Requirement } from "./gate.js";
import { measures, type MeasureName } from "./measures.js";
import { soundnessDemands, type SoundnessDemand } from "./soundness.js";

const rivals = ["champion", "baseline"] as const;
const measureNames = Object.keys(measures) as MeasureName[];
const most = { requirements: 100, rows: 1e9 };

/**
 * Reads a gate from JSON that anybody may have written, such as a file: every field is checked, unknown ones are refused.
 *
 * @throws ChurnkitError OPTION_INVALID with the path of what is wrong.
 *
 * @example
 * ```ts
 * import { parseGate } from "churnkit/registry";
 *
 * const gate = parseGate(JSON.parse('{ "name": "ours", "requirements": [{ "metric": "auc", "min": 0.8 }] }'));
 * console.assert(gate.requirements.length === 1);
 * ```
 */
export function parseGate(json: unknown): Gate {
  const field = new JsonReader(json, "gate", "OPTION_INVALID").fields(["name", "requirements"]);
  const name = field("name").text(100);
  if (name.trim() === "") field("name").fail("must not be empty");
  const requirements = field("requirements").list(most.requirements, readRequirement);
  // Such a gate would let every model pass.
  if (requirements.length === 0) field("requirements").fail("must hold at least one requirement");
  return { name, requirements };
}

function readRequirement(reader: JsonReader): Requirement {
  const { value } = reader;
  const has = (key: string): boolean => typeof value === "object" && value !== null && Object.hasOwn(value, key);
  if (has("measure")) {
    const field = reader.fields(["measure", "max"]);
    return { measure: field("measure").oneOf(measureNames), max: field("max").number() };
  }
  if (has("requires")) return { requires: reader.fields(["requires"])("requires").oneOf(Object.keys(soundnessDemands) as SoundnessDemand[]) };
  if (has("min")) {
    const field = reader.fields(["metric", "min"]);
    return { metric: field("metric").oneOf(metricNames), min: field("min").number() };
  }
  if (has("max")) {
    const field = reader.fields(["metric", "max"]);
    return { metric: field("metric").oneOf(metricNames), max: field("max").number() };
  }
  if (has("betterThan")) {
    const field = reader.fields(["metric", "betterThan", "margin"]);
    return { metric: field("metric").oneOf(metricNames), betterThan: field("betterThan").oneOf(rivals), ...optionalNumber("margin", field("margin")) };
  }
  if (!has("notWorseThan")) {
    reader.fields(["metric"]);
    return reader.fail("must have one of min, max, betterThan, notWorseThan, or a measure with its max");
  }
  const grouped = has("perSegment");
  const field = reader.fields(["metric", "notWorseThan", "margin", ...(grouped ? ["perSegment", "minRows"] : [])]);
  const relative = { metric: field("metric").oneOf(metricNames), notWorseThan: field("notWorseThan").oneOf(rivals), ...optionalNumber("margin", field("margin")) };
  if (!grouped) return relative;
  const minRows = optionalNumber("minRows", field("minRows"));
  if (minRows.minRows !== undefined && !(Number.isInteger(minRows.minRows) && minRows.minRows >= 1 && minRows.minRows <= most.rows)) {
    field("minRows").fail("must be a whole number above 0");
  }
  return { ...relative, perSegment: field("perSegment").text(300), ...minRows };
}

const optionalNumber = <K extends string>(name: K, reader: JsonReader): { [key in K]?: number } =>
  (reader.absent ? {} : { [name]: reader.number() }) as { [key in K]?: number };
