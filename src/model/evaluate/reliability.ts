import type { SortedScores } from "./sorted-scores.js";

/** Equal-width bins of the calibration error and of the reliability curve. */
export const calibrationBins = 10;

/** The bin of a probability, 0 to 9; 1 itself falls into the last. */
export const calibrationBin = (p: number): number => Math.min(Math.floor(p * calibrationBins), calibrationBins - 1);

/** One point of the reliability curve. */
export interface ReliabilityBin {
  /** Probabilities from `low` up to `high` (1 included in the last bin). */
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  /** Mean probability and share of positives among these rows; equal if the model is calibrated. */
  readonly meanPrediction: number;
  readonly observedRate: number;
}

/** The reliability curve: bins with rows, from low to high probability. */
export function reliabilityCurve({ labels, scores, rows }: SortedScores): ReliabilityBin[] {
  const counts = new Float64Array(calibrationBins);
  const positives = new Float64Array(calibrationBins);
  const sums = new Float64Array(calibrationBins);
  for (let i = 0; i < rows; i++) {
    const bin = calibrationBin(scores[i] as number);
    counts[bin] = (counts[bin] as number) + 1;
    positives[bin] = (positives[bin] as number) + (labels[i] as number);
    sums[bin] = (sums[bin] as number) + (scores[i] as number);
  }
  return [...counts].flatMap((count, bin) =>
    count === 0
      ? []
      : {
          low: bin / calibrationBins,
          high: (bin + 1) / calibrationBins,
          rows: count,
          meanPrediction: (sums[bin] as number) / count,
          observedRate: (positives[bin] as number) / count,
        },
  );
}
