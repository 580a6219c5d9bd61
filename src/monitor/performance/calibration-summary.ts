import { ChurnkitError } from "../../base/errors.js";
import {
  count,
  increasing,
  list,
  number,
  object,
  version,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { probabilityMargin } from "../../stats/logistic.js";
import { checkScores } from "../../model/evaluate/index.js";
import { quantileEdges } from "../../stats/distances/index.js";

/** Outcomes and expectations of the rows in one bin of the probability. */
export interface CalibrationBin {
  readonly rows: number;
  readonly positives: number;
  /** Sum of the probabilities. */
  readonly expected: number;
  /** Sum of p (1 - p), the variance of the positives if the probabilities are right. */
  readonly variance: number;
}

/** Outcomes against probabilities, by bin: the baseline that later outcomes are compared with. Plain JSON. */
export interface CalibrationSummary {
  readonly format: 1;
  /** Increasing edges between the bins; a row's bin is the number of edges at or below its probability. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly bins: readonly CalibrationBin[];
}

/**
 * Summarizes held-out rows as the baseline of {@link calibrationDrift}: how far off the model was at training time.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of the positive class, in [0, 1].
 * @param bins 2 to 100 bins of equal numbers of rows, 10 by default; fewer if probabilities are tied.
 * @throws ChurnkitError TOO_FEW_ROWS, VALUE_INVALID or OPTION_INVALID for bad rows, OPTION_INVALID for a bad number of
 * bins.
 */
export function calibrationSummary(labels: Uint8Array, probabilities: Float64Array, bins = 10): CalibrationSummary {
  if (!(Number.isInteger(bins) && bins >= 2 && bins <= 100))
    throw new ChurnkitError("OPTION_INVALID", `The number of bins is ${bins}. Give a whole number from 2 to 100.`);
  checkScores(labels, probabilities);
  const edges = quantileEdges(probabilities.slice().sort(), bins);
  return { format: 1, edges, bins: binnedOutcomes(labels, probabilities, edges) };
}

/** Counts checked rows between given edges. */
export function binnedOutcomes(
  labels: Uint8Array,
  probabilities: Float64Array,
  edges: readonly number[],
): CalibrationBin[] {
  const bins = Array.from({ length: edges.length + 1 }, () => ({ rows: 0, positives: 0, expected: 0, variance: 0 }));
  for (let i = 0; i < labels.length; i++) {
    const p = probabilities[i] as number;
    let at = 0;
    while (at < edges.length && p >= (edges[at] ?? 0)) at++;
    const bin = bins[at];
    if (bin === undefined) continue;
    bin.rows++;
    bin.positives += labels[i] as number;
    bin.expected += p;
    // A probability of 0 or 1 keeps a tiny variance, so that no test divides by zero.
    bin.variance += Math.max(p * (1 - p), probabilityMargin);
  }
  return bins;
}

const maxBins = 100;

const bin: Decoder<CalibrationBin> = (json) => {
  const rows = count()(json.get("rows"));
  // A sum of this many numbers from 0 to 1, up to rounding.
  const sum = number(0, rows * (1 + 1e-9));
  return {
    rows,
    positives: count(0, rows)(json.get("positives")),
    expected: sum(json.get("expected")),
    variance: sum(json.get("variance")),
  };
};

/** A summary by {@link calibrationSummary}, as a part of another document. */
export const calibrationSummaryDecoder: Decoder<CalibrationSummary> = (json) => {
  const summary = object({
    format: version(1),
    edges: increasing(list(number(0, 1), maxBins)),
    bins: list(bin, maxBins),
  })(json);
  if (summary.bins.length !== summary.edges.length + 1) throw json.get("bins").not("one bin more than edges");
  return summary;
};

const malformed = documentError("INPUT_MALFORMED", "", "Make it with calibrationSummary.");

/**
 * Reads a summary back from JSON, or checks one.
 *
 * @throws ChurnkitError INPUT_MALFORMED for anything other than a result of {@link calibrationSummary}.
 *
 * @example
 * ```ts
 * import { calibrationSummary, parseCalibrationSummary } from "churnkit/monitor";
 *
 * const probabilities = Float64Array.from({ length: 100 }, (_, i) => i / 100);
 * const summary = calibrationSummary(Uint8Array.from(probabilities, (p) => (p > 0.5 ? 1 : 0)), probabilities);
 * console.assert(parseCalibrationSummary(JSON.parse(JSON.stringify(summary))).bins.length === summary.bins.length);
 * ```
 */
export const parseCalibrationSummary = (json: unknown): CalibrationSummary =>
  calibrationSummaryDecoder(JsonValue.of(json, "The calibration summary", malformed));
