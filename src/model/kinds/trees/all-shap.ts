import type { TreesModel } from "../../artifact.js";
import type { AttributionTask } from "../attributor.js";
import { backgroundSide, leafWeight, open, rowSide } from "./leaf-weight.js";

const wordBits = 32;

/** Adds the Shapley values of all trees for the row at `x[at]`, summed over the whole background. */
export type AddAll = (x: Float32Array, at: number, values: Float64Array) => void;

/**
 * As `pairShap` with every background row in turn, but following together the background rows that took the same sides
 * so far. A set of them is a bit for each in some words, and so are those that go left at a split.
 */
export function allShap({ roots, features, values: numbers, right }: TreesModel, task: AttributionTask): AddAll {
  const { background, backgroundRows, inputs, groupOf, groups } = task;
  const words = Math.ceil(backgroundRows / wordBits);
  const goesLeft = new Int32Array(features.length * words);
  for (let node = 0; node < features.length; node++) {
    const feature = features[node] as number;
    if (feature < 0) continue;
    for (let b = 0, at = feature; b < backgroundRows; b++, at += inputs) {
      if (!((background[at] as number) <= (numbers[node] as number))) continue;
      const word = node * words + (b >>> 5);
      goesLeft[word] = (goesLeft[word] as number) | (1 << (b & 31));
    }
  }
  const side = new Uint8Array(groups);
  /** Sets of background rows, those of each walk behind those of the walk that it is part of. */
  let sets = new Int32Array(words * 64).fill(-1, 0, words);
  if (backgroundRows % wordBits !== 0) sets[words - 1] = (1 << (backgroundRows % wordBits)) - 1;
  let x: Float32Array = background;
  let at = 0;
  let values: Float64Array = new Float64Array(0);
  /** The second result of a walk. */
  let lost = 0;

  /**
   * Follows all paths from a node that mixtures of the row and a set of background rows can take.
   *
   * @param set place of the set in `sets`; those from `free` on are not in use.
   * @returns what each of the `mine` groups gains from the leaves below; `lost` is what each of the `theirs` loses.
   */
  function walk(start: number, set: number, free: number, mine: number, theirs: number): number {
    if (free + 2 * words > sets.length) sets = grown(sets);
    let node = start;
    for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
      const left = (x[at + feature] as number) <= (numbers[node] as number);
      const own = left ? node + 1 : (right[node] as number);
      const other = left ? (right[node] as number) : node + 1;
      const group = groupOf[feature] as number;
      const taken = side[group] as number;
      if (taken === rowSide) {
        node = own;
        continue;
      }
      let [some, others] = [0, 0];
      for (let w = 0, split = node * words; w < words; w++, split++) {
        const rows = sets[set + w] as number;
        const along = rows & (left ? (goesLeft[split] as number) : ~(goesLeft[split] as number));
        sets[free + w] = along;
        sets[free + words + w] = rows ^ along;
        some |= along;
        others |= rows ^ along;
      }
      if (others === 0) {
        node = own;
        continue;
      }
      if (some === 0 && taken === backgroundSide) {
        node = other;
        continue;
      }
      const parted = free + words;
      const next = free + 2 * words;
      let gained = some === 0 ? 0 : walk(own, free, next, mine, theirs);
      let before = some === 0 ? 0 : lost;
      if (taken === backgroundSide) {
        gained += walk(other, parted, next, mine, theirs);
      } else {
        side[group] = rowSide;
        const gain = walk(own, parted, next, mine + 1, theirs);
        before += lost;
        side[group] = backgroundSide;
        gained += gain + walk(other, parted, next, mine, theirs + 1);
        side[group] = open;
        values[group] = (values[group] as number) + gain - lost;
      }
      lost += before;
      return gained;
    }
    let rows = 0;
    for (let w = 0; w < words; w++) rows += bitsIn(sets[set + w] as number);
    const leaf = rows * (numbers[node] as number);
    lost = leaf * leafWeight(theirs, mine);
    return leaf * leafWeight(mine, theirs);
  }

  return (row, start, into) => {
    x = row;
    at = start;
    values = into;
    for (let tree = 0; tree < roots.length; tree++) walk(roots[tree] as number, 0, words, 0, 0);
  };
}

function grown(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

/** The number of ones in 32 bits. */
function bitsIn(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
