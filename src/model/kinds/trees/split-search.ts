import { boundedValue, type Bounds } from "./bounds.js";
import type { BundledMatrix } from "./bundle.js";
import type { TreeKernel } from "./kernel.js";
import type { MatrixLayout } from "./layout.js";
import type { Open } from "./leaves.js";
import type { Scales } from "./scales.js";
import type { Split } from "./tree.js";

/** Splits with a smaller gain are rounding. */
const leastGain = 1e-7;

/** What a split has to obey, in units of the packed derivatives. */
export interface SplitRules {
  readonly scales: Scales;
  /** Penalty on the values of both sides. */
  readonly l2: number;
  /** The least sum of second derivatives on either side. */
  readonly least: number;
}

/** Looks for splits by some of a matrix's features, in histograms of their bins. */
export class SplitSearch {
  private readonly features: number;
  private readonly lanes: number;
  private readonly sum: number;
  private readonly best: number;
  /** A direction for each feature, for the side that the kernel sums first; undefined without constraints. */
  private readonly directions: number | undefined;
  /** The choice that each bundle was last part of. */
  private readonly chosenIn: Uint32Array;
  private choices = 0;
  private chosen = { features: 0, lanes: 0 };

  constructor(
    private readonly kernel: TreeKernel,
    private readonly matrix: BundledMatrix,
    private readonly layout: MatrixLayout,
  ) {
    const { places, bins } = matrix;
    this.features = kernel.allocate(4 * Math.max(1, places.length));
    this.lanes = kernel.allocate(12 * Math.max(1, bins.length));
    this.sum = kernel.allocate(8);
    this.best = kernel.allocate(16);
    this.chosenIn = new Uint32Array(bins.length);
    this.directions = this.constrained();
  }

  /** Tells the kernel the constraints, if there are any. Of a flag it sums the rows with its rarer value first. */
  private constrained(): number | undefined {
    const { directions, places } = this.matrix;
    if (directions?.some((direction) => direction !== 0) !== true) return undefined;
    const table = this.kernel.allocate(4 * places.length);
    this.kernel
      .integers(table, places.length)
      .set(
        places.map(({ code, rare }, feature) => (code > 0 && rare === 1 ? -1 : 1) * (directions[feature] as number)),
      );
    return table;
  }

  /** Tells the kernel which features may be used for splits, and their bundles. */
  choose(features: ArrayLike<number>): void {
    this.choices++;
    const list = this.kernel.words(this.features, features.length);
    list.set(features);
    const lanes = this.kernel.words(this.lanes, 3 * this.matrix.bins.length);
    let count = 0;
    for (const feature of list) {
      const { bundle } = this.matrix.places[feature] as BundledMatrix["places"][number];
      if (this.chosenIn[bundle] === this.choices) continue;
      this.chosenIn[bundle] = this.choices;
      const { offset, bytes } = this.layout.sumsOf(bundle);
      lanes.set([this.layout.codesOf(bundle), offset, bytes], 3 * count++);
    }
    this.chosen = { features: features.length, lanes: count };
  }

  /** Sums the gathered derivatives of listed rows by the bins of the chosen features. */
  sumByBin(rows: number, count: number, gathered: number, histogram: number): void {
    this.kernel.exports.sumByBin(this.lanes, this.chosen.lanes, rows, count, gathered, histogram);
  }

  /**
   * The split that lowers the second-order loss most (Chen and Guestrin 2016, formula 7); of equally good ones the
   * first feature's, lowest bin.
   */
  bestSplit(
    histogram: number,
    leaf: Pick<Open, "first" | "second" | "bounds">,
    { scales, l2, least }: SplitRules,
  ): Split | undefined {
    const { exports } = this.kernel;
    const { first, second, bounds } = leaf;
    const unit = scales.second / (scales.first * scales.first);
    const whole = this.directions ? gainOf(leaf, l2, bounds) : (first * first) / (second + l2);
    const { sum, best, features, chosen, layout, directions } = this;
    this.kernel.integers(sum, 2).set([second, first]);
    this.kernel.integers(best, 1)[0] = -1;
    this.kernel.doubles(best + 8, 1)[0] = whole + leastGain / unit;
    if (directions === undefined)
      exports.findSplit(features, chosen.features, layout.places, histogram, sum, l2, least, best);
    else {
      const { lower, upper } = bounds;
      const constraints = [layout.places, directions] as const;
      exports.findBoundedSplit(
        ...([features, chosen.features, ...constraints, histogram, sum, l2, least, lower, upper, best] as const),
      );
    }
    const [feature, bin] = this.kernel.integers(best, 2) as unknown as readonly [number, number];
    if (feature < 0) return undefined;
    return { feature, bin, gain: ((this.kernel.doubles(best + 8, 1)[0] as number) - whole) * unit };
  }
}

/** What a leaf's loss falls by with its value within the bounds. */
function gainOf(leaf: Pick<Open, "first" | "second">, l2: number, bounds: Bounds): number {
  const own = boundedValue(leaf, l2, bounds);
  return -own * (2 * leaf.first + (leaf.second + l2) * own);
}
