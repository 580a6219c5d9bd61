import { ChurnkitError } from "../../../../base/errors.js";
import type { TrainingData } from "../engine.js";
import type { Kernel } from "../kernel.js";
import type { NetworkSpec } from "../spec.js";
import { dataFields, structBytes, writeStruct } from "./layout.js";

/** Rows in the kernel's memory: the address of its struct, and how many it names. */
export interface Staged {
  readonly address: number;
  readonly count: number;
}

/** Bytes of features up to which a whole data set is copied into the kernel; beyond, rows are gathered in parts. */
const wholeLimit = 32 * 2 ** 20;

/** Throws `OPTION_INVALID` unless the data fits the network and has every named row. */
export function checkData(spec: NetworkSpec, data: TrainingData, order: Uint32Array): void {
  const rows = data.x.length / spec.inputs;
  const check = (holds: boolean, message: string): void => {
    if (!holds) throw new ChurnkitError("OPTION_INVALID", message);
  };
  check(
    Number.isInteger(rows),
    `There are ${data.x.length} feature values, which is not a multiple of the ${spec.inputs} inputs.`,
  );
  const targets = rows * spec.outputs;
  check(data.y.length === targets, `There are ${data.y.length} targets; ${rows} rows need ${targets}.`);
  const weights = data.sampleWeights?.length ?? rows;
  check(weights === rows, `There are ${weights} sample weights; ${rows} rows need one each.`);
  let highest = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    if (row > highest) highest = row;
  }
  check(highest < rows, `Row ${highest} was named, but there are ${rows} rows.`);
}

/**
 * Copies the rows that `order` names into the kernel's memory: a small data set completely (the kernel then gathers
 * batches itself), a large one part by part, each a multiple of `batchSize` rows.
 */
export function* stage(
  kernel: Kernel,
  spec: NetworkSpec,
  data: TrainingData,
  order: Uint32Array,
  batchSize: number,
): Generator<Staged> {
  if (4 * data.x.length <= wholeLimit) {
    yield place(kernel, spec.outputs, data, order);
    return;
  }
  const fitting = Math.max(1, Math.floor(wholeLimit / 4 / spec.inputs / batchSize));
  for (let first = 0; first < order.length; first += fitting * batchSize) {
    yield place(kernel, spec.outputs, pick(spec, data, order.subarray(first, first + fitting * batchSize)), undefined);
  }
}

/** Copies a data set into the kernel's memory. */
function place(kernel: Kernel, outputs: number, data: TrainingData, order: Uint32Array | undefined): Staged {
  const { x, y, sampleWeights } = data;
  const address = kernel.scratch("data", structBytes(dataFields));
  const room = (name: string, values: { length: number } | undefined): number =>
    values === undefined ? 0 : kernel.scratch(name, 4 * values.length);
  const places = {
    // The kernel reads whole vectors, up to 28 bytes beyond the last row.
    x: kernel.scratch("data x", 4 * x.length + 32),
    targets: room("data targets", y),
    weights: room("data weights", sampleWeights),
    order: room("data order", order),
  };
  writeStruct(kernel, address, dataFields, places);
  kernel.floats(places.x, x.length).set(x);
  kernel.floats(places.targets, y.length).set(y);
  if (sampleWeights !== undefined) kernel.floats(places.weights, sampleWeights.length).set(sampleWeights);
  if (order === undefined) return { address, count: y.length / outputs };
  new Uint32Array(kernel.exports.memory.buffer, places.order, order.length).set(order);
  return { address, count: order.length };
}

/** Copies the rows that `order` names into a new data set. */
function pick(spec: NetworkSpec, data: TrainingData, order: Uint32Array): TrainingData {
  const rows = (from: Float32Array, width: number): Float32Array => {
    const picked = new Float32Array(order.length * width);
    order.forEach((row, i) => {
      picked.set(from.subarray(row * width, (row + 1) * width), i * width);
    });
    return picked;
  };
  return {
    x: rows(data.x, spec.inputs),
    y: rows(data.y, spec.outputs),
    sampleWeights: data.sampleWeights === undefined ? undefined : rows(data.sampleWeights, 1),
  };
}
