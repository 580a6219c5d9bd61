import type { TreesModel } from "../../artifact.js";

/** The distinct splits of a model: the thresholds of each feature, increasing. */
export interface Splits {
  /** The features, each with its place in a row in bytes and the number of its thresholds. */
  readonly features: Uint32Array;
  readonly thresholds: Float32Array;
  /** The split of each node; 0 for a leaf. */
  readonly ofNode: Uint32Array;
}

/** Lists the distinct splits of a model. */
export function splitsOf({ features, values }: TreesModel): Splits {
  const known = new Map<number, Map<number, number>>();
  features.forEach((feature, node) => {
    if (feature < 0) return;
    const thresholds = known.get(feature) ?? new Map<number, number>();
    known.set(feature, thresholds.set(values[node] as number, 0));
  });
  const used = [...known].sort(([a], [b]) => a - b);
  const all: number[] = [];
  for (const [, places] of used)
    for (const threshold of [...places.keys()].sort((a, b) => a - b)) places.set(threshold, all.push(threshold) - 1);
  return {
    features: Uint32Array.from(used.flatMap(([feature, places]) => [4 * feature, places.size])),
    thresholds: Float32Array.from(all),
    ofNode: Uint32Array.from(features, (feature, node) => known.get(feature)?.get(values[node] as number) ?? 0),
  };
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
