import { ChurnkitError } from "../../base/errors.js";
import type { TrainingData } from "./engine.js";
import type { Kernel } from "./kernel.js";
import type { NetworkSpec } from "./spec.js";
import type { Staging } from "./wasm-plan.js";

/** Throws `OPTION_INVALID` unless the data fits the network and has every row that is named. */
export function checkData(spec: NetworkSpec, data: TrainingData, order: Uint32Array): void {
  const rows = data.x.length / spec.inputs;
  const check = (holds: boolean, message: string): void => {
    if (!holds) throw new ChurnkitError("OPTION_INVALID", message);
  };
  check(Number.isInteger(rows), `There are ${data.x.length} feature values, no multiple of the ${spec.inputs} inputs.`);
  const targets = rows * spec.outputs;
  check(data.y.length === targets, `There are ${data.y.length} targets; ${rows} rows need ${targets}.`);
  const weights = data.sampleWeights?.length ?? rows;
  check(weights === rows, `There are ${weights} sample weights; ${rows} rows need one each.`);
  let highest = 0;
  for (const row of order) if (row > highest) highest = row;
  check(highest < rows, `Row ${highest} was named, but there are ${rows} rows.`);
}

/** Gathers rows with their targets and weights into the kernel's memory. */
export function stage(
  kernel: Kernel,
  spec: NetworkSpec,
  staging: Staging,
  data: TrainingData,
  order: Uint32Array,
): void {
  const { inputs, outputs } = spec;
  const { x, y, sampleWeights } = data;
  const rows = kernel.floats(staging.rows, staging.width * order.length);
  const targets = kernel.floats(staging.targets, outputs * order.length);
  const weights = kernel.floats(staging.weights, order.length);
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    const from = row * inputs;
    const to = i * staging.width;
    for (let j = 0; j < inputs; j++) rows[to + j] = x[from + j] as number;
    for (let j = 0; j < outputs; j++) targets[i * outputs + j] = y[row * outputs + j] as number;
    weights[i] = sampleWeights === undefined ? 1 : (sampleWeights[row] as number);
  }
}
