import type { BinnedMatrix } from "./bins.js";
import { binOffsets, gather, subtract, sumByBin, type Gradients } from "./histogram.js";
import { bestSplit, type Split, type SplitRules } from "./split.js";
import type { Tree } from "./tree.js";

export interface GrowRules extends SplitRules {
  /** The most leaves; the split that gains most is made first. Infinity for as many as there are. */
  readonly leaves: number;
  /** The most splits between root and leaf. */
  readonly depth: number;
  /** Leaf values are multiplied by this. */
  readonly shrinkage: number;
}

/** Chooses the features that a node may split by; called once for each node, in the order they are made. */
export type ChooseFeatures = () => ArrayLike<number>;

/** A leaf that may still be split. */
interface Open {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly first: number;
  readonly second: number;
  readonly histogram: Float64Array | undefined;
  readonly split: Split | undefined;
  /** Index of its node. */
  readonly node: number;
}

interface Draft {
  value: number;
  split?: Split;
  left?: number;
  right?: number;
}

/** Grows trees on one binned matrix. Holds buffers that all its trees share. */
export class TreeGrower {
  /** Row by row; to be filled before each tree, for the rows that it grows on. */
  readonly gradients: Gradients;
  private readonly offsets: Uint32Array;
  private readonly room: Gradients;
  private readonly order: Uint32Array;
  private readonly aside: Uint32Array;
  private readonly pool: Float64Array[] = [];

  constructor(private readonly binned: BinnedMatrix) {
    this.offsets = binOffsets(binned);
    this.order = new Uint32Array(binned.rows);
    this.aside = new Uint32Array(binned.rows);
    const pair = (): Gradients => ({ first: new Float64Array(binned.rows), second: new Float64Array(binned.rows) });
    this.gradients = pair();
    this.room = pair();
  }

  /**
   * Grows a tree by second-order steps: a leaf's value is -shrinkage * G / (H + l2).
   *
   * @param rows distinct rows of the matrix.
   * @param features features of the whole tree, or a function that draws those of a node. With features of the whole
   * tree the larger child's sums are its parent's less its sibling's.
   */
  grow(rows: Uint32Array, features: ArrayLike<number> | ChooseFeatures, rules: GrowRules): Tree {
    this.order.set(rows);
    const nodes: Draft[] = [{ value: 0 }];
    const open: Open[] = [this.opened(features, rules, 0, rows.length, 0, 0, undefined)];
    let leaves = 1;
    while (open.length > 0) {
      const leaf = next(open, rules.leaves);
      const draft = nodes[leaf.node] as Draft;
      if (leaf.split === undefined || leaves === rules.leaves) {
        // Taken from 0, so that no leaf is -0.
        draft.value = 0 - (rules.shrinkage * leaf.first) / (leaf.second + rules.l2);
        this.release(leaf.histogram);
        continue;
      }
      const middle = this.part(leaf, leaf.split);
      draft.split = leaf.split;
      draft.left = nodes.push({ value: 0 }) - 1;
      draft.right = nodes.push({ value: 0 }) - 1;
      const depth = leaf.depth + 1;
      const leftSmaller = middle - leaf.from <= leaf.to - middle;
      const child = (left: boolean, inherited: Float64Array | undefined): Open =>
        this.opened(features, rules, left ? leaf.from : middle, left ? middle : leaf.to, depth, (left ? draft.left : draft.right) ?? 0, inherited);
      const smaller = child(leftSmaller, undefined);
      if (leaf.histogram && smaller.histogram) subtract(leaf.histogram, smaller.histogram);
      const larger = child(!leftSmaller, leaf.histogram);
      open.push(...(leftSmaller ? [smaller, larger] : [larger, smaller]));
      leaves++;
    }
    return finished(nodes);
  }

  private opened(
    features: ArrayLike<number> | ChooseFeatures,
    rules: GrowRules,
    from: number,
    to: number,
    depth: number,
    node: number,
    inherited: Float64Array | undefined,
  ): Open {
    const rows = this.order.subarray(from, to);
    const gathered = gather(this.gradients, rows, this.room);
    const { firstSum: first, secondSum: second } = gathered;
    const leaf = { from, to, depth, first, second, node };
    const drawn = typeof features === "function";
    const worthwhile = depth < rules.depth && second >= 2 * rules.leastWeight;
    // A histogram is also what the sibling's is taken from.
    if (!worthwhile && (drawn || depth >= rules.depth)) {
      this.release(inherited);
      return { ...leaf, histogram: undefined, split: undefined };
    }
    const chosen = drawn ? features() : features;
    const histogram = inherited ?? this.claim();
    if (inherited === undefined) sumByBin(this.binned, this.offsets, chosen, rows, gathered, histogram);
    const split = worthwhile ? bestSplit(this.binned, this.offsets, chosen, histogram, first, second, rules) : undefined;
    if (!drawn) return { ...leaf, histogram, split };
    this.release(histogram);
    return { ...leaf, histogram: undefined, split };
  }

  /** Moves the rows that go left before the others, both in their order; returns where the others begin. */
  private part({ from, to }: Open, { feature, bin }: Split): number {
    const { order, aside } = this;
    const { codes } = this.binned;
    const column = feature * this.binned.rows;
    let left = from;
    let right = 0;
    for (let i = from; i < to; i++) {
      const row = order[i] as number;
      if ((codes[column + row] as number) <= bin) order[left++] = row;
      else aside[right++] = row;
    }
    order.set(aside.subarray(0, right), left);
    return left;
  }

  private claim(): Float64Array {
    return this.pool.pop() ?? new Float64Array(2 * (this.offsets.at(-1) ?? 0));
  }

  private release(histogram: Float64Array | undefined): void {
    if (histogram) this.pool.push(histogram);
  }
}

/** Takes the open leaf to go on with: the one whose split gains most, or, where all are made anyway, the newest. */
function next(open: Open[], leaves: number): Open {
  let best = open.length - 1;
  if (leaves !== Infinity) {
    for (let i = best - 1; i >= 0; i--) if (gainOf(open[i]) >= gainOf(open[best])) best = i;
  }
  return open.splice(best, 1)[0] as Open;
}

const gainOf = (leaf: Open | undefined): number => leaf?.split?.gain ?? 0;

/** The drafts in preorder. */
function finished(drafts: readonly Draft[]): Tree {
  const n = drafts.length;
  const tree = { features: new Int32Array(n).fill(-1), bins: new Uint8Array(n), right: new Uint32Array(n), values: new Float32Array(n) };
  let at = 0;
  const place = ({ value, split, left = 0, right = 0 }: Draft): void => {
    const node = at++;
    if (split === undefined) {
      tree.values[node] = value;
      return;
    }
    tree.features[node] = split.feature;
    tree.bins[node] = split.bin;
    place(drafts[left] as Draft);
    tree.right[node] = at;
    place(drafts[right] as Draft);
  };
  place(drafts[0] as Draft);
  return tree;
}
