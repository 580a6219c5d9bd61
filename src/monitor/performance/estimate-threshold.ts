import type { Costs } from "../../model/artifact.js";
import type { EstimateSums } from "./estimate-sums.js";
import type { RawEstimate } from "./estimate-auc.js";

/** Fewer expected positives than this count as none: their squares would no longer be numbers. */
const FEWEST_POSITIVES = 1e-100;

/** How a metric moves with the true positives (called) and the false negatives (others). */
interface Slopes {
  readonly called: number;
  readonly others: number;
}

/**
 * The metrics at the threshold. True positives and false negatives are independent sums of independent outcomes
 * (Poisson-binomial), with variances sum of p (1 - p) over the rows called positive and over the others; a ratio's
 * variance is that of its linear part (the delta method). `centered` is what a row adds to the metric on average beyond its
 * share, squared and summed: the variance over which rows there are.
 */
export function thresholdEstimates(
  { called, others }: EstimateSums,
  costs: Costs | undefined,
): Record<"accuracy" | "precision" | "recall" | "f1" | "profit", RawEstimate | null> {
  const rows = called.rows + others.rows;
  const tp = called.expected;
  const fn = others.expected;
  const positives = tp + fn;
  const raw = (value: number, slopes: Slopes, centered: number): RawEstimate => ({
    value,
    variance: slopes.called * slopes.called * called.variance + slopes.others * slopes.others * others.variance,
    populationVariance: Math.max(0, centered),
    // Twice the linear part, for what the rounding does beyond it.
    error: 2 * (Math.abs(slopes.called) * called.rounding + Math.abs(slopes.others) * others.rounding),
  });
  const right = tp + others.rows - fn;
  const rightSquares = called.squares + others.rows - 2 * fn + others.squares;
  const recall = tp / positives;
  const denominator = called.rows + positives;
  const f1 = (2 * tp) / denominator;
  const f1Squares =
    (2 - f1) * (2 - f1) * called.squares - 2 * f1 * (2 - f1) * tp + f1 * f1 * (called.rows + others.squares);
  return {
    accuracy:
      rows === 0
        ? null
        : raw(
            right / rows,
            { called: 1 / rows, others: -1 / rows },
            (rightSquares - (right * right) / rows) / rows / rows,
          ),
    precision:
      called.rows === 0
        ? null
        : raw(
            tp / called.rows,
            { called: 1 / called.rows, others: 0 },
            (called.squares - (tp * tp) / called.rows) / called.rows / called.rows,
          ),
    recall:
      positives < FEWEST_POSITIVES
        ? null
        : raw(
            recall,
            { called: fn / positives / positives, others: -tp / positives / positives },
            ((1 - recall) * (1 - recall) * called.squares + recall * recall * others.squares) / positives / positives,
          ),
    f1:
      denominator < FEWEST_POSITIVES
        ? null
        : raw(f1, { called: (2 - f1) / denominator, others: -f1 / denominator }, f1Squares / denominator / denominator),
    profit: costs === undefined || rows === 0 ? null : profitEstimate(raw, { called, others }, costs),
  };
}

function profitEstimate(
  raw: (value: number, slopes: Slopes, centered: number) => RawEstimate,
  { called, others }: Pick<EstimateSums, "called" | "others">,
  { falseNegative, falsePositive }: Costs,
): RawEstimate {
  const gain = falseNegative + falsePositive;
  const value = called.expected * gain - called.rows * falsePositive;
  const squares =
    gain * gain * called.squares -
    2 * falsePositive * gain * called.expected +
    falsePositive * falsePositive * called.rows;
  return raw(value, { called: gain, others: 0 }, squares - (value * value) / (called.rows + others.rows));
}
