/**
 * Finds columns that no tree needs: those of one bin, and those that order the rows as another column does (or in
 * reverse), only more coarsely. The recipe makes such columns for models that are linear in their inputs: the bins of
 * a number next to the number, two complementary flags.
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
  const codesOf = (column: number): Uint8Array => codes.subarray(column * rows, (column + 1) * rows);
  const finestFirst = Array.from({ length: width }, (_, column) => column).sort(
    (a, b) => binsOf(b) - binsOf(a) || a - b,
  );
  const kept: number[] = [];
  for (const column of finestFirst) {
    if (binsOf(column) === 1) {
      gone.add(column);
      continue;
    }
    const flag = binsOf(column) === 2;
    const pairs = unlikePairs(codesOf(column), binsOf(column));
    const told = (by: number): boolean => {
      if (!mayFollow(pairs, codes, by * rows, flag)) return false;
      const ranges = (of: number): Ranges => rangesIn(matrix, width, of, codesOf(by), binsOf(by));
      return follows(ranges(column), ranges(by), flag);
    };
    if (kept.some(told)) gone.add(column);
    else kept.push(column);
  }
  return gone;
}

/** Pairs checked before all rows: they distinguish nearly every two columns, so few comparisons cost more. */
const firstPairs = 256;

/** Returns pairs of rows, flattened; the second of each has the greater code. */
function unlikePairs(column: Uint8Array, bins: number): Uint32Array {
  const each = Math.ceil(firstPairs / bins);
  const byCode = Array.from({ length: bins }, (): number[] => []);
  for (let row = 0, open = bins; row < column.length && open > 0; row++) {
    const some = byCode[column[row] as number] as number[];
    if (some.length < each && some.push(row) === each) open--;
  }
  const groups = byCode.filter((some) => some.length > 0);
  const pairs: number[] = [];
  for (let k = 0; k < 2 * firstPairs && pairs.length < 2 * firstPairs; k++) {
    const a = k % groups.length;
    const b = (k + 1 + Math.floor(k / groups.length)) % groups.length;
    if (a === b) continue;
    const [low, high] = [groups[Math.min(a, b)] as number[], groups[Math.max(a, b)] as number[]];
    pairs.push(low[k % low.length] as number, high[k % high.length] as number);
  }
  return Uint32Array.from(pairs);
}

/**
 * Returns whether another column, whose codes begin at `by`, has the same order for all pairs, or the reverse. A
 * flag's values share no bin.
 */
function mayFollow(pairs: Uint32Array, codes: Uint8Array, by: number, flag: boolean): boolean {
  let rises = true;
  let falls = true;
  for (let i = 0; i < pairs.length; i += 2) {
    const low = codes[by + (pairs[i] as number)] as number;
    const high = codes[by + (pairs[i + 1] as number)] as number;
    if (low > high || (flag && low === high)) rises = false;
    if (low < high || (flag && low === high)) falls = false;
    if (!rises && !falls) return false;
  }
  return true;
}

/**
 * The smallest and the largest number of a column in each bin of another; the smallest is above the largest if there
 * is none.
 */
interface Ranges {
  readonly least: Float32Array;
  readonly most: Float32Array;
}

function rangesIn(matrix: Float32Array, width: number, column: number, codes: Uint8Array, bins: number): Ranges {
  const least = new Float32Array(bins).fill(Infinity);
  const most = new Float32Array(bins).fill(-Infinity);
  for (let row = 0, at = column; row < codes.length; row++, at += width) {
    const bin = codes[row] as number;
    const value = matrix[at] as number;
    if (value < (least[bin] as number)) least[bin] = value;
    if (value > (most[bin] as number)) most[bin] = value;
  }
  return { least, most };
}

/**
 * Returns whether a column only rises, or only falls, from one bin of another column to the next. If the bin has
 * several numbers of that other column, this one may change inside it too, unless it is a flag.
 */
function follows(column: Ranges, other: Ranges, flag: boolean): boolean {
  let rises = true;
  let falls = true;
  let low = Infinity;
  let high = -Infinity;
  for (let bin = 0; bin < column.least.length; bin++) {
    const [least, most] = [column.least[bin] as number, column.most[bin] as number];
    if (least > most) continue;
    if (least < most && (flag || other.least[bin] === other.most[bin])) return false;
    if (least < high) rises = false;
    if (most > low) falls = false;
    if (!rises && !falls) return false;
    high = Math.max(high, most);
    low = Math.min(low, least);
  }
  return true;
}
