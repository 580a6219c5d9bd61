import { outputTensors } from "../bodies/index.js";
import type { Contract } from "../../data/contract/index.js";
import { exampleRecord, featuresSchema, recordSchema, type Schema } from "./record-schema.js";

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const text: Schema = { type: "string" };
export const number: Schema = { type: "number" };
export const flag: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 0 };
const probability: Schema = { type: "number", minimum: 0, maximum: 1 };
const nullable = (schema: Schema): Schema => ({ ...schema, type: [schema["type"], "null"] });
export const list = (items: Schema): Schema => ({ type: "array", items });
/** An object with these members, all of them required but the ones named. */
export const object = (properties: Readonly<Record<string, Schema>>, ...optional: readonly string[]): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const origin = {
  model_name: { ...text, description: "The model that answered." },
  model_version: text,
  model_source: { ...text, description: "Where the model came from, such as `registry`, `local` or `local-copy`." },
  model_variant: { ...text, description: "The variant, where several share the traffic." },
};

/** All schemas of a server whose default model has this contract. */
export function schemasOf(contract: Contract, most: number): Readonly<Record<string, Schema>> {
  const { classes = [] } = contract.target ?? {};
  const several = classes.length > 2;
  const prediction = {
    type: "string",
    enum: classes,
    description: several
      ? "The positive class from the threshold on, else the most probable other class."
      : "The class at the threshold.",
  };
  const asked = {
    probabilities: {
      ...object(Object.fromEntries(classes.map((label) => [label, probability]))),
      description: `The probability of each class, with \`?probabilities\`${several ? " and from SageMaker's routes" : ""}.`,
    },
    warnings: { ...list(ref("Issue")), description: "What is odd about the record, which was scored anyway." },
  };
  const score = {
    ...probability,
    description: `The probability of ${contract.target?.positive ?? "the positive class"}.`,
  };
  const scoreOfOne = {
    prediction,
    probability: score,
    ...asked,
    reasons: { ...list(ref("Reason")), description: "With `?explain`: what moved the score most." },
  };
  const batch = (minItems: number): Schema => {
    const records = { type: "array", items: { anyOf: [ref("Record"), ref("Features")] }, minItems, maxItems: most };
    return { anyOf: [records, object({ records })], examples: [{ records: [exampleRecord(contract)] }] };
  };
  const id = { ...text, description: "The answer's id: the caller's x-prediction-id, or a new one." };
  const tensor = object({
    name: text,
    datatype: text,
    shape: list({ type: "integer", minimum: -1 }),
  });
  return {
    Record: recordSchema(contract),
    Features: featuresSchema(contract),
    Batch: batch(0),
    FilledBatch: batch(1),
    Prediction: object(
      { ...scoreOfOne, prediction_id: id, threshold: probability, ...origin },
      "probabilities",
      "warnings",
      "reasons",
      "model_variant",
    ),
    BatchEntry: object(
      {
        prediction: { ...nullable(prediction), enum: [...classes, null] },
        probability: nullable(score),
        ...asked,
        error: { ...ref("Problem"), description: "Why a record has no score." },
      },
      "probabilities",
      "warnings",
      "error",
    ),
    BatchPrediction: object(
      {
        predictions: { ...list(ref("BatchEntry")), description: "One for each record, in order." },
        count,
        failed: count,
        issues_left_off: { type: "boolean", description: "More records have issues than the answer lists." },
        prediction_id: id,
        threshold: probability,
        ...origin,
      },
      "issues_left_off",
      "model_variant",
    ),
    Reason: object({
      column: text,
      value: { type: ["string", "number", "boolean", "null"] },
      direction: { type: "string", enum: ["raises", "lowers"] },
      log_odds: number,
      sentence: text,
    }),
    Issue: object({ column: text, rule: text, value: text, message: text }),
    Problem: object({ code: text, message: text, issues: list(ref("Issue")) }, "issues"),
    Error: object({ error: ref("Problem") }),
    Health: object({ status: text, version: text, uptime_seconds: number, ...origin }, ...Object.keys(origin)),
    Model: object({ ...origin, modelName: text, modelUrl: text }, "model_version", "model_source", "model_variant"),
    InferRequest: object(
      {
        id: text,
        parameters: { type: "object" },
        inputs: {
          type: "array",
          minItems: 1,
          items: object({
            name: { type: "string", enum: contract.columns.map(({ name }) => name) },
            datatype: { type: "string", examples: ["BYTES", "FP64", "INT64", "BOOL"] },
            shape: { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1, maxItems: 2 },
            data: { type: "array", items: {} },
          }),
        },
        outputs: list(object({ name: { type: "string", enum: outputTensors(contract).map(({ name }) => name) } })),
      },
      "id",
      "parameters",
      "outputs",
    ),
    InferResponse: object(
      {
        model_name: text,
        model_version: text,
        id: text,
        parameters: { type: "object" },
        outputs: list({ allOf: [tensor, object({ data: { type: "array", items: {} } })] }),
      },
      "model_version",
      "id",
    ),
    ModelMetadata: object({
      name: text,
      versions: list(text),
      platform: text,
      inputs: list(tensor),
      outputs: list(tensor),
    }),
    InferError: object({ error: text }),
  };
}
