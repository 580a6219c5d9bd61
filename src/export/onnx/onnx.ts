import { version } from "../../base/version.js";
import type { Column } from "../../data/contract/index.js";
import type { Exported } from "../exported.js";
import { graphOf } from "../graph/graph.js";
import { atMost } from "../graph/node.js";
import { ModelProto } from "./model-proto.js";
import { OnnxWriter } from "./writer.js";

/**
 * Writes a model as ONNX, from the contract's columns to the probability. Each feature is an input of shape [rows, 1] under
 * the column's name: numbers as double, booleans as the doubles 1 and 0, dates as the double of milliseconds since 1970 UTC,
 * categories and texts as strings. NaN and the empty string are missing. The outputs are `probability` (double, NaN for a row
 * that breaks the contract) and `label` (string, empty for such a row), and where there are more than two classes
 * `probabilities` (double, [rows, classes], in the contract's order).
 *
 * @param options.int8 stores the weights of networks in 8 bits, with a scale for each unit: a third of the size, and scores
 * that differ by a few thousandths. Default false.
 * @throws ChurnkitError OPTION_INVALID where free text is a feature.
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
export function toOnnx(artifact: Exported, options: { readonly int8?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const { columns, probability, classes, labels } = graphOf(artifact, "numbers");
  const inputs = columns.map(({ name }) => name);
  const proto = new ModelProto(artifact.contract.name, unusedPrefix(inputs));
  for (const column of columns) {
    const [type, description] = inputOf(column);
    proto.input(column.name, type, description);
  }
  const writer = new OnnxWriter(proto, inputs[0] ?? "", options.int8 ?? false);
  const label = labels.reduceRight(
    (rest, each) =>
      proto.node("Where", [writer.condition(atMost(each.least, each.value)), proto.text(each.label), rest]),
    proto.text(""),
  );
  const outputs = [
    { name: "probability", type: "double", result: writer.column(writer.number(probability)), columns: 1 },
    { name: "label", type: "string", result: writer.column(label), columns: 1 },
    ...(classes.length > 0
      ? [{ name: "probabilities", type: "double", result: writer.matrix(classes), columns: classes.length } as const]
      : []),
  ] as const;
  for (const { name, type, result, columns: width } of outputs) {
    const output = unusedName(name, inputs);
    proto.node("Identity", [result], {}, "", output);
    proto.output(output, type, width);
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
