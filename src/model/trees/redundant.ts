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
    const told = (by: number, some: Uint32Array): boolean =>
      follows(matrix, width, column, binsOf(column) <= 2, codes.subarray(by * rows, (by + 1) * rows), binsOf(by), some);
    if (binsOf(column) === 1 || kept.some((by) => told(by, sample) && told(by, all))) gone.add(column);
    else kept.push(column);
  }
  return gone;
}

/**
 * Does a column only rise, or only fall, from one bin of another column to the next? Inside a bin a number may change; a
 * flag may not.
 */
function follows(
  matrix: Float32Array,
  width: number,
  column: number,
  flag: boolean,
  codes: Uint8Array,
  bins: number,
  rows: Uint32Array,
): boolean {
  const least = new Float64Array(bins).fill(Infinity);
  const most = new Float64Array(bins).fill(-Infinity);
  for (const row of rows) {
    const bin = codes[row] as number;
    const value = matrix[row * width + column] as number;
    if (value < (least[bin] as number)) least[bin] = value;
    if (value > (most[bin] as number)) most[bin] = value;
  }
  let rises = true;
  let falls = true;
  let low = Infinity;
  let high = -Infinity;
  for (let bin = 0; bin < bins && (rises || falls); bin++) {
    const [from, to] = [least[bin] as number, most[bin] as number];
    if (from > to) continue;
    if (flag && from < to) return false;
    if (from < high) rises = false;
    if (to > low) falls = false;
    high = Math.max(high, to);
    low = Math.min(low, from);
  }
  return rises || falls;
}
