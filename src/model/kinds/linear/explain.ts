import type { LinearModel } from "../../artifact.js";
import type { AttributionTask, Attributor } from "../attributor.js";

/**
 * SHAP values of a linear model against a background: w_j (x_j - mean of column j over the background), summed by
 * group (Lundberg and Lee 2017, corollary 1, interventional). Exact for groups too, because a linear model has no
 * interactions.
 */
export function exactLinear({ weights, bias }: LinearModel, task: AttributionTask): Attributor {
  const { background, backgroundRows, inputs, groupOf } = task;
  const w = Float64Array.from(weights);
  const means = new Float64Array(inputs);
  for (let row = 0, at = 0; row < backgroundRows; row++) {
    for (let j = 0; j < inputs; j++) means[j] = (means[j] as number) + (background[at++] as number);
  }
  let base = bias;
  for (let j = 0; j < inputs; j++) {
    means[j] = (means[j] as number) / backgroundRows;
    base += (w[j] as number) * (means[j] as number);
  }
  return {
    method: "linear",
    base,
    samples: 0,
    attribute(x, at, values, errors) {
      values.fill(0);
      errors.fill(0);
      let output = bias;
      for (let j = 0; j < inputs; j++) {
        const weight = w[j] as number;
        const value = x[at + j] as number;
        const group = groupOf[j] as number;
        output += weight * value;
        values[group] = (values[group] as number) + weight * (value - (means[j] as number));
      }
      return output;
    },
  };
}
