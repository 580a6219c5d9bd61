import { mix32, uniform } from "../../../base/random.js";
import { tensorLayout, type NetworkSpec } from "./spec.js";

/**
 * Seeded initial weights: glorot-uniform kernels, zero biases, unit gammas and variances, like Keras. Every engine
 * shares them, so that one seed means one starting point.
 */
export function initialWeights(spec: NetworkSpec, seed: number): Float32Array[] {
  return tensorLayout(spec).map(({ name, shape }, index) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const [fanIn = 1, fanOut = 1] = shape;
    if (name.endsWith("kernel")) {
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      const random = uniform(mix32(mix32(seed) ^ index));
      for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * limit;
    } else if (name === "adapters") {
      const random = uniform(mix32(mix32(seed) ^ index));
      for (let i = 0; i < values.length; i++) values[i] = random() < 0.5 ? -1 : 1;
    } else if (name.endsWith("gamma") || name.endsWith("moving_variance")) values.fill(1);
    return values;
  });
}

/**
 * Dropout rule of every engine: unit `index` (row-in-batch * units + unit) of hidden layer `layer` is dropped at
 * batch number `step` if this hash, as a share of 2^32, is below the layer's rate. Kept units are scaled by 1 / (1 -
 * rate).
 */
export function dropoutHash(seed: number, step: number, layer: number, index: number): number {
  return mix32(mix32(mix32(seed) ^ step) + Math.imul(layer + 1, 0x9e3779b9) + index);
}
