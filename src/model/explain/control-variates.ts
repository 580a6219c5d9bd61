/** Sampled contributions of one row: those of all groups for each sample, and the known facts about their sum. */
export interface Sampled {
  readonly samples: number;
  readonly groups: number;
  /** samples x groups, row-major. */
  readonly contributions: Float64Array;
  /** For each sample the expected sum of its contributions, given its background row. */
  readonly expected: Float64Array;
}

/**
 * Below this share of the contributions' sum of squares a control is single-precision rounding, and regressing on it
 * does harm.
 */
const rounding = 1e-12;

/**
 * Computes the mean contribution of each group and its standard error, with two control variates whose means are
 * known: `expected` (its mean over the whole background is `target`) and the difference of a sample's sum from it (on
 * average 0). Each group is corrected by its regression on both (Glynn and Szechtman 2002). The regression
 * coefficients of all groups sum to 1, so the corrected means sum to `target`: completeness holds exactly, not only
 * within the error.
 *
 * @param target The sum of the contributions: output of the row minus mean output over the background.
 */
export function combine(
  { samples, groups, contributions, expected }: Sampled,
  target: number,
  values: Float64Array,
  errors: Float64Array,
): void {
  const means = values;
  means.fill(0);
  const missed = new Float64Array(samples);
  let missedMean = 0;
  let expectedMean = 0;
  for (let s = 0, at = 0; s < samples; s++) {
    let sum = 0;
    for (let c = 0; c < groups; c++, at++) {
      const value = contributions[at] as number;
      sum += value;
      means[c] = (means[c] as number) + value / samples;
    }
    missed[s] = sum - (expected[s] as number);
    missedMean += (missed[s] as number) / samples;
    expectedMean += (expected[s] as number) / samples;
  }

  // First control: the difference. Second: the expected sum without its part along the first, so that the two are
  // independent.
  const first = centered(missed, missedMean);
  const least = rounding * (product(contributions, contributions) + product(expected, expected));
  const firstSquares = squares(first, least);
  const second = centered(expected, expectedMean);
  const slope = firstSquares === 0 ? 0 : product(first, second) / firstSquares;
  for (let s = 0; s < samples; s++) second[s] = (second[s] as number) - slope * (first[s] as number);
  const secondSquares = squares(second, least);
  const firstShift = firstSquares === 0 ? 0 : missedMean / firstSquares;
  const secondShift = secondSquares === 0 ? 0 : (expectedMean - slope * missedMean - target) / secondSquares;

  const freedom = Math.max(1, samples - 1 - (firstSquares > 0 ? 1 : 0) - (secondSquares > 0 ? 1 : 0));
  let total = 0;
  for (let c = 0; c < groups; c++) {
    const mean = means[c] as number;
    let alongFirst = 0;
    let alongSecond = 0;
    for (let s = 0, at = c; s < samples; s++, at += groups) {
      const deviation = (contributions[at] as number) - mean;
      alongFirst += deviation * (first[s] as number);
      alongSecond += deviation * (second[s] as number);
    }
    const a = firstSquares === 0 ? 0 : alongFirst / firstSquares;
    const b = secondSquares === 0 ? 0 : alongSecond / secondSquares;
    let rest = 0;
    for (let s = 0, at = c; s < samples; s++, at += groups) {
      const residual = (contributions[at] as number) - mean - a * (first[s] as number) - b * (second[s] as number);
      rest += residual * residual;
    }
    values[c] = mean - alongFirst * firstShift - alongSecond * secondShift;
    errors[c] = Math.sqrt(rest / freedom / samples);
    total += values[c] as number;
  }
  settle(target - total, target, values, errors);
}

/**
 * Distributes the remainder that no control could explain in proportion to the values: rounding, or a kink of the
 * model that no sample met. A kink is reported as an error too, for every group if none is seen to move.
 */
function settle(missing: number, target: number, values: Float64Array, errors: Float64Array): void {
  const size = Math.abs(missing);
  const moved = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const stated = size > 1e-5 * (Math.abs(target) + moved) ? size : 0;
  for (let c = 0; c < values.length; c++) {
    const value = values[c] as number;
    if (moved > 0) values[c] = value + missing * (Math.abs(value) / moved);
    if (value !== 0 || moved === 0) errors[c] = Math.max(errors[c] as number, stated);
  }
}

const centered = (values: Float64Array, mean: number): Float64Array => values.map((value) => value - mean);

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Sum of squares of deviations, 0 if it is only rounding. */
function squares(deviations: Float64Array, least: number): number {
  const sum = product(deviations, deviations);
  return sum > least ? sum : 0;
}
