import { logOnePlusExp, logSumExp } from "../../../stats/logistic.js";
import type { NetworkSpec, NetworkWeights } from "./spec.js";

/** A network without adapters. */
interface Plain {
  readonly spec: NetworkSpec;
  readonly weights: NetworkWeights;
}

/** The networks, one for each adapter, that compute the same: an adapter's factors are multiplied into the first kernel. */
export function withoutAdapters(spec: NetworkSpec, weights: NetworkWeights): Plain[] {
  const { adapters, ...plain } = spec;
  if (adapters === undefined) return [{ spec, weights }];
  const [factors, kernel, ...rest] = weights as [Float32Array, Float32Array, ...Float32Array[]];
  const [outputKernel, outputBias] = rest.splice(-2) as [Float32Array, Float32Array];
  const units = kernel.length / spec.inputs;
  return Array.from({ length: adapters }, (_, adapter) => ({
    spec: plain,
    weights: [
      kernel.map((weight, i) => weight * (factors[Math.floor(i / units) * adapters + adapter] as number)),
      ...rest,
      columns(outputKernel, outputBias.length, spec.outputs, adapter),
      columns(outputBias, outputBias.length, spec.outputs, adapter),
    ],
  }));
}

/** The columns of an adapter's outputs. */
function columns(matrix: Float32Array, width: number, outputs: number, adapter: number): Float32Array {
  return matrix.filter((_, i) => Math.floor((i % width) / outputs) === adapter);
}

/** Log odds of the mean probability of several networks, from the log odds of each, row by row. */
export function logOddsOfMean(logits: readonly Float32Array[]): Float32Array {
  const [first] = logits as [Float32Array];
  if (logits.length === 1) return first;
  const positive = new Float64Array(logits.length);
  const negative = new Float64Array(logits.length);
  return first.map((_, row) => {
    logits.forEach((values, k) => {
      positive[k] = -logOnePlusExp(-(values[row] as number));
      negative[k] = -logOnePlusExp(values[row] as number);
    });
    return logSumExp(positive) - logSumExp(negative);
  });
}
