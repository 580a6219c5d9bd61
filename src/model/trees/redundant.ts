/** Rows looked at before all of them are: nearly every pair of columns differs there already. */
const firstRows = 64;

/**
 * Columns that no tree needs: those of one bin, and those that put the rows in the same order as another column does (or
 * in the reverse), only more coarsely. The recipe makes such columns for models that are linear in their inputs: the bins
 * of a number beside the number, two complementary flags.
 *
 * @param codes width x rows, column by column.
 * @param cuts thresholds between each column's bins.
 */
export function redundantColumns(
  matrix: Float32Array,
  rows: number,
  width: number,
  codes: Uint8Array,
  cuts: readonly Float32Array[],
): Set<number> {
  const gone = new Set<number>();
  const binsOf = (column: number): number => (cuts[column]?.length ?? 0) + 1;
  const finestFirst = Array.from({ length: width }, (_, column) => column).sort((a, b) => binsOf(b) - binsOf(a) || a - b);
  const sample = Uint32Array.from({ length: Math.min(rows, firstRows) }, (_, i) => Math.floor((i * rows) / Math.min(rows, firstRows)));
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const kept: number[] = [];
  for (const column of finestFirst) {
    const told = (by: number, some: Uint32Array): boolean => {
      const bins = { codes: codes.subarray(by * rows, (by + 1) * rows), count: binsOf(by) };
      const numbers = (of: number): Range[] => rangesIn(matrix, width, of, bins, some);
      return follows(numbers(column), numbers(by), binsOf(column) <= 2);
    };
    if (binsOf(column) === 1 || kept.some((by) => told(by, sample) && told(by, all))) gone.add(column);
    else kept.push(column);
  }
  return gone;
}

/** The least and the greatest number of a column in a bin; the least is above the greatest where there is none. */
interface Range {
  least: number;
  most: number;
}

function rangesIn(
  matrix: Float32Array,
  width: number,
  column: number,
  bins: { readonly codes: Uint8Array; readonly count: number },
  rows: Uint32Array,
): Range[] {
  const ranges = Array.from({ length: bins.count }, () => ({ least: Infinity, most: -Infinity }));
  for (const row of rows) {
    const range = ranges[bins.codes[row] as number] as Range;
    const value = matrix[row * width + column] as number;
    if (value < range.least) range.least = value;
    if (value > range.most) range.most = value;
  }
  return ranges;
}

/**
 * Does a column only rise, or only fall, from one bin of another column to the next? Where the bin holds several numbers of
 * that other column, this one may change inside it too, unless it is a flag.
 */
function follows(column: readonly Range[], other: readonly Range[], flag: boolean): boolean {
  let rises = true;
  let falls = true;
  let low = Infinity;
  let high = -Infinity;
  for (const [bin, { least, most }] of column.entries()) {
    if (least > most) continue;
    if (least < most && (flag || other[bin]?.least === other[bin]?.most)) return false;
    if (least < high) rises = false;
    if (most > low) falls = false;
    if (!rises && !falls) return false;
    high = Math.max(high, most);
    low = Math.min(low, least);
  }
  return true;
}
