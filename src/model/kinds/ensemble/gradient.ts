import { exp, log } from "../../../base/elementary.js";
import { logOnePlusExp } from "../../../stats/logistic.js";
import { batchRows, type Differentiable } from "../differentiable.js";

/** A member, with its part of each row of h. */
interface Member {
  readonly model: Differentiable;
  readonly place: number;
  /** Log odds f_k of the last batch, then the share of the gradient. */
  readonly outputs: Float64Array;
  readonly scales: Float64Array;
}

/**
 * The log odds of the mean probability of the members, F = log(p / (1 - p)) with p = mean of sigmoid(f_k). By the chain
 * rule dF/df_k = p_k (1 - p_k) / (K p (1 - p)). In logarithms throughout, so that probabilities next to 0 and 1 keep
 * their digits.
 */
export function differentiableEnsemble(models: readonly Differentiable[]): Differentiable {
  let width = 0;
  const members = models.map((model): Member => {
    const place = width;
    width += model.width;
    return { model, place, outputs: new Float64Array(batchRows), scales: new Float64Array(batchRows) };
  });
  const logCount = log(members.length);
  /** log p_k and log(1 - p_k) of one row. */
  const positive = new Float64Array(members.length);
  const negative = new Float64Array(members.length);
  /** log p and log(1 - p) of each row of the last batch. */
  const logP = new Float64Array(batchRows);
  const logQ = new Float64Array(batchRows);

  return {
    inputs: models[0]?.inputs ?? 0,
    width,
    project(x, at, h, from) {
      for (const { model, place } of members) model.project(x, at, h, from + place);
    },
    forward(h, from, stride, rows, out) {
      for (const { model, place, outputs } of members) model.forward(h, from + place, stride, rows, outputs);
      for (let row = 0; row < rows; row++) {
        members.forEach(({ outputs }, k) => {
          positive[k] = -logOnePlusExp(-(outputs[row] as number));
          negative[k] = -logOnePlusExp(outputs[row] as number);
        });
        logP[row] = logSumExp(positive) - logCount;
        logQ[row] = logSumExp(negative) - logCount;
        out[row] = (logP[row] as number) - (logQ[row] as number);
      }
    },
    addGradient(scales, rows, gradient) {
      for (const { model, outputs, scales: own } of members) {
        for (let row = 0; row < rows; row++) {
          const f = outputs[row] as number;
          const share = exp(
            -logOnePlusExp(-f) - logOnePlusExp(f) - logCount - (logP[row] as number) - (logQ[row] as number),
          );
          own[row] = (scales[row] as number) * share;
        }
        model.addGradient(own, rows, gradient);
      }
    },
  };
}

function logSumExp(values: Float64Array): number {
  let most = -Infinity;
  for (let k = 0; k < values.length; k++) most = Math.max(most, values[k] as number);
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += exp((values[k] as number) - most);
  return most + log(sum);
}
