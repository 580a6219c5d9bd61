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

/** The trees as two lists, splits and leaves, so that no step depends on what a node is. A place is a node's in its tree. */
function planOf({ roots, values, right }: TreesModel, ofNode: Int32Array) {
  const firstSplit = new Int32Array(roots.length + 1);
  const firstLeaf = new Int32Array(roots.length + 1);
  const splitId: number[] = [];
  const splitPlace: number[] = [];
  const rightPlace: number[] = [];
  const leafPlace: number[] = [];
  const leafValue: number[] = [];
  let widest = 1;
  roots.forEach((root, tree) => {
    const end = roots[tree + 1] ?? ofNode.length;
    widest = Math.max(widest, end - root);
    for (let node = root; node < end; node++) {
      const split = ofNode[node] as number;
      if (split < 0) {
        leafPlace.push(node - root);
        leafValue.push(values[node] as number);
        continue;
      }
      splitId.push(split);
      splitPlace.push(node - root);
      rightPlace.push((right[node] as number) - root);
    }
    firstSplit[tree + 1] = splitId.length;
    firstLeaf[tree + 1] = leafPlace.length;
  });
  return {
    firstSplit,
    splitId: Int32Array.from(splitId),
    splitPlace: Int32Array.from(splitPlace),
    rightPlace: Int32Array.from(rightPlace),
    firstLeaf,
    leafPlace: Int32Array.from(leafPlace),
    leafValue: Float64Array.from(leafValue),
    widest,
  };
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
  const { inputs, roots, features: nodeFeatures } = model;
  if (nodeFeatures.length > mostNodes * roots.length) return undefined;
  const { features, starts, thresholds, ofNode } = splitsOf(model);
  const { firstSplit, splitId, splitPlace, rightPlace, firstLeaf, leafPlace, leafValue, widest } = planOf(
    model,
    ofNode,
  );
  const goesLeft = new Int32Array(thresholds.length);
  /** The rows of each node of the tree at hand. */
  const rowsAt = new Int32Array(widest);

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

  /** Finds the rows of each node of a tree. */
  const divide = (tree: number): void => {
    rowsAt[0] = -1;
    const end = firstSplit[tree + 1] as number;
    for (let i = firstSplit[tree] as number; i < end; i++) {
      const place = splitPlace[i] as number;
      const here = rowsAt[place] as number;
      const left = goesLeft[splitId[i] as number] as number;
      rowsAt[place + 1] = here & left;
      rowsAt[rightPlace[i] as number] = here & ~left;
    }
  };

  /** Adds the value of each leaf of a tree to its rows. */
  const addLeafByLeaf = (tree: number, sums: Float64Array, block: number): void => {
    const end = firstLeaf[tree + 1] as number;
    for (let i = firstLeaf[tree] as number; i < end; i++) {
      const value = leafValue[i] as number;
      for (let here = rowsAt[leafPlace[i] as number] as number; here !== 0; here &= here - 1) {
        const row = block + 31 - Math.clz32(here & -here);
        sums[row] = (sums[row] as number) + value;
      }
    }
  };

  /**
   * The same for a tree of at most 16 leaves, without a branch for a row: the number of a row's leaf is one bit in each of
   * four words, which are spread so that a word holds the numbers of eight rows. Unrolled, since a loop costs as much.
   */
  const addByNumber = (tree: number, sums: Float64Array, block: number): void => {
    const base = firstLeaf[tree] as number;
    const count = (firstLeaf[tree + 1] as number) - base;
    let ones = 0;
    let twos = 0;
    let fours = 0;
    let eights = 0;
    for (let leaf = 0; leaf < count; leaf++) {
      const here = rowsAt[leafPlace[base + leaf] as number] as number;
      ones |= here & -(leaf & 1);
      twos |= here & -((leaf >> 1) & 1);
      fours |= here & -((leaf >> 2) & 1);
      eights |= here & -(leaf >> 3);
    }
    for (let first = 0; first < 4; first++) {
      const numbers =
        ((ones >>> first) & everyFourth) |
        (((twos >>> first) & everyFourth) << 1) |
        (((fours >>> first) & everyFourth) << 2) |
        (((eights >>> first) & everyFourth) << 3);
      const at = block + first;
      sums[at] = (sums[at] as number) + (leafValue[base + (numbers & 15)] as number);
      sums[at + 4] = (sums[at + 4] as number) + (leafValue[base + ((numbers >>> 4) & 15)] as number);
      sums[at + 8] = (sums[at + 8] as number) + (leafValue[base + ((numbers >>> 8) & 15)] as number);
      sums[at + 12] = (sums[at + 12] as number) + (leafValue[base + ((numbers >>> 12) & 15)] as number);
      sums[at + 16] = (sums[at + 16] as number) + (leafValue[base + ((numbers >>> 16) & 15)] as number);
      sums[at + 20] = (sums[at + 20] as number) + (leafValue[base + ((numbers >>> 20) & 15)] as number);
      sums[at + 24] = (sums[at + 24] as number) + (leafValue[base + ((numbers >>> 24) & 15)] as number);
      sums[at + 28] = (sums[at + 28] as number) + (leafValue[base + ((numbers >>> 28) & 15)] as number);
    }
  };

  return (x, rows, sums) => {
    const whole = rows - (rows % blockRows);
    for (let block = 0; block < whole; block += blockRows) {
      compare(x, block * inputs);
      for (let tree = 0; tree < roots.length; tree++) {
        divide(tree);
        const leaves = (firstLeaf[tree + 1] as number) - (firstLeaf[tree] as number);
        if (leaves <= mostNumbered) addByNumber(tree, sums, block);
        else addLeafByLeaf(tree, sums, block);
      }
    }
    return whole;
  };
}
