import type { BinnedMatrix } from "./bins.js";

/**
 * First and second derivatives of the loss, row by row. Sums of them are exact as long as they are multiples of
 * {@link gradientStep} and there are fewer than 8 million rows, so that no sum depends on its order.
 */
export interface Gradients {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

const stepsPerOne = 2 ** 30;

/** The nearest multiple of 2^-30. */
export const onGrid = (value: number): number => Math.round(value * stepsPerOne) / stepsPerOne;

/** Where each feature's bins begin in a histogram, and behind the last one its length in bins. */
export function binOffsets({ cuts }: BinnedMatrix): Uint32Array {
  const offsets = new Uint32Array(cuts.length + 1);
  cuts.forEach((own, feature) => (offsets[feature + 1] = (offsets[feature] as number) + own.length + 1));
  return offsets;
}

/** The derivatives of a node's rows, one behind the other, and their sums. */
export interface Gathered extends Gradients {
  readonly firstSum: number;
  readonly secondSum: number;
}

/** Copies the derivatives of some rows together into `room`, so that every feature reads them in order. */
export function gather({ first, second }: Gradients, rows: Uint32Array, room: Gradients): Gathered {
  let firstSum = 0;
  let secondSum = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const g = first[row] as number;
    const h = second[row] as number;
    room.first[i] = g;
    room.second[i] = h;
    firstSum += g;
    secondSum += h;
  }
  return { ...room, firstSum, secondSum };
}

/**
 * Sums the derivatives of some rows by bin: `histogram` holds two numbers for each bin, the sums of the first and of the
 * second derivatives. Only the bins of `features` are written.
 */
export function sumByBin(
  { codes, rows: stride }: BinnedMatrix,
  offsets: Uint32Array,
  features: ArrayLike<number>,
  rows: Uint32Array,
  gathered: Gathered,
  histogram: Float64Array,
): void {
  for (let k = 0; k < features.length; k++) {
    const feature = features[k] as number;
    const column = codes.subarray(feature * stride, (feature + 1) * stride);
    const from = offsets[feature] as number;
    const to = offsets[feature + 1] as number;
    const sums = histogram.subarray(2 * from, 2 * to);
    if (to - from === 2) sumFlag(column, rows, gathered, sums);
    else sumColumn(column, rows, gathered, sums);
  }
}

function sumColumn(column: Uint8Array, rows: Uint32Array, { first, second }: Gradients, sums: Float64Array): void {
  sums.fill(0);
  for (let i = 0; i < rows.length; i++) {
    const slot = 2 * (column[rows[i] as number] as number);
    sums[slot] = (sums[slot] as number) + (first[i] as number);
    sums[slot + 1] = (sums[slot + 1] as number) + (second[i] as number);
  }
}

/** The same for two bins, three times as fast: in registers, as in memory each row would wait for the one before it. */
function sumFlag(column: Uint8Array, rows: Uint32Array, { first, second, firstSum, secondSum }: Gathered, sums: Float64Array): void {
  let firstOfOnes = 0;
  let secondOfOnes = 0;
  for (let i = 0; i < rows.length; i++) {
    const one = column[rows[i] as number] as number;
    firstOfOnes += one * (first[i] as number);
    secondOfOnes += one * (second[i] as number);
  }
  sums[0] = firstSum - firstOfOnes;
  sums[1] = secondSum - secondOfOnes;
  sums[2] = firstOfOnes;
  sums[3] = secondOfOnes;
}

/** Takes one child's sums from its parent's, which leaves those of the other child. */
export function subtract(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (child[i] as number);
}
