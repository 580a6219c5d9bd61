import type { TreesModel } from "../../artifact.js";
import type { Kernel } from "../network/kernel.js";
import { structBytes, writeStruct } from "../network/wasm/layout.js";
import { treePlaces, type Splits } from "./splits.js";

/** A bit for each leaf of a tree is all there is room for. */
const mostLeaves = 32;

/** Words of the kernel's struct, in their order in memory: src/kernels/assembly/score-tree-row.ts. */
const fields = [
  ["features", "i32"],
  ["trees", "i32"],
  ["featureTable", "i32"],
  ["thresholds", "i32"],
  ["ends", "i32"],
  ["splits", "i32"],
  ["left", "i32"],
  ["values", "i32"],
  ["stride", "i32"],
] as const;

/** Adds every tree's leaf, in order, to the sum of a row. */
export type ScoreRow = (x: Float32Array, at: number, sum: number) => number;

/** The list of splits by threshold, where those of each threshold end in it, and the leaves' values. */
function tablesOf(model: TreesModel, { thresholds, ofNode }: Splits, stride: number) {
  const { features, values, right } = model;
  const ends = new Uint32Array(thresholds.length);
  for (let node = 0; node < features.length; node++) {
    if ((features[node] as number) >= 0) ends[ofNode[node] as number] = (ends[ofNode[node] as number] as number) + 8;
  }
  for (let split = 1; split < ends.length; split++) ends[split] = (ends[split] as number) + (ends[split - 1] as number);
  const next = Uint32Array.from(ends, (_, split) => (ends[split - 1] ?? 0) / 4);
  const list = new Uint32Array((ends.at(-1) ?? 0) / 4);
  const leafValues = new Float32Array(model.roots.length * stride);
  /** The number of the first leaf at or after each node of a tree: a right child's ends its sibling's. */
  const firstLeaf = new Uint8Array(2 * mostLeaves);
  let tree = 0;
  for (const { root, end } of treePlaces(model)) {
    for (let node = root, leaf = 0; node < end; node++) {
      firstLeaf[node - root] = leaf;
      if ((features[node] as number) < 0) leafValues[tree * stride + leaf++] = values[node] as number;
    }
    for (let node = root; node < end; node++) {
      if ((features[node] as number) < 0) continue;
      const split = ofNode[node] as number;
      const at = next[split] as number;
      list[at] = 4 * tree;
      list[at + 1] = allExcept(firstLeaf[node - root] as number, firstLeaf[(right[node] as number) - root] as number);
      next[split] = at + 2;
    }
    tree++;
  }
  return { ends, list, leafValues };
}

/** A word with all bits except those from `first` to `end`, exclusive, which is below 32. */
const allExcept = (first: number, end: number): number => ~((-1 << first) ^ (-1 << end));

/**
 * Makes a function that scores one row with the kernel, to the same bits as by a walk.
 *
 * @returns undefined for trees of more than 32 leaves.
 */
export function rowScorer(model: TreesModel, splits: Splits, kernel: Kernel): ScoreRow | undefined {
  const { inputs, roots } = model;
  const stride = treePlaces(model).reduce((most, { leaves }) => Math.max(most, leaves), 1);
  if (stride > mostLeaves) return undefined;
  const { ends, list, leafValues } = tablesOf(model, splits, stride);
  const struct = kernel.allocate(structBytes(fields));
  const x = kernel.scratch(`row ${inputs}`, 4 * inputs);
  writeStruct(kernel, struct, fields, {
    features: splits.features.length / 2,
    trees: roots.length,
    featureTable: kernel.place(splits.features),
    thresholds: kernel.place(splits.thresholds),
    ends: kernel.place(ends),
    splits: kernel.place(list),
    left: kernel.allocate(4 * roots.length),
    values: kernel.place(leafValues),
    stride: 4 * stride,
  });
  const { memory, scoreTreeRow } = kernel.exports;
  let room = kernel.floats(x, inputs);
  return (values, at, sum) => {
    if (room.buffer !== memory.buffer) room = kernel.floats(x, inputs);
    for (let i = 0; i < inputs; i++) room[i] = values[at + i] as number;
    return scoreTreeRow(struct, x, sum);
  };
}
