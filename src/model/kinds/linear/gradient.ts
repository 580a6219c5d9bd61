import type { LinearModel } from "../../artifact.js";
import type { Differentiable } from "../differentiable.js";

/** A linear model: h is the log odds itself. */
export function differentiableLinear({ weights, bias }: LinearModel): Differentiable {
  const w = Float64Array.from(weights);
  return {
    inputs: w.length,
    width: 1,
    project(x, at, h, from) {
      let sum = bias;
      for (let j = 0; j < w.length; j++) sum += (w[j] as number) * (x[at + j] as number);
      h[from] = sum;
    },
    forward(h, from, stride, rows, out) {
      for (let row = 0; row < rows; row++) out[row] = h[from + row * stride] as number;
    },
    addGradient(scales, rows, gradient) {
      for (let row = 0, at = 0; row < rows; row++) {
        const scale = scales[row] as number;
        for (let j = 0; j < w.length; j++, at++) gradient[at] = (gradient[at] as number) + scale * (w[j] as number);
      }
    },
  };
}
