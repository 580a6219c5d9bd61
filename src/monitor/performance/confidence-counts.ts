import { ChurnkitError } from "../../base/errors.js";
import { count, number, object, version, type Decoder, documentError, JsonValue } from "../../base/json/index.js";
import { checkThreshold } from "../../model/evaluate/index.js";
import { binRange, scoreBin, scoreBins, stepOf, stepsPerBin } from "./score-bins.js";
import type { ScoreCells } from "./score-cells.js";

/**
 * Probabilities of any number of rows (up to 2^33 in one bin) as counts between fixed ends: plain JSON, at most 4,867
 * cells whatever the rows. All numbers are whole, so that merging shards in any order gives the same counts bit for bit.
 */
export interface ConfidenceCounts {
  readonly format: 1;
  /** Positive from this probability on. */
  readonly threshold: number;
  /** Rows counted. */
  readonly rows: number;
  /** Values that are not probabilities (NaN, below 0, above 1) and are not in any cell. */
  readonly invalid: number;
  /** Cells with rows, in increasing order: [cell, rows, sum of steps above the cell's low end]. */
  readonly cells: readonly (readonly [cell: number, rows: number, steps: number])[];
}

/** Counts probabilities on arrival, in constant memory (78 kB). */
export interface ConfidenceCounter {
  /** Counts a probability; an invalid one is counted as such and returns false. */
  add(probability: number): boolean;
  /** Counts so far. */
  counts(): ConfidenceCounts;
}

/**
 * Starts counting the probabilities of a model in service, for {@link estimateFromCounts}.
 *
 * @param threshold Positive from this probability on, in [0, 1]. It is frozen here, so that rows on both sides of it
 * are distinguished exactly.
 * @throws ChurnkitError OPTION_INVALID for a threshold out of range.
 *
 * @example
 * ```ts
 * import { confidenceCounter, estimateFromCounts } from "churnkit/monitor";
 *
 * const counter = confidenceCounter(0.5);
 * for (const probability of [0.1, 0.8, 0.9, 0.3]) counter.add(probability);
 * const { values } = estimateFromCounts(counter.counts());
 * console.assert(Math.abs((values.accuracy.value ?? 0) - 0.825) < 1e-6);
 * ```
 */
export function confidenceCounter(threshold: number): ConfidenceCounter {
  checkThreshold(threshold);
  const rows = new Float64Array(scoreBins + 1);
  const steps = new Float64Array(scoreBins + 1);
  const lows = new Float64Array(scoreBins);
  const highs = new Float64Array(scoreBins);
  for (let bin = 0; bin < scoreBins; bin++) ({ low: lows[bin], high: highs[bin] } = binRange(bin));
  let invalid = 0;
  return {
    add(p) {
      if (!(p >= 0 && p <= 1)) {
        invalid++;
        return false;
      }
      const bin = scoreBin(p);
      // The threshold's own bin has two cells, one for each side; later cells shift by one.
      const cell = p >= threshold ? bin + 1 : bin;
      rows[cell] = (rows[cell] as number) + 1;
      steps[cell] = (steps[cell] as number) + stepOf(p, { low: lows[bin] as number, high: highs[bin] as number });
      return true;
    },
    counts() {
      const cells: [number, number, number][] = [];
      let total = 0;
      rows.forEach((rowsHere, cell) => {
        if (rowsHere === 0) return;
        total += rowsHere;
        cells.push([cell, rowsHere, steps[cell] as number]);
      });
      return { format: 1, threshold, rows: total, invalid, cells };
    },
  };
}

/**
 * Adds two counts of one threshold.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH for different thresholds.
 */
export function mergeConfidence(a: ConfidenceCounts, b: ConfidenceCounts): ConfidenceCounts {
  if (a.threshold !== b.threshold)
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      `The counts were made for the thresholds ${a.threshold} and ${b.threshold}. Use one threshold for all parts.`,
    );
  const sums = new Map(a.cells.map(([cell, rows, steps]) => [cell, { rows, steps }]));
  for (const [cell, rows, steps] of b.cells) {
    const other = sums.get(cell) ?? { rows: 0, steps: 0 };
    sums.set(cell, { rows: rows + other.rows, steps: steps + other.steps });
  }
  const cells = [...sums].map(([cell, { rows, steps }]) => [cell, rows, steps] as const).sort((x, y) => x[0] - y[0]);
  return { format: 1, threshold: a.threshold, rows: a.rows + b.rows, invalid: a.invalid + b.invalid, cells };
}

/** Counts by {@link confidenceCounter}, as a part of another document. */
export const confidenceCountsDecoder: Decoder<ConfidenceCounts> = (json) => {
  const counts = object({ format: version(1), threshold: number(0, 1), rows: count(), invalid: count() })(json);
  let last = -1;
  let total = 0;
  const cells = json
    .get("cells")
    .items(scoreBins + 1)
    .map((cell): readonly [number, number, number] => {
      const at = count(last + 1, scoreBins)(cell.item(0));
      const rows = count(1)(cell.item(1));
      last = at;
      total += rows;
      return [at, rows, count(0, rows * stepsPerBin)(cell.item(2))];
    });
  if (total !== counts.rows) throw json.get("rows").not(`${total}, the rows of the cells,`);
  return { ...counts, cells };
};

const malformed = documentError("INPUT_MALFORMED", "", "Give what counts() returned.");

/**
 * Reads counts back from JSON.
 *
 * @throws ChurnkitError INPUT_MALFORMED for anything other than a result of {@link confidenceCounter}.
 */
export const parseConfidenceCounts = (json: unknown): ConfidenceCounts =>
  confidenceCountsDecoder(JsonValue.of(json, "The JSON of confidence counts", malformed));

/** The cells with their means and ends. */
export function cellsOfCounts({ threshold, rows, cells }: ConfidenceCounts): ScoreCells {
  const boundary = scoreBin(threshold);
  const counts = Float64Array.from(cells, ([, count]) => count);
  const means = new Float64Array(cells.length);
  const low = new Float64Array(cells.length);
  const high = new Float64Array(cells.length);
  const rounding = new Float64Array(cells.length);
  let called = 0;
  cells.forEach(([cell, count, steps], i) => {
    const above = cell > boundary;
    const range = binRange(above ? cell - 1 : cell);
    const width = range.high - range.low;
    means[i] = Math.min(range.high, range.low + (width * (steps / count)) / stepsPerBin);
    low[i] = range.low;
    high[i] = range.high;
    // Half a step for each row.
    rounding[i] = (count * width) / (2 * stepsPerBin);
    if (!above) called = i + 1;
  });
  return { rows, counts, means, ends: { low, high, rounding }, called };
}
