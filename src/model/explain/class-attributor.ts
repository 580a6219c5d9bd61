import { logit, sigmoid } from "../../stats/logistic.js";
import type { AttributionTask, Attributor } from "../kinds/attributor.js";
import { batchRows, type Differentiable } from "../kinds/differentiable.js";
import { differentiableOver } from "../kinds/ensemble/gradient.js";
import type { ModelScorer } from "../kinds/model-kind.js";
import { bend, type ClassLogOdds } from "./class-log-odds.js";
import { expectedGradients } from "./expected-gradients.js";
import { pooledAttributor } from "./pooled.js";
import { sampledShapley } from "./sampled-shapley.js";

/** The model of a class against the others, in every form that explains it. */
export interface ClassMember {
  readonly scorer: ModelScorer;
  /** Attributes its log odds without sampling, where its kind allows that. */
  readonly exact: Attributor | undefined;
  readonly differentiable: Differentiable | undefined;
}

/**
 * Attributes the calibrated log odds of one of several classes. Where the attributions of all members are exact, so are
 * those of the part that is linear in the members, with the mean slope over the background; only what the softmax bends is
 * sampled. Else the whole is: by gradients, if all members have them.
 */
export function classAttributor(
  members: readonly ClassMember[],
  logOdds: ClassLogOdds,
  task: AttributionTask,
): Attributor {
  const exact = members.flatMap((member) => member.exact ?? []);
  if (exact.length < members.length) return sampled(members, logOdds, task);
  const slopes = meanGradient(members, logOdds, task);
  const linear = exact.map((attributor, k) => ({ attributor, weight: slopes[k] as number }));
  return pooledAttributor([...linear, { attributor: sampled(members, bend(logOdds, slopes), task), weight: 1 }], task);
}

function sampled(members: readonly ClassMember[], logOdds: ClassLogOdds, task: AttributionTask): Attributor {
  const parts = members.flatMap(({ differentiable }) => differentiable ?? []);
  return parts.length === members.length
    ? expectedGradients(differentiableClass(parts, logOdds), task)
    : sampledShapley(classScorer(members, logOdds), task);
}

function meanGradient(members: readonly ClassMember[], logOdds: ClassLogOdds, task: AttributionTask): Float64Array {
  const { background, backgroundRows } = task;
  const mean = new Float64Array(members.length);
  const gradient = new Float64Array(members.length);
  eachRow(members, background, backgroundRows, (own) => {
    logOdds.gradient(own, gradient);
    gradient.forEach((slope, k) => (mean[k] = (mean[k] as number) + slope / backgroundRows));
  });
  return mean;
}

/** Scores encoded rows with the probability of the class. */
export function classScorer(members: readonly Pick<ClassMember, "scorer">[], logOdds: ClassLogOdds): ModelScorer {
  return {
    inputs: members[0]?.scorer.inputs ?? 0,
    score(x, rows, out) {
      eachRow(members, x, rows, (own, row) => (out[row] = sigmoid(logOdds.value(own))));
    },
  };
}

/** Calls back with all members' log odds of each row. */
function eachRow(
  members: readonly Pick<ClassMember, "scorer">[],
  x: Float32Array,
  rows: number,
  take: (own: Float64Array, row: number) => void,
): void {
  const all = members.map(({ scorer }) => {
    const one = new Float64Array(rows);
    scorer.score(x, rows, one);
    return one;
  });
  const own = new Float64Array(members.length);
  for (let row = 0; row < rows; row++) {
    all.forEach((of, k) => (own[k] = logit(of[row] as number)));
    take(own, row);
  }
}

/** The log odds of the class as a function of the features with a gradient. */
function differentiableClass(parts: readonly Differentiable[], logOdds: ClassLogOdds): Differentiable {
  const own = new Float64Array(parts.length);
  const shares = Array.from({ length: batchRows }, () => new Float64Array(parts.length));
  return differentiableOver(parts, (outputs) => ({
    output(row) {
      outputs.forEach((of, k) => (own[k] = of[row] as number));
      logOdds.gradient(own, shares[row] as Float64Array);
      return logOdds.value(own);
    },
    share: (k, row) => shares[row]?.[k] as number,
  }));
}
