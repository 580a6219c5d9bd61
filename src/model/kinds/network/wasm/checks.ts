import { ChurnkitError } from "../../../../base/errors.js";
import { tensorLayout, type NetworkSpec, type NetworkWeights } from "../spec.js";

function invalid(message: string, value: unknown): ChurnkitError {
  return new ChurnkitError("OPTION_INVALID", message, { where: { value } });
}

/** Throws `OPTION_INVALID` unless a value is an integer in a range. */
export function checkInteger(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw invalid(`${name} is ${value}; it must be an integer from ${low} to ${high}.`, value);
  }
}

/** Throws `OPTION_INVALID` unless `low <= value < high`. */
export function checkRange(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value < high))
    throw invalid(`${name} is ${value}; it must be from ${low} to below ${high}.`, value);
}

/** Throws `OPTION_INVALID` for a network with invalid sizes or rates. */
export function checkSpec(spec: NetworkSpec): void {
  const most = 65536;
  checkInteger("The network's number of inputs", spec.inputs, 1, most);
  checkInteger("The network's number of outputs", spec.outputs, 1, most);
  checkInteger("The network's number of hidden layers", spec.hidden.length, 0, 64);
  if (spec.adapters !== undefined) {
    checkInteger("The network's number of adapters", spec.adapters, 1, 1000);
    checkInteger("The number of hidden layers of a network with adapters", spec.hidden.length, 1, 64);
  }
  spec.hidden.forEach((layer, i) => {
    checkInteger(`The number of units of hidden layer ${i}`, layer.units, 1, most);
    checkRange(`The dropout rate of hidden layer ${i}`, layer.dropout, 0, 1);
    checkRange(`The L2 penalty of hidden layer ${i}`, layer.l2, 0, Infinity);
  });
  checkRange("The momentum of batch normalization", spec.batchNorm.momentum, 0, 1);
  checkRange("The epsilon of batch normalization", spec.batchNorm.epsilon, Number.MIN_VALUE, 1);
}

/** Throws `OPTION_INVALID` for a network with adapters, where only one without will do. */
export function checkNoAdapters(spec: NetworkSpec, what: string): void {
  if (spec.adapters === undefined) return;
  throw invalid(
    `${what} has no adapters, this network has ${spec.adapters}. Train it with the wasm engine; its model is ` +
      "the networks that they make.",
    spec.adapters,
  );
}

/** Throws `OPTION_INVALID` unless the weights match the network: every tensor present, each with its size. */
export function checkWeights(spec: NetworkSpec, weights: NetworkWeights): void {
  const layout = tensorLayout(spec);
  if (weights.length !== layout.length) {
    throw invalid(`The network has ${layout.length} tensors, but ${weights.length} were given.`, weights.length);
  }
  layout.forEach(({ name, shape }, i) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const given = weights[i]?.length;
    if (given !== size) {
      throw invalid(`Tensor ${name} has ${size} values ([${shape.join(", ")}]), but ${given} were given.`, given);
    }
  });
}
