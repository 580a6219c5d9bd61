/** A grown tree in preorder: a split's left child is the next node. */
export interface Tree {
  /** For each node the binned feature that it splits by, -1 for a leaf. */
  readonly features: Int32Array;
  /** Rows with this code or a lower one go left; 0 for a leaf. */
  readonly bins: Uint8Array;
  /** The right child; 0 for a leaf. */
  readonly right: Uint32Array;
  /** A leaf's value, rounded to float32 as it is stored; 0 for a split. */
  readonly values: Float32Array;
}

/** A split's feature and bin. */
export interface Split {
  readonly feature: number;
  /** Rows with this code or a lower one go left. */
  readonly bin: number;
  /** Twice the reduction of the loss. */
  readonly gain: number;
}

/** A node while its tree grows. */
export interface Draft {
  value: number;
  split?: Split;
  left?: number;
  right?: number;
}

/** Returns the tree of the drafts in preorder; the first draft is the root. */
export function finishedTree(drafts: readonly Draft[]): Tree {
  const n = drafts.length;
  const tree = {
    features: new Int32Array(n).fill(-1),
    bins: new Uint8Array(n),
    right: new Uint32Array(n),
    values: new Float32Array(n),
  };
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
