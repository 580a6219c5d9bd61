import type { TreeKernel } from "./kernel.js";

/** A parent, a child that is being counted, and one more. */
const leastSlots = 3;

/**
 * Room for histograms in the kernel's memory, lent and taken back. No more than `mostBytes` are kept: a leaf then goes
 * without its sums, and its children are counted from their rows.
 */
export class HistogramPool {
  private readonly free: number[] = [];
  private lent = 0;
  private readonly most: number;

  constructor(
    private readonly kernel: TreeKernel,
    private readonly bytes: number,
    mostBytes = 2 ** 29,
  ) {
    this.most = Math.max(leastSlots, Math.floor(mostBytes / Math.max(1, bytes)));
  }

  /** Is there hardly room for what a split needs at once? */
  get scarce(): boolean {
    return this.lent > this.most - leastSlots;
  }

  claim(): number {
    this.lent++;
    return this.free.pop() ?? this.kernel.allocate(this.bytes);
  }

  release(histogram: number | undefined): void {
    if (histogram === undefined) return;
    this.lent--;
    this.free.push(histogram);
  }
}
