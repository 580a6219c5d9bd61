import type { TreeKernel } from "./kernel.js";

/** A parent, a child that is being counted, and one more. */
const leastSlots = 3;

/**
 * Memory for histograms in the kernel, lent and returned. No more than `mostBytes` are kept: without its sums, a
 * leaf's children are counted from their rows.
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

  /** Whether there is hardly room for one split. */
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
