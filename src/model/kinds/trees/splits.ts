import type { TreesModel } from "../../artifact.js";

/** The distinct splits of a model: the thresholds of each feature, increasing. */
export interface Splits {
  /** The features, each with its place in a row in bytes and the number of its thresholds. */
  readonly features: Uint32Array;
  readonly thresholds: Float32Array;
  /** The split of each node; 0 for a leaf. */
  readonly ofNode: Uint32Array;
}

/** Lists the distinct splits of a model. Plain loops over arrays, since a cold start waits for it. */
export function splitsOf({ inputs, features, values }: TreesModel): Splits {
  /** Where each feature's thresholds begin: all of them, in the order of the nodes, then the distinct ones. */
  const starts = new Uint32Array(inputs + 1);
  for (let node = 0; node < features.length; node++) {
    const after = (features[node] as number) + 1;
    if (after > 0) starts[after] = (starts[after] as number) + 1;
  }
  for (let f = 0; f < inputs; f++) starts[f + 1] = (starts[f + 1] as number) + (starts[f] as number);
  const all = new Float32Array(starts[inputs] as number);
  const next = starts.slice();
  for (let node = 0; node < features.length; node++) {
    const feature = features[node] as number;
    if (feature < 0) continue;
    all[next[feature] as number] = values[node] as number;
    next[feature] = (next[feature] as number) + 1;
  }
  const table: number[] = [];
  let count = 0;
  for (let f = 0; f < inputs; f++) {
    const sorted = all.slice(starts[f], starts[f + 1]).sort();
    starts[f] = count;
    for (let i = 0; i < sorted.length; i++)
      if (i === 0 || sorted[i] !== sorted[i - 1]) all[count++] = sorted[i] as number;
    if (sorted.length > 0) table.push(4 * f, count - (starts[f] as number));
  }
  starts[inputs] = count;
  const thresholds = all.slice(0, count);
  const ofNode = new Uint32Array(features.length);
  for (let node = 0; node < features.length; node++) {
    const feature = features[node] as number;
    if (feature >= 0) ofNode[node] = placeIn(thresholds, starts, feature, values[node] as number);
  }
  return { features: Uint32Array.from(table), thresholds, ofNode };
}

/** Where a feature's threshold is. */
function placeIn(thresholds: Float32Array, starts: Uint32Array, feature: number, threshold: number): number {
  let low = starts[feature] as number;
  let high = (starts[feature + 1] as number) - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (threshold <= (thresholds[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A tree of a model: its nodes are from `root` to `end`. */
export interface TreePlace {
  readonly root: number;
  readonly end: number;
  readonly leaves: number;
}

/** Where each tree is, and how many leaves it has. */
export const treePlaces = ({ roots, features }: TreesModel): TreePlace[] =>
  Array.from(roots, (root, tree) => {
    const end = roots[tree + 1] ?? features.length;
    // A binary tree has one split less than leaves.
    return { root, end, leaves: (end - root + 1) / 2 };
  });
