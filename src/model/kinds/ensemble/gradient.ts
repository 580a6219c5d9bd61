import { exp, log } from "../../../base/elementary.js";
import { logOnePlusExp, logSumExp } from "../../../stats/logistic.js";
import type { EnsembleModel } from "../../artifact.js";
import { batchRows, type Differentiable } from "../differentiable.js";

/** A member, with its part of each row of h. */
interface Member {
  readonly model: Differentiable;
  readonly place: number;
  /** Log odds f_k of the last batch, then the share of the gradient. */
  readonly outputs: Float64Array;
  readonly scales: Float64Array;
}

/** The log odds of an ensemble, whose members are given as functions with gradients. */
export function differentiableEnsemble(
  models: readonly Differentiable[],
  { weights, average }: Pick<EnsembleModel, "weights" | "average">,
): Differentiable {
  const shares = models.map((_, k) => weights?.[k] ?? 1 / models.length);
  return differentiableOver(models, (outputs) =>
    average === "logOdds" ? meanLogOdds(shares, outputs) : logOddsOfMean(shares, outputs),
  );
}

/**
 * One function of the log odds of several models.
 *
 * @param poolOf makes it, given where the log odds of a batch will be, model by model.
 */
export function differentiableOver(
  models: readonly Differentiable[],
  poolOf: (outputs: readonly Float64Array[]) => Pool,
): Differentiable {
  let width = 0;
  const members = models.map((model): Member => {
    const place = width;
    width += model.width;
    return { model, place, outputs: new Float64Array(batchRows), scales: new Float64Array(batchRows) };
  });
  const pool = poolOf(members.map(({ outputs }) => outputs));
  return {
    inputs: models[0]?.inputs ?? 0,
    width,
    project(x, at, h, from) {
      for (const { model, place } of members) model.project(x, at, h, from + place);
    },
    forward(h, from, stride, rows, out) {
      for (const { model, place, outputs } of members) model.forward(h, from + place, stride, rows, outputs);
      for (let row = 0; row < rows; row++) out[row] = pool.output(row);
    },
    addGradient(scales, rows, gradient) {
      members.forEach(({ model, scales: own }, k) => {
        for (let row = 0; row < rows; row++) own[row] = (scales[row] as number) * pool.share(k, row);
        model.addGradient(own, rows, gradient);
      });
    },
  };
}

/** Makes one log odds F of the members' f_k, row by row of the last batch. */
export interface Pool {
  output(row: number): number;
  /** dF/df_k, once `output` has seen the row. */
  share(k: number, row: number): number;
}

/** F = the sum of w_k f_k. */
const meanLogOdds = (weights: readonly number[], outputs: readonly Float64Array[]): Pool => ({
  output: (row) => weights.reduce((sum, weight, k) => sum + weight * (outputs[k]?.[row] as number), 0),
  share: (k) => weights[k] as number,
});

/**
 * The log odds of the mean probability, F = log(p / (1 - p)) with p = the sum of w_k sigmoid(f_k). By the chain rule
 * dF/df_k = w_k p_k (1 - p_k) / (p (1 - p)). In logarithms throughout, so that probabilities next to 0 and 1 keep
 * their digits.
 */
function logOddsOfMean(weights: readonly number[], outputs: readonly Float64Array[]): Pool {
  const logWeights = weights.map(log);
  /** log p_k and log(1 - p_k), with the weight, of one row. */
  const positive = new Float64Array(weights.length);
  const negative = new Float64Array(weights.length);
  /** log p and log(1 - p) of each row of the last batch. */
  const logP = new Float64Array(batchRows);
  const logQ = new Float64Array(batchRows);
  return {
    output(row) {
      outputs.forEach((of, k) => {
        positive[k] = (logWeights[k] as number) - logOnePlusExp(-(of[row] as number));
        negative[k] = (logWeights[k] as number) - logOnePlusExp(of[row] as number);
      });
      logP[row] = logSumExp(positive);
      logQ[row] = logSumExp(negative);
      return logP[row] - logQ[row];
    },
    share(k, row) {
      const f = outputs[k]?.[row] as number;
      return exp(
        (logWeights[k] as number) -
          logOnePlusExp(-f) -
          logOnePlusExp(f) -
          (logP[row] as number) -
          (logQ[row] as number),
      );
    },
  };
}
