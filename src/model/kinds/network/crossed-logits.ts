import { logOnePlusExp } from "../../../stats/logistic.js";

/**
 * Logits of the held-out rows of a network that stops early. Rows that choose an epoch look better under it than new
 * rows would, so either half of them is scored at the epoch that is best for the other half.
 */
export interface CrossedLogits {
  /** Best loss of either half so far: the rows at even places, and those at odd ones. */
  readonly losses: readonly [number, number];
  readonly logits: Float32Array;
}

/** Returns the logits after another epoch. */
export function crossLogits(
  before: CrossedLogits | undefined,
  labels: Uint8Array,
  logits: Float32Array,
  weights: Float32Array | undefined,
): CrossedLogits {
  const sums = [0, 0];
  const totals = [0, 0];
  logits.forEach((z, i) => {
    const weight = weights?.[i] ?? 1;
    sums[i % 2] = (sums[i % 2] as number) + weight * (logOnePlusExp(z) - z * (labels[i] as number));
    totals[i % 2] = (totals[i % 2] as number) + weight;
  });
  // A single row has no other half, so it stands for that too.
  const lossOf = (half: 0 | 1): number =>
    logits.length > 1 ? (sums[half] as number) / (totals[half] as number) : (sums[0] as number);
  const losses: [number, number] = [lossOf(0), lossOf(1)];
  if (!before) return { losses, logits: logits.slice() };
  const better = losses.map((loss, half) => loss < (before.losses[half] as number));
  return {
    losses: [Math.min(losses[0], before.losses[0]), Math.min(losses[1], before.losses[1])],
    logits: before.logits.map((z, i) => (better[1 - (i % 2)] ? (logits[i] as number) : z)),
  };
}
