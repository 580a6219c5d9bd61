import { boundedValue, childBounds, unbounded } from "./bounds.js";
import type { BundledMatrix } from "./bundle.js";
import { HistogramPool } from "./histograms.js";
import type { TreeKernel } from "./kernel.js";
import { layOut, type MatrixLayout } from "./layout.js";
import { next, sizeOf, type Leaf, type Open, type Span } from "./leaves.js";
import type { Scales } from "./scales.js";
import { SplitSearch, type SplitRules } from "./split-search.js";
import { finishedTree, type Draft, type Split, type Tree } from "./tree.js";

export interface GrowRules {
  /** The most leaves; the split that gains most is made first. Infinity for as many as there are. */
  readonly leaves: number;
  /** The most splits between root and leaf. */
  readonly depth: number;
  /** Penalty on a leaf's value, in units of the second derivative. */
  readonly l2: number;
  /** The least sum of second derivatives in a leaf. */
  readonly leastWeight: number;
  /** Leaf values are multiplied by this. */
  readonly shrinkage: number;
}

/** Chooses the features that a node may split by; called once for each node, in the order they are made. */
export type ChooseFeatures = () => ArrayLike<number>;

/** Grows trees on one bundled matrix, in the kernel's memory. All its trees share its buffers. */
export class TreeGrower {
  /** Lists of rows; fill them before each tree. */
  readonly inside: number;
  readonly outside: number;
  /** Packed derivatives, row by row; fill them before each tree, for the rows inside. */
  readonly packed: number;
  private readonly layout: MatrixLayout;
  private readonly pool: HistogramPool;
  private readonly gathered: number;
  private readonly aside: number;
  private readonly sum: number;
  private readonly search: SplitSearch;
  /** The rows whose derivatives were gathered last. */
  private held: Span = { from: 0, to: 0 };
  private rules: GrowRules = { leaves: 1, depth: 0, l2: 0, leastWeight: 0, shrinkage: 1 };
  /** The rules in units of the packed derivatives. */
  private units: SplitRules = { scales: { first: 1, second: 1 }, l2: 0, least: 1 };

  constructor(
    readonly kernel: TreeKernel,
    readonly matrix: BundledMatrix,
    mostHistogramBytes?: number,
  ) {
    const { rows } = matrix;
    this.layout = layOut(kernel, matrix);
    this.pool = new HistogramPool(kernel, this.layout.histogramBytes, mostHistogramBytes);
    this.inside = kernel.allocate(4 * rows);
    this.outside = kernel.allocate(4 * rows);
    this.aside = kernel.allocate(4 * rows);
    this.packed = kernel.allocate(8 * rows);
    this.gathered = kernel.allocate(8 * rows);
    this.sum = kernel.allocate(8);
    this.search = new SplitSearch(kernel, matrix, this.layout);
  }

  /**
   * Grows a tree by second-order steps: a leaf's value is -shrinkage * G / (H + l2). Orders both lists by leaf.
   *
   * @param features features of the whole tree, ascending, or a function that draws those of a node. With features of
   * the whole tree the larger child's sums are its parent's minus its sibling's.
   */
  grow(
    inside: number,
    outside: number,
    features: ArrayLike<number> | ChooseFeatures,
    rules: GrowRules,
    scales: Scales,
  ): { readonly tree: Tree; readonly leaves: readonly Leaf[] } {
    this.rules = rules;
    // At least one unit on either side, so that every leaf has weight.
    this.units = { scales, l2: rules.l2 * scales.second, least: Math.max(1, rules.leastWeight * scales.second) };
    const draw = typeof features === "function" ? features : undefined;
    if (typeof features !== "function") this.search.choose(features);
    const nodes: Draft[] = [{ value: 0 }];
    const leaves: Leaf[] = [];
    const root = {
      inside: { from: 0, to: inside },
      outside: { from: 0, to: outside },
      depth: 0,
      node: 0,
      bounds: unbounded,
    };
    const open: Open[] = [
      this.opened({ ...root, ...this.gather(root.inside) }, draw, undefined, false, rules.leaves > 1),
    ];
    while (open.length > 0) {
      const leaf = next(open, rules.leaves);
      const draft = nodes[leaf.node] as Draft;
      if (leaf.split === undefined || leaves.length + open.length + 1 === rules.leaves) {
        draft.value = this.valueOf(leaf);
        leaves.push({ inside: leaf.inside, outside: leaf.outside, value: Math.fround(draft.value) });
        this.pool.release(leaf.histogram);
        continue;
      }
      draft.split = leaf.split;
      draft.left = nodes.push({ value: 0 }) - 1;
      draft.right = nodes.push({ value: 0 }) - 1;
      const more = leaves.length + open.length + 2 < rules.leaves;
      open.push(...this.children(leaf, leaf.split, [draft.left, draft.right], draw, more));
    }
    return { tree: finishedTree(nodes), leaves };
  }

  /** Adds a leaf's value to the sums (float64, by row) of the rows outside, and with `all` of those inside too. */
  addLeaf({ inside, outside, value }: Leaf, sums: number, all: boolean): void {
    const { exports } = this.kernel;
    exports.addToRows(this.outside + 4 * outside.from, sizeOf(outside), value, sums);
    if (all) exports.addToRows(this.inside + 4 * inside.from, sizeOf(inside), value, sums);
  }

