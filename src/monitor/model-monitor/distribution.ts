import type { NumericProfile } from "../../data/profile/index.js";

/** The ends of a profile's cell; both are the cut point for a cell of equal values. */
function cellEnds({ cuts, min, max }: NumericProfile, cell: number): { low: number; high: number } {
  const low = min ?? 0;
  const high = max ?? 0;
  if (cell % 2 === 1) {
    const cut = cuts[(cell - 1) / 2] ?? low;
    return { low: cut, high: cut };
  }
  return { low: Math.max(low, cuts[cell / 2 - 1] ?? low), high: Math.min(high, cuts[cell / 2] ?? high) };
}

/** How many values are at or below each of some increasing bounds: whole numbers, linear within a cell. */
export function cumulativeCounts(profile: NumericProfile, bounds: readonly number[]): number[] {
  const cells = profile.counts
    .map((count, cell) => ({ count, ...cellEnds(profile, cell) }))
    .filter(({ count }) => count > 0);
  return bounds.map((bound) =>
    Math.round(
      cells.reduce((sum, { count, low, high }) => {
        if (bound >= high) return sum + count;
        return bound <= low ? sum : sum + (count * (bound - low)) / (high - low);
      }, 0),
    ),
  );
}

/** Returns the values in the middle of `steps` equal steps of rank. */
export function quantilesOf(profile: NumericProfile, steps: number): number[] {
  const { counts } = profile;
  const n = counts.reduce((sum, count) => sum + count, 0);
  const values: number[] = [];
  let cell = -1;
  let before = 0;
  let here = 0;
  for (let i = 0; i < steps; i++) {
    const rank = ((i + 0.5) / steps) * n;
    while (rank > before + here && cell < counts.length - 1) {
      before += here;
      here = counts[++cell] ?? 0;
    }
    const { low, high } = cellEnds(profile, Math.max(0, cell));
    values.push(here === 0 ? low : low + (high - low) * ((rank - before) / here));
  }
  return values;
}
