import type { TreesModel } from "../../artifact.js";

/** Rows scored together: one for each bit of a word. */
export const blockRows = 32;
/** Mean nodes of a tree up to which all its nodes cost less for 32 rows than 32 walks from its root. */
const mostNodes = 160;
/** Leaves whose number fits into four bits. */
const mostNumbered = 16;
const everyFourth = 0x11111111;

/** The distinct splits of a model: the thresholds of each feature, increasing. */
interface Splits {
  readonly features: Int32Array;
  /** Where each feature's thresholds begin, and after the last one where they end. */
  readonly starts: Int32Array;
  readonly thresholds: Float64Array;
  /** The split of each node, -1 for a leaf. */
  readonly ofNode: Int32Array;
}

function splitsOf({ features, values }: TreesModel): Splits {
  const known = new Map<number, Map<number, number>>();
  features.forEach((feature, node) => {
    if (feature < 0) return;
    const thresholds = known.get(feature) ?? new Map<number, number>();
    known.set(feature, thresholds.set(values[node] as number, 0));
  });
  const used = [...known.keys()].sort((a, b) => a - b);
  const starts = new Int32Array(used.length + 1);
  const all: number[] = [];
  used.forEach((feature, i) => {
    const places = known.get(feature) as Map<number, number>;
    starts[i] = all.length;
    for (const threshold of [...places.keys()].sort((a, b) => a - b)) places.set(threshold, all.push(threshold) - 1);
  });
  starts[used.length] = all.length;
  const ofNode = Int32Array.from(features, (feature, node) =>
    feature < 0 ? -1 : (known.get(feature)?.get(values[node] as number) ?? -1),
  );
  return { features: Int32Array.from(used), starts, thresholds: Float64Array.from(all), ofNode };
}

/** Adds every tree's leaf to the sums of the first whole blocks of rows; returns how many rows those are. */
export type ScoreBlocks = (x: Float32Array, rows: number, sums: Float64Array) => number;

/**
 * Scores 32 rows at a time: a word for each split has a bit for each row that goes left, and one pass over a tree's nodes
 * finds the rows of every leaf. Leaves are added in the order of the trees, so the sums have the same bits as row by row.
 *
 * @returns undefined for trees so large that walking them is faster.
 */
export function blockScorer(model: TreesModel): ScoreBlocks | undefined {
  const { inputs, roots, values, right, features: nodeFeatures } = model;
  if (nodeFeatures.length > mostNodes * roots.length) return undefined;
  const { features, starts, thresholds, ofNode } = splitsOf(model);
  const goesLeft = new Int32Array(thresholds.length);
  const rowsAt = new Int32Array(ofNode.length);
  const leaves = new Float64Array(mostNumbered);

  /** Sets the bit of each row of the block in the words of the splits where it goes left. */
  const compare = (x: Float32Array, at: number): void => {
    for (let f = 0; f < features.length; f++) {
      const first = starts[f] as number;
      const end = starts[f + 1] as number;
      let cell = at + (features[f] as number);
      if (end === first + 1) {
        const threshold = thresholds[first] as number;
        let word = 0;
        for (let bit = 0; bit < blockRows; bit++, cell += inputs) {
          if ((x[cell] as number) <= threshold) word |= 1 << bit;
        }
        goesLeft[first] = word;
        continue;
      }
      for (let split = first; split < end; split++) goesLeft[split] = 0;
      for (let bit = 0; bit < blockRows; bit++, cell += inputs) {
        const value = x[cell] as number;
        let low = first;
        let high = end;
        while (low < high) {
          const middle = (low + high) >>> 1;
          if (value <= (thresholds[middle] as number)) high = middle;
          else low = middle + 1;
        }
        if (low < end) goesLeft[low] = (goesLeft[low] as number) | (1 << bit);
      }
      let word = 0;
      for (let split = first; split < end; split++) goesLeft[split] = word |= goesLeft[split] as number;
    }
  };

  /** Finds the rows of each node of a tree, and adds its leaf's value to each row. */
  const addLeafByLeaf = (root: number, end: number, sums: Float64Array, block: number): void => {
    rowsAt[root] = -1;
    for (let node = root; node < end; node++) {
      let here = rowsAt[node] as number;
      const split = ofNode[node] as number;
      if (split >= 0) {
        const left = goesLeft[split] as number;
        rowsAt[node + 1] = here & left;
        rowsAt[right[node] as number] = here & ~left;
        continue;
      }
      const value = values[node] as number;
      while (here !== 0) {
        const row = block + 31 - Math.clz32(here & -here);
        sums[row] = (sums[row] as number) + value;
        here &= here - 1;
      }
    }
  };

  /**
   * The same for a tree of at most 16 leaves, without a branch for a row: the number of a row's leaf is one bit in each of
   * four words, which are spread so that a word holds the numbers of eight rows.
   */
  const addByNumber = (root: number, end: number, sums: Float64Array, block: number): void => {
    rowsAt[root] = -1;
    let ones = 0;
    let twos = 0;
    let fours = 0;
    let eights = 0;
    let leaf = 0;
    for (let node = root; node < end; node++) {
      const here = rowsAt[node] as number;
      const split = ofNode[node] as number;
      if (split >= 0) {
        const left = goesLeft[split] as number;
        rowsAt[node + 1] = here & left;
        rowsAt[right[node] as number] = here & ~left;
        continue;
      }
      leaves[leaf] = values[node] as number;
      ones |= here & -(leaf & 1);
      twos |= here & -((leaf >> 1) & 1);
      fours |= here & -((leaf >> 2) & 1);
      eights |= here & -(leaf >> 3);
      leaf++;
    }
    for (let first = 0; first < 4; first++) {
      const numbers =
        ((ones >>> first) & everyFourth) |
        (((twos >>> first) & everyFourth) << 1) |
        (((fours >>> first) & everyFourth) << 2) |
        (((eights >>> first) & everyFourth) << 3);
      const at = block + first;
      sums[at + 0] = (sums[at + 0] as number) + (leaves[(numbers >>> 0) & 15] as number);
      sums[at + 4] = (sums[at + 4] as number) + (leaves[(numbers >>> 4) & 15] as number);
      sums[at + 8] = (sums[at + 8] as number) + (leaves[(numbers >>> 8) & 15] as number);
      sums[at + 12] = (sums[at + 12] as number) + (leaves[(numbers >>> 12) & 15] as number);
      sums[at + 16] = (sums[at + 16] as number) + (leaves[(numbers >>> 16) & 15] as number);
      sums[at + 20] = (sums[at + 20] as number) + (leaves[(numbers >>> 20) & 15] as number);
      sums[at + 24] = (sums[at + 24] as number) + (leaves[(numbers >>> 24) & 15] as number);
      sums[at + 28] = (sums[at + 28] as number) + (leaves[(numbers >>> 28) & 15] as number);
    }
  };

  const ends = Uint32Array.from(roots, (_, tree) => roots[tree + 1] ?? ofNode.length);
  return (x, rows, sums) => {
    const whole = rows - (rows % blockRows);
    for (let block = 0; block < whole; block += blockRows) {
      compare(x, block * inputs);
      for (let tree = 0; tree < roots.length; tree++) {
        const root = roots[tree] as number;
        const end = ends[tree] as number;
        if (end - root < 2 * mostNumbered) addByNumber(root, end, sums, block);
        else addLeafByLeaf(root, end, sums, block);
      }
    }
    return whole;
  };
}
