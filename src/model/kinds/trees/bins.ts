import { redundantColumns } from "./redundant.js";

/** Limit on the bins of a feature: a code fits a byte. */
export const mostBins = 255;

/** A matrix as small codes, from which trees are grown. Columns that can't split the rows in a new way are left out. */
export interface BinnedMatrix {
  readonly rows: number;
  /** Matrix column of each kept feature; ascending. */
  readonly columns: Uint32Array;
  /** Thresholds of each kept feature, ascending and finite: code = how many of them the value is above. */
  readonly cuts: readonly Float32Array[];
  /** features x rows, feature by feature. */
  readonly codes: Uint8Array;
}

/**
 * Bins every column of a matrix into at most 255 bins of nearly equal row counts; a column of at most 255 different
 * values gets a bin for each. Depends only on the order of the values, so that an increasing transformation of a
 * column changes no code.
 *
 * @param matrix rows x width, row-major, finite.
 * @param skipped columns that no tree may use, if there are any.
 */
export function binMatrix(
  matrix: Float32Array,
  rows: number,
  width: number,
  skipped: ReadonlySet<number> = new Set(),
): BinnedMatrix {
  const cuts: Float32Array[] = [];
  const codes = new Uint8Array(rows * width);
  const column = new Float32Array(rows);
  for (let feature = 0; feature < width; feature++) {
    if (skipped.has(feature)) {
      cuts.push(new Float32Array(0));
      continue;
    }
    for (let row = 0, at = feature; row < rows; row++, at += width) column[row] = matrix[at] as number;
    const own = twoValued(column) ?? cutsOf(column.slice().sort());
    codes.set(codesOf(column, own), feature * rows);
    cuts.push(own);
  }
  const gone = redundantColumns(matrix, rows, width, codes, cuts);
  const columns = Uint32Array.from(cuts.keys()).filter((feature) => !gone.has(feature));
  const kept = new Uint8Array(rows * columns.length);
  columns.forEach((feature, i) => kept.set(codes.subarray(feature * rows, (feature + 1) * rows), i * rows));
  return { rows, columns, cuts: cuts.filter((_, feature) => !gone.has(feature)), codes: kept };
}

/** The threshold of a column of at most two values, without sorting it: most columns of a wide matrix are flags. */
function twoValued(column: Float32Array): Float32Array | undefined {
  const first = column[0] as number;
  const second = column.find((value) => value !== first);
  if (second === undefined) return new Float32Array(0);
  for (let row = 0; row < column.length; row++) if (column[row] !== first && column[row] !== second) return undefined;
  return Float32Array.of(between(Math.min(first, second), Math.max(first, second)));
}

/** The thresholds between bins of a sorted column. */
function cutsOf(sorted: Float32Array): Float32Array {
  const ends: number[] = [];
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) ends.push(i);
  const kept = ends.length < mostBins ? ends : evenEnds(ends, sorted.length);
  return Float32Array.from(kept, (end) => between(sorted[end - 1] as number, sorted[end] as number));
}

/**
 * Of the places where a sorted column changes, chooses at most 254 that split its rows evenly. A value that fills
 * more than its share of the rows gets its own bin, and the share of the others is computed again.
 */
function evenEnds(ends: readonly number[], rows: number): number[] {
  const kept: number[] = [];
  let start = 0;
  let previous = 0;
  for (const end of ends) {
    const left = mostBins - kept.length;
    if (left <= 1) break;
    const share = (rows - start) / left;
    // The value that ends here fills a bin alone, so the bin before it is closed.
    if (end - previous >= share && previous > start && left > 2) {
      kept.push(previous);
      start = previous;
    }
    if (end - start >= share) {
      kept.push(end);
      start = end;
    }
    previous = end;
  }
  return kept;
}

/** A float32 in [low, high): the middle, or `low` if the middle is rounded up to `high`. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}

function codesOf(column: Float32Array, cuts: Float32Array): Uint8Array {
  const codes = new Uint8Array(column.length);
  if (cuts.length === 1) {
    const cut = cuts[0] as number;
    for (let row = 0; row < column.length; row++) codes[row] = (column[row] as number) > cut ? 1 : 0;
    return codes;
  }
  for (let row = 0; row < column.length; row++) {
    const value = column[row] as number;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (cuts[middle] as number)) high = middle;
      else low = middle + 1;
    }
    codes[row] = low;
  }
  return codes;
}
