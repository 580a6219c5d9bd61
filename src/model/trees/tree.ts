import type { BinnedMatrix } from "./bins.js";

/** A grown tree in preorder: a split's left child is the node behind it. */
export interface Tree {
  /** For each node the binned feature that it splits by, -1 for a leaf. */
  readonly features: Int32Array;
  /** Rows whose code is this or below go left; 0 for a leaf. */
  readonly bins: Uint8Array;
  /** The right child; 0 for a leaf. */
  readonly right: Uint32Array;
  /** A leaf's value, rounded to float32 as it is kept; 0 for a split. */
  readonly values: Float32Array;
}

/** Adds a tree's value to the sum of each of some rows. */
export function addTree({ features, bins, right, values }: Tree, { codes, rows }: BinnedMatrix, some: Uint32Array, sums: Float64Array): void {
  for (let i = 0; i < some.length; i++) {
    const row = some[i] as number;
    let node = 0;
    for (let feature = features[0] as number; feature >= 0; feature = features[node] as number) {
      node = (codes[feature * rows + row] as number) <= (bins[node] as number) ? node + 1 : (right[node] as number);
    }
    sums[row] = (sums[row] as number) + (values[node] as number);
  }
}
