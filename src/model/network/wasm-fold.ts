import type { NetworkSpec, NetworkWeights } from "./spec.js";

/** A dense layer that takes `scale * x + shift` up. On its own, with locals only: a cold start spends its time here. */
function foldInto(
  kernel: Float32Array,
  bias: Float32Array,
  scale: Float64Array,
  shift: Float64Array,
  inputs: number,
  units: number,
): [kernel: Float32Array, bias: Float32Array] {
  const sums = new Float64Array(bias);
  const scaled = new Float32Array(kernel.length);
  for (let i = 0, at = 0; i < inputs; i++) {
    const factor = scale[i] as number;
    const offset = shift[i] as number;
    for (let j = 0; j < units; j++, at++) {
      const weight = kernel[at] as number;
      scaled[at] = factor * weight;
      sums[j] = (sums[j] as number) + offset * weight;
    }
  }
  return [scaled, new Float32Array(sums)];
}

/**
 * The dense layers of a network with batch normalisation folded in: for inference it is `scale * x + shift` for each
 * unit, which the next layer's kernel and bias take up. In double precision, rounded once.
 *
 * @returns kernel and bias of each hidden layer, then of the output layer; kernels [inputs, units] row-major.
 */
export function foldBatchNorm(spec: NetworkSpec, weights: NetworkWeights): Float32Array[] {
  const folded: Float32Array[] = [];
  let next = 0;
  const take = (): Float32Array => weights[next++] as Float32Array;
  let scale: Float64Array | undefined;
  let shift: Float64Array | undefined;
  const dense = (inputs: number, units: number): void => {
    const kernel = take();
    const bias = take();
    if (scale === undefined || shift === undefined) {
      folded.push(kernel, bias);
      return;
    }
    folded.push(...foldInto(kernel, bias, scale, shift, inputs, units));
  };

  let width = spec.inputs;
  for (const { units, batchNorm } of spec.hidden) {
    dense(width, units);
    scale = undefined;
    shift = undefined;
    if (batchNorm) {
      const [gamma, beta, mean, variance] = [take(), take(), take(), take()];
      const factors = Float64Array.from(gamma, (value, i) => {
        return value / Math.sqrt((variance[i] as number) + spec.batchNorm.epsilon);
      });
      scale = factors;
      shift = Float64Array.from(beta, (value, i) => value - (mean[i] as number) * (factors[i] as number));
    }
    width = units;
  }
  dense(width, spec.outputs);
  return folded;
}
