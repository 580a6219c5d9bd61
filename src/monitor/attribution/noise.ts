import { cosTurns, log } from "../../base/elementary.js";
import { uniform } from "../../base/random.js";
import type { AttributedColumn } from "./attribution-baseline.js";
import { ndcg } from "./ndcg.js";

/** Draws for each side; the smallest share that they can show is one over this. */
const draws = 2_000;

/** Effect of sampling on an NDCG at these numbers of rows. */
export interface NdcgNoise {
  /** Spread of the NDCG around the observed value. */
  readonly standardError: number;
  /** Mean NDCG if nothing had changed. */
  readonly expected: number;
  /** Share of comparisons without any change that come out as low as this one. */
  readonly pValue: number;
  /** The NDCG below which a share `alpha` of comparisons without any change come out. */
  readonly floor: number;
}

/**
 * Mean attributions over rows are close to normal, so their standard errors give the scatter of the ranking: both
 * sides are drawn from them, once around their own values, once around the reference as if nothing had changed. No
 * rows are needed. Errors of columns are treated as independent. Seeded, so equal summaries give equal answers.
 */
export function ndcgNoise(
  reference: readonly AttributedColumn[],
  current: readonly AttributedColumn[],
  seen: number,
  alpha: number,
): NdcgNoise {
  const random = uniform(1);
  // Box and Muller 1958.
  const normal = (): number => Math.sqrt(-2 * log(1 - random())) * cosTurns(random());
  const drawn = (column: AttributedColumn, mean: number): number => Math.max(0, mean + column.standardError * normal());
  let sum = 0;
  let squares = 0;
  const unchanged: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const gains = reference.map((column) => drawn(column, column.meanAbsolute));
    const asSeen =
      ndcg(
        gains,
        current.map((column) => drawn(column, column.meanAbsolute)),
      ) ?? 1;
    sum += asSeen - seen;
    squares += (asSeen - seen) * (asSeen - seen);
    unchanged.push(
      ndcg(
        gains,
        current.map((column, i) => drawn(column, reference[i]?.meanAbsolute ?? 0)),
      ) ?? 1,
    );
  }
  const mean = sum / draws;
  unchanged.sort((a, b) => a - b);
  const asLow = unchanged.filter((value) => value <= seen).length;
  return {
    standardError: Math.sqrt(Math.max(0, squares / draws - mean * mean)),
    expected: unchanged.reduce((total, value) => total + value, 0) / draws,
    pValue: (asLow + 1) / (draws + 1),
    floor: unchanged[Math.floor(alpha * draws)] ?? 0,
  };
}
