import { version } from "../../base/version.js";
import type { Column } from "../../data/contract/index.js";
import type { Exported } from "../exported.js";
import { graphOf } from "../graph/graph.js";
import { atMost, constant } from "../graph/node.js";
import { ModelProto } from "./model-proto.js";
import { OnnxWriter } from "./writer.js";

/**
 * Writes a model of two classes as ONNX, from the contract's columns to the probability. Each feature is an input of shape
 * [rows, 1] under the column's name: numbers as double, booleans as the doubles 1 and 0, dates as the double of milliseconds
 * since 1970 UTC, categories and texts as strings. NaN and the empty string are missing. The outputs are `probability`
 * (double, NaN for a row that breaks the contract) and `label` (string, empty for such a row).
 *
 * @throws ChurnkitError OPTION_INVALID for more than two classes, and where free text is a feature.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { toOnnx } from "churnkit/export";
 * import { logistic, train } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * console.assert(toOnnx(model.artifact).length > 1000);
 * ```
 */
export function toOnnx(artifact: Exported): Uint8Array<ArrayBuffer> {
  const { columns, probability } = graphOf(artifact, "numbers");
  const inputs = columns.map(({ name }) => name);
  const proto = new ModelProto(artifact.contract.name, unusedPrefix(inputs));
  for (const column of columns) {
    const [type, description] = inputOf(column);
    proto.input(column.name, type, description);
  }
  const writer = new OnnxWriter(proto, inputs[0] ?? "");
  const score = writer.column(writer.number(probability));
  const isPositive = writer.condition(atMost(constant(artifact.decision.threshold), probability));
  const { positive = "", classes = [] } = artifact.contract.target ?? {};
  const negative = classes.find((label) => label !== positive) ?? `not ${positive}`;
  const label = proto.node("Where", [isPositive, proto.text(positive), proto.text(negative)]);
  const scored = proto.node("Where", [proto.node("IsNaN", [score]), proto.text(""), label]);
  for (const [name, type, result] of [
    ["probability", "double", score],
    ["label", "string", scored],
  ] as const) {
    const output = unusedName(name, inputs);
    proto.node("Identity", [result], {}, "", output);
    proto.output(output, type);
  }
  return proto.done("churnkit", version);
}

function inputOf({ kind }: Column): readonly [type: "double" | "string", description: string] {
  switch (kind) {
    case "number":
      return ["double", "NaN is missing"];
    case "boolean":
      return ["double", "1 or 0, NaN is missing"];
    case "date":
      return ["double", "milliseconds since 1970 UTC, NaN is missing"];
    case "category":
    case "text":
      return ["string", "empty is missing"];
  }
}

function unusedPrefix(names: readonly string[]): string {
  let prefix = "churnkit_";
  while (names.some((name) => name.startsWith(prefix))) prefix += "_";
  return prefix;
}

function unusedName(name: string, names: readonly string[]): string {
  return names.includes(name) ? unusedName(`${name}_`, names) : name;
}
