import { number, numbers, object } from "../../../base/json/index.js";
import { sigmoid } from "../../../stats/logistic.js";
import type { LinearModel } from "../../artifact.js";
import type { ModelKind, ModelScorer, ModelWriter } from "../model-kind.js";

/** Scores sigmoid(bias + weights . x), in float64. */
export function linearScorer({ weights, bias }: LinearModel): ModelScorer {
  const inputs = weights.length;
  const w = Float64Array.from(weights);
  return {
    inputs,
    score(x, rows, out) {
      for (let row = 0, at = 0; row < rows; row++) {
        let logit = bias;
        for (let i = 0; i < inputs; i++) logit += (w[i] as number) * (x[at++] as number);
        out[row] = sigmoid(logit);
      }
    },
  };
}

const parameters = object({ weights: numbers(1_000_000), bias: number() });

/** A linear model, stored as its numbers. */
export const linearKind: ModelKind<LinearModel> = {
  read: (json) => ({ kind: "linear", ...parameters(json) }),
  kernelUse: () => "none",
  scorer: linearScorer,
};

export const writeLinear: ModelWriter<LinearModel> = ({ weights, bias }) => ({ weights, bias });
