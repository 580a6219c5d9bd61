import { exp, log, log1p, powerOfTwo } from "../base/elementary.js";

/** Probabilities are kept this far from 0 and 1 before a logarithm: the distance of 1 to the next float64. */
export const probabilityMargin = powerOfTwo(-52);

/** 1 / (1 + exp(-x)), without overflow. In [0, 1]. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

/** log(1 + exp(x)), without overflow and exact in both tails. */
export function logOnePlusExp(x: number): number {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/** log(exp(x1) + exp(x2) + ...), without overflow. */
export function logSumExp(values: Float64Array): number {
  let most = -Infinity;
  for (let k = 0; k < values.length; k++) most = Math.max(most, values[k] as number);
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += exp((values[k] as number) - most);
  return most + log(sum);
}

/** log(p / (1 - p)) of a probability in [0, 1], clipped at 2^-52 from both ends: in [-36.1, 36.1]. */
export function logit(p: number): number {
  const clipped = Math.min(Math.max(p, probabilityMargin), 1 - probabilityMargin);
  return log(clipped) - log1p(-clipped);
}

/** Log loss of one row, in nats: -log of the probability of the actual label, clipped at 2^-52. */
export function rowLogLoss(label: number, p: number): number {
  const clipped = Math.min(Math.max(p, probabilityMargin), 1 - probabilityMargin);
  return label === 1 ? -log(clipped) : -log1p(-clipped);
}
