import type { CategoryProfile, NumericProfile } from "../../data/profile/index.js";

const OTHER = "(other levels)";

/** Rows of two samples in the same cells, one label each. */
export interface Cells {
  readonly labels: readonly string[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Counts between the reference's deciles: a value's bin is the number of deciles at or below it. */
function decileCounts(profile: NumericProfile): number[] {
  const { cuts, deciles, counts } = profile;
  const bins = new Array<number>(deciles.length + 1).fill(0);
  let bin = 0;
  counts.forEach((count, cell) => {
    // Cell 2i + 1 holds the values equal to cuts[i]; cell 2i + 2 those above it.
    const cut = cell % 2 === 1 ? cuts[(cell - 1) / 2] : undefined;
    while (cut !== undefined && bin < deciles.length && cut >= (deciles[bin] ?? Infinity)) bin++;
    bins[bin] = (bins[bin] ?? 0) + count;
  });
  return bins;
}

/** The ten bins of a numeric column, those empty in both samples left out. */
export function decileCells(
  reference: NumericProfile,
  current: NumericProfile,
  format: (cut: number) => string,
): Cells {
  const { deciles } = reference;
  const first = deciles[0];
  const labels =
    first === undefined
      ? ["all"]
      : [
          `below ${format(first)}`,
          ...deciles.slice(1).map((edge, i) => `${format(deciles[i] ?? first)} to ${format(edge)}`),
          `${format(deciles[deciles.length - 1] ?? first)} and above`,
        ];
  return filled({ labels, reference: decileCounts(reference), current: decileCounts(current) });
}

/** A cell for each value of a numeric column of few distinct values, and for the gaps between them. */
export function valueCells(reference: NumericProfile, current: NumericProfile, format: (cut: number) => string): Cells {
  const { cuts } = reference;
  const labelOf = (cell: number): string => {
    if (cell % 2 === 1) return format(cuts[(cell - 1) / 2] ?? 0);
    const below = cuts[cell / 2 - 1];
    const above = cuts[cell / 2];
    if (below === undefined) return above === undefined ? "all" : `below ${format(above)}`;
    return above === undefined ? `above ${format(below)}` : `${format(below)} to ${format(above)}`;
  };
  const kept = filledCells(reference.counts, current.counts);
  return {
    labels: kept.map(labelOf),
    reference: kept.map((cell) => reference.counts[cell] ?? 0),
    current: kept.map((cell) => current.counts[cell] ?? 0),
  };
}

/** Returns the cells with rows of either sample. */
export function filledCells(reference: readonly number[], current: readonly number[]): number[] {
  const kept: number[] = [];
  for (let cell = 0; cell < reference.length; cell++) {
    if ((reference[cell] ?? 0) + (current[cell] ?? 0) > 0) kept.push(cell);
  }
  return kept;
}

/** A cell for each level, and one for all others. */
export function levelCells(reference: CategoryProfile, current: CategoryProfile): Cells {
  return filled({
    labels: [...reference.levels, OTHER],
    reference: [...reference.counts, reference.other],
    current: [...current.counts, current.other],
  });
}

function filled({ labels, reference, current }: Cells): Cells {
  const kept = filledCells(reference, current);
  return {
    labels: kept.map((cell) => labels[cell] ?? ""),
    reference: kept.map((cell) => reference[cell] ?? 0),
    current: kept.map((cell) => current[cell] ?? 0),
  };
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/**
 * Pools neighboring bins until each is expected to have at least `minimum` rows of each sample, by the reference's
 * shares alone: its deciles were chosen to make its counts equal, so choosing bins by both samples would favor the
 * extreme ones of the current rows.
 */
export function poolNeighbors(cells: Cells, minimum: number): Cells {
  const n = sum(cells.reference);
  const smaller = Math.min(n, sum(cells.current));
  const groups: number[][] = [];
  let open: number[] = [];
  let rows = 0;
  cells.labels.forEach((_, i) => {
    open.push(i);
    rows += cells.reference[i] ?? 0;
    if ((rows / n) * smaller < minimum) return;
    groups.push(open);
    open = [];
    rows = 0;
  });
  // The remaining rows join the last group.
  groups[Math.max(0, groups.length - 1)] = [...(groups[groups.length - 1] ?? []), ...open];
  const pool = (counts: readonly number[]): number[] =>
    groups.map((group) => group.reduce((total, i) => total + (counts[i] ?? 0), 0));
  return {
    labels: groups.map((group) => group.map((i) => cells.labels[i] ?? "").join(", ")),
    reference: pool(cells.reference),
    current: pool(cells.current),
  };
}

/**
 * Pools the smallest cells until every cell is expected to have at least `minimum` rows of each sample if both came
 * from one distribution (Cochran's rule for the chi-square test). The sum over both samples decides, which does not
 * change the test's level. Levels that the reference doesn't have go with its rare ones: of many rare levels some
 * occur in one sample only, without any drift.
 */
export function poolRare(cells: Cells, minimum: number): Cells {
  const n = sum(cells.reference);
  const m = sum(cells.current);
  const smaller = Math.min(n, m) / (n + m);
  const both = cells.reference.map((count, i) => count + (cells.current[i] ?? 0));
  const size = (i: number): number => (cells.labels[i] === OTHER ? -1 : (both[i] ?? 0));
  const bySize = both.map((_, i) => i).sort((a, b) => size(a) - size(b) || a - b);
  let pooled = 0;
  let rows = 0;
  for (const i of bySize) {
    const total = both[i] ?? 0;
    const enough = total * smaller >= minimum && cells.labels[i] !== OTHER;
    if (enough && (rows === 0 || rows * smaller >= minimum)) break;
    rows += total;
    pooled++;
  }
  if (pooled <= 1) return cells;
  const rare = new Set(bySize.slice(0, pooled));
  const kept = cells.labels.map((_, i) => i).filter((i) => !rare.has(i));
  const pool = (counts: readonly number[]): number => [...rare].reduce((total, i) => total + (counts[i] ?? 0), 0);
  return {
    labels: [...kept.map((i) => cells.labels[i] ?? ""), "(rare)"],
    reference: [...kept.map((i) => cells.reference[i] ?? 0), pool(cells.reference)],
    current: [...kept.map((i) => cells.current[i] ?? 0), pool(cells.current)],
  };
}
