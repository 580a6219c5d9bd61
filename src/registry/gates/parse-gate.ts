import {
  count,
  list,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  where,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { anyMetrics, type AnyMetricName, classMetricNames, metricNames } from "../../model/evaluate/index.js";
import type { ClassRequirement, Gate, Requirement } from "./gate.js";
import { measures, type MeasureName } from "./measures.js";
import { soundnessDemands, type SoundnessDemand } from "./soundness.js";

const metric = oneOf(metricNames);
const rival = oneOf(["champion", "baseline"]);
const margin = optional(number());
const anyMetric = oneOf(Object.keys(anyMetrics) as AnyMetricName[]);
const ofClass = { class: text(300), metric: oneOf(classMetricNames) };
const classMax = strictObject({ ...ofClass, max: number() });
const classMin = strictObject({ ...ofClass, min: number() });
const classRequirement: Decoder<ClassRequirement> = (json) =>
  Object.hasOwn(json.object(), "max") ? classMax(json) : classMin(json);

/** The member that only one kind of requirement has decides its kind; the first one found wins. */
const kinds: readonly (readonly [member: string, Decoder<Requirement>])[] = [
  ["measure", strictObject({ measure: oneOf(Object.keys(measures) as MeasureName[]), max: number() })],
  ["class", classRequirement],
  ["requires", strictObject({ requires: oneOf(Object.keys(soundnessDemands) as SoundnessDemand[]) })],
  ["min", strictObject({ metric: anyMetric, min: number() })],
  ["max", strictObject({ metric: anyMetric, max: number() })],
  ["betterThan", strictObject({ metric, betterThan: rival, margin })],
  [
    "perSegment",
    strictObject({ metric, notWorseThan: rival, margin, perSegment: text(300), minRows: optional(count(1, 1e9)) }),
  ],
  ["notWorseThan", strictObject({ metric, notWorseThan: rival, margin })],
];

const requirement: Decoder<Requirement> = (json) => {
  const kind = kinds.find(([member]) => Object.hasOwn(json.object(), member));
  if (kind === undefined)
    throw json.not("a requirement with one of min, max, betterThan, notWorseThan, or a measure with its max");
  return kind[1](json);
};

const gate: Decoder<Gate> = strictObject({
  name: where(text(100), (name) => name.trim() !== "", "a name"),
  // Without a requirement a gate would let every model pass.
  requirements: where(list(requirement, 100), (requirements) => requirements.length > 0, "at least one requirement"),
});

const malformed = documentError("OPTION_INVALID", "", "See the documentation of gates.");

/**
 * Reads a gate from untrusted JSON, such as a file: every field is checked, unknown ones are refused.
 *
 * @throws ChurnkitError OPTION_INVALID with the path of the problem.
 *
 * @example
 * ```ts
 * import { parseGate } from "churnkit/registry";
 *
 * const gate = parseGate(JSON.parse('{ "name": "ours", "requirements": [{ "metric": "auc", "min": 0.8 }] }'));
 * console.assert(gate.requirements.length === 1);
 * ```
 */
export const parseGate = (json: unknown): Gate => gate(JsonValue.of(json, "The gate", malformed, "gate"));
