import type { NetworkSpec, NetworkWeights } from "../spec.js";

/** A dense layer on `scale * x + shift` of its inputs, if these are given. */
export interface DenseLayer {
  readonly inputs: number;
  readonly units: number;
  /** [inputs, units] row-major. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  /** Batch normalization of the inputs in inference: a factor and an addend for each. */
  readonly normalized: { readonly scale: Float64Array; readonly shift: Float64Array } | undefined;
}

/** The dense layers of a network in inference mode, hidden and output, each with the normalization before it. */
export function denseLayers(spec: NetworkSpec, weights: NetworkWeights): DenseLayer[] {
  const layers: DenseLayer[] = [];
  let next = 0;
  const take = (): Float32Array => weights[next++] as Float32Array;
  let normalized: DenseLayer["normalized"];
  let inputs = spec.inputs;
  for (const { units, batchNorm } of spec.hidden) {
    layers.push({ inputs, units, kernel: take(), bias: take(), normalized });
    normalized = batchNorm ? normalization(take(), take(), take(), take(), spec.batchNorm.epsilon) : undefined;
    inputs = units;
  }
  layers.push({ inputs, units: spec.outputs, kernel: take(), bias: take(), normalized });
  return layers;
}

function normalization(
  gamma: Float32Array,
  beta: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  epsilon: number,
): { scale: Float64Array; shift: Float64Array } {
  const scale = new Float64Array(gamma.length);
  const shift = new Float64Array(gamma.length);
  for (let i = 0; i < gamma.length; i++) {
    const factor = (gamma[i] as number) / Math.sqrt((variance[i] as number) + epsilon);
    scale[i] = factor;
    shift[i] = (beta[i] as number) - (mean[i] as number) * factor;
  }
  return { scale, shift };
}

/**
 * The dense layers of a network with batch normalization folded in. In double precision, rounded once, like the
 * kernel's own `placeDense`: to the same bits.
 *
 * @returns kernel and bias of each hidden layer, then of the output layer; kernels [inputs, units] row-major.
 */
export function foldBatchNorm(spec: NetworkSpec, weights: NetworkWeights): Float32Array[] {
  return denseLayers(spec, weights).flatMap(({ inputs, units, kernel, bias, normalized }) => {
    if (normalized === undefined) return [kernel, bias];
    const sums = new Float64Array(bias);
    const scaled = new Float32Array(kernel.length);
    for (let i = 0, at = 0; i < inputs; i++) {
      const factor = normalized.scale[i] as number;
      const offset = normalized.shift[i] as number;
      for (let j = 0; j < units; j++, at++) {
        const weight = kernel[at] as number;
        scaled[at] = factor * weight;
        sums[j] = (sums[j] as number) + offset * weight;
      }
    }
    return [scaled, new Float32Array(sums)];
  });
}
