import type { NetworkModel } from "../../artifact.js";
import type { Kernel } from "./kernel.js";
import { createNetworkScorer, type NetworkScorer } from "./network-scorer.js";
import type { NetworkSpec } from "./spec.js";
import { foldBatchNorm } from "./wasm/fold.js";
import { batchRows, type Differentiable } from "../differentiable.js";

/** A dense layer in both directions, as products that the WebAssembly kernel computes. */
interface Dense {
  readonly units: number;
  /** From the layer's input to its output; absent in the first layer, which h already includes. */
  readonly forth: NetworkScorer | undefined;
  /** From the gradient by the layer's output to that by its input. */
  readonly back: NetworkScorer;
  /** The layer's outputs before relu at the last batch. */
  readonly outputs: Float32Array;
  /** The gradient by the layer's input at the last batch. */
  readonly slopes: Float32Array;
}

/**
 * A network in inference mode, batch normalization folded into the dense layers: h is the first layer before relu.
 * Products run in the kernel, in single precision like scoring; a layer's transpose, stored there as a network
 * without hidden layers, propagates gradients back.
 */
export function differentiableNetwork({ spec, weights }: NetworkModel, kernel: Kernel): Differentiable {
  const folded = foldBatchNorm(spec, weights);
  const sizes = [spec.inputs, ...spec.hidden.map(({ units }) => units), spec.outputs];
  const layers = sizes.slice(1).map((units, l): Dense => {
    const inputs = sizes[l] ?? 0;
    const matrix = folded[2 * l] ?? new Float32Array(inputs * units);
    const bias = folded[2 * l + 1] ?? new Float32Array(units);
    return {
      units,
      forth: l === 0 ? undefined : product(spec, inputs, units, matrix, bias, kernel),
      back: product(spec, units, inputs, transposed(matrix, inputs, units), new Float32Array(inputs), kernel),
      outputs: new Float32Array(batchRows * units),
      slopes: new Float32Array(batchRows * inputs),
    };
  });
  const first = layers[0] as Dense;
  const [firstKernel, firstBias] = [Float64Array.from(folded[0] ?? []), Float64Array.from(folded[1] ?? [])];
  const { inputs } = spec;
  const width = first.units;

  return {
    inputs,
    width,
    project(x, at, h, from) {
      for (let u = 0; u < width; u++) h[from + u] = firstBias[u] as number;
      for (let j = 0; j < inputs; j++) {
        const value = x[at + j] as number;
        if (value === 0) continue;
        for (let u = 0, w = j * width; u < width; u++, w++)
          h[from + u] = (h[from + u] as number) + value * (firstKernel[w] as number);
      }
    },
    forward(h, from, stride, rows, out) {
      for (let row = 0, to = 0; row < rows; row++) {
        for (let u = 0, at = from + row * stride; u < width; u++) first.outputs[to++] = h[at++] as number;
      }
      let below = first;
      for (const layer of layers) {
        if (layer.forth === undefined) continue;
        const { input } = layer.forth;
        for (let i = 0; i < rows * below.units; i++) input[i] = Math.max(0, below.outputs[i] as number);
        layer.forth.score(input, rows, layer.outputs);
        below = layer;
      }
      for (let row = 0; row < rows; row++) out[row] = below.outputs[row] as number;
    },
    addGradient(scales, rows, gradient) {
      let above: Dense | undefined;
      for (let l = layers.length - 1; l >= 0; l--) {
        const layer = layers[l] as Dense;
        const { input } = layer.back;
        if (above === undefined) for (let row = 0; row < rows; row++) input[row] = scales[row] as number;
        else {
          const { slopes } = above;
          for (let i = 0; i < rows * layer.units; i++)
            input[i] = (layer.outputs[i] as number) <= 0 ? 0 : (slopes[i] as number);
        }
        layer.back.score(input, rows, layer.slopes);
        above = layer;
      }
      for (let i = 0; i < rows * inputs; i++) gradient[i] = (gradient[i] as number) + (first.slopes[i] as number);
    },
  };
}

/** x -> x * matrix + bias in the kernel. */
function product(
  spec: NetworkSpec,
  inputs: number,
  outputs: number,
  matrix: Float32Array,
  bias: Float32Array,
  kernel: Kernel,
): NetworkScorer {
  return createNetworkScorer({ inputs, outputs, hidden: [], batchNorm: spec.batchNorm }, [matrix, bias], kernel);
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = matrix[i * columns + j] as number;
  return turned;
}
