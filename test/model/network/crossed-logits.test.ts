import { expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { crossLogits, type CrossedLogits } from "../../../src/model/kinds/network/crossed-logits.js";
import { rowLogLoss, sigmoid } from "../../../src/stats/logistic.js";

const labels = Uint8Array.of(1, 1, 0, 0);
/** Crosses epochs in turn. */
const crossed = (
  epochs: readonly (readonly number[])[],
  known = labels,
  weights?: Float32Array,
): CrossedLogits | undefined =>
  epochs.reduce<CrossedLogits | undefined>(
    (before, logits) => crossLogits(before, known, Float32Array.from(logits), weights),
    undefined,
  );

it("scores either half of the rows at the epoch that is best for the other half", () => {
  // The second epoch is better for the even places, and worse for the odd ones.
  const epochs = [
    [1, 2, 3, -4],
    [2, -1, -3, 1],
  ];
  expect(crossed(epochs)?.logits).toEqual(Float32Array.of(1, -1, 3, 1));
  expect(crossed([...epochs].reverse())?.logits).toEqual(Float32Array.of(1, -1, 3, 1));
  // With almost all weight on the third row, which the first epoch gets right, the even places choose that one.
  const other = [
    [-1, 2, -3, -4],
    [2, -1, 3, 1],
  ];
  expect(crossed(other, labels, Float32Array.of(1, 1, 1e-6, 1))?.logits).toEqual(Float32Array.of(-1, -1, -3, 1));
});

it("scores a single row at its own best epoch", () => {
  expect(crossed([[-1], [2], [1]], Uint8Array.of(1))?.logits).toEqual(Float32Array.of(2));
});

it("promises nothing where the epochs differ by chance alone (the best epoch's own loss does)", () => {
  const rows = 2000;
  const random = uniform(5);
  const noisy = Uint8Array.from({ length: rows }, () => Number(random() < 0.5));
  const epochs = Array.from({ length: 60 }, () => Array.from({ length: rows }, () => random() - 0.5));
  const lossOf = (logits: ArrayLike<number>): number =>
    Array.from(logits, (z, row) => rowLogLoss(noisy[row] ?? 0, sigmoid(z))).reduce((sum, loss) => sum + loss, 0) / rows;
  const all = epochs.map(lossOf);
  const mean = all.reduce((sum, loss) => sum + loss, 0) / all.length;
  const spread = Math.sqrt(all.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / all.length);
  expect(mean - Math.min(...all)).toBeGreaterThan(1.5 * spread);
  expect(Math.abs(lossOf(crossed(epochs, noisy)?.logits ?? []) - mean)).toBeLessThan(1.5 * spread);
});