  /** Splits a leaf; `more` is whether its children may be split too. */
  private children(
    leaf: Open,
    split: Split,
    [left, right]: readonly [number, number],
    draw: ChooseFeatures | undefined,
    more: boolean,
  ): Open[] {
    const [inside, outside] = [
      this.part(this.inside, leaf.inside, split),
      this.part(this.outside, leaf.outside, split),
    ];
    const depth = leaf.depth + 1;
    const low = {
      inside: { from: leaf.inside.from, to: inside },
      outside: { from: leaf.outside.from, to: outside },
      depth,
      node: left,
    };
    const high = {
      inside: { from: inside, to: leaf.inside.to },
      outside: { from: outside, to: leaf.outside.to },
      depth,
      node: right,
    };
    const leftSmaller = sizeOf(low.inside) <= sizeOf(high.inside);
    const smallSums = this.gather(leftSmaller ? low.inside : high.inside);
    const largeSums = { first: leaf.first - smallSums.first, second: leaf.second - smallSums.second };
    const [lowSums, highSums] = leftSmaller ? [smallSums, largeSums] : [largeSums, smallSums];
    const direction = this.matrix.directions?.[split.feature] ?? 0;
    const [lowBounds, highBounds] = childBounds(leaf.bounds, direction, lowSums, highSums, this.units.l2);
    const children = [
      { ...low, ...lowSums, bounds: lowBounds },
      { ...high, ...highSums, bounds: highBounds },
    ] as const;
    const [small, large] = leftSmaller ? children : [children[1], children[0]];
    const inherits = leaf.histogram !== undefined && more && this.splittable(depth, largeSums.second);
    const counted = this.opened(small, draw, undefined, inherits, more);
    if (inherits) this.kernel.exports.subtract(leaf.histogram, counted.histogram as number, this.layout.histogramBytes);
    else this.pool.release(leaf.histogram);
    const smaller = inherits ? this.kept(counted) : counted;
    const larger = this.opened(large, draw, inherits ? leaf.histogram : undefined, false, more);
    return leftSmaller ? [smaller, larger] : [larger, smaller];
  }

  private splittable(depth: number, second: number): boolean {
    return depth < this.rules.depth && second >= 2 * this.units.least;
  }

  /**
   * Looks for a leaf's best split.
   *
   * @param inherited its histogram, if it is already there.
   * @param lends whether its sibling's is computed from its histogram.
   */
  private opened(
    leaf: Omit<Open, "histogram" | "split">,
    draw: ChooseFeatures | undefined,
    inherited: number | undefined,
    lends: boolean,
    more: boolean,
  ): Open {
    const searches = more && this.splittable(leaf.depth, leaf.second);
    if (!searches && !lends) return { ...leaf, histogram: undefined, split: undefined };
    if (draw && searches) this.search.choose(draw());
    const histogram = inherited ?? this.count(leaf);
    const split = searches ? this.search.bestSplit(histogram, leaf, this.units) : undefined;
    const open = { ...leaf, histogram, split };
    if (lends) return open;
    if (!draw) return this.kept(open);
    this.pool.release(histogram);
    return { ...open, histogram: undefined };
  }

  /** Keeps a leaf's histogram if it will be split, and if there is room. */
  private kept(leaf: Open): Open {
    if (leaf.split && !this.pool.scarce) return leaf;
    this.pool.release(leaf.histogram);
    return { ...leaf, histogram: undefined };
  }

  /** Counts a leaf's histogram from its rows. */
  private count({ inside }: Pick<Open, "inside">): number {
    if (inside.from !== this.held.from || inside.to !== this.held.to) this.gather(inside);
    const histogram = this.pool.claim();
    this.search.sumByBin(this.inside + 4 * inside.from, sizeOf(inside), this.gathered, histogram);
    return histogram;
  }

  /** Gathers the derivatives of some rows, so that every feature reads them in order; returns their sums. */
  private gather(span: Span): { readonly first: number; readonly second: number } {
    this.kernel.exports.gatherDerivatives(
      this.inside + 4 * span.from,
      sizeOf(span),
      this.packed,
      this.gathered,
      this.sum,
    );
    this.held = span;
    const [second, first] = this.kernel.integers(this.sum, 2) as unknown as readonly [number, number];
    return { first, second };
  }

  /** Moves the rows of a list that go left before the others, both in order; returns where the others begin. */
  private part(list: number, span: Span, { feature, bin }: Split): number {
    const { bundle, code, rare } = this.matrix.places[feature] as BundledMatrix["places"][number];
    const [low, width, insideLeft] = code === 0 ? [0, bin, 1] : [code, 0, 1 - rare];
    return (
      span.from +
      this.kernel.exports.partRows(
        list + 4 * span.from,
        sizeOf(span),
        this.layout.codesOf(bundle),
        low,
        width,
        insideLeft,
        this.aside,
      )
    );
  }

  private valueOf(leaf: Open): number {
    const { scales, l2 } = this.units;
    return this.rules.shrinkage * (boundedValue(leaf, l2, leaf.bounds) * (scales.second / scales.first));
  }
}
