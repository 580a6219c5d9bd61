import { uniform } from "../../../src/base/random.js";
import { type BiasCounts, type FacetCounts, groupCounts } from "../../../src/monitor/bias/counts.js";

/** [true positives, false positives, false negatives, true negatives] of the disadvantaged group, then of the others. */
export const facetOf = (d: readonly number[], a: readonly number[], group = "d"): FacetCounts => ({
  column: "facet",
  group,
  against: "others",
  disadvantaged: groupCounts(d),
  advantaged: groupCounts(a),
});

export const countsOf = (...facets: readonly FacetCounts[]): BiasCounts => ({
  format: 1,
  rows: 0,
  favorable: "positive",
  threshold: 0.5,
  facets,
  missing: [],
});

/** Rows of a group drawn into the four cells by their shares. */
export function drawCells(rows: number, shares: readonly number[], seed: number): number[] {
  const random = uniform(seed);
  const cells = [0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    let left = random();
    const at = shares.findIndex((share) => (left -= share) < 0);
    cells[at < 0 ? 3 : at] = (cells[at < 0 ? 3 : at] ?? 0) + 1;
  }
  return cells;
}
