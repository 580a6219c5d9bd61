import type { TreesModel } from "../../artifact.js";
import type { Kernel } from "../network/kernel.js";
import { structBytes, writeStruct } from "../network/wasm/layout.js";
import { treePlaces, type Splits } from "./splits.js";

/** Rows scored together: one for each bit of a vector. */
const blockRows = 128;
/** Fewer rows are scored sooner one by one. */
export const leastRows = 10;
/** Limits of the kernel's room: leaves of a tree, and splits that differ. */
const mostLeaves = 256;
const mostSplits = 65536;
/** Leaves of a bank, whose values the kernel looks up at once. */
const bank = 16;

/**
 * The trees one after the other, as src/kernels/assembly/score-trees.ts reads them: number of splits, number of leaves,
 * splits (places of node, left and right child in bytes, parents first), values by byte.
 */
function streamOf(model: TreesModel, ofNode: Uint32Array): Uint8Array {
  const { features, values, right } = model;
  const parts = treePlaces(model).map((place) => ({ ...place, banks: Math.ceil(place.leaves / bank) }));
  const bytes = new Uint8Array(parts.reduce((sum, { leaves, banks }) => sum + 8 * leaves + 4 * bank * banks, 0));
  const view = new DataView(bytes.buffer);
  const word = new DataView(new ArrayBuffer(4));
  const places = new Uint16Array(features.length);
  let at = 0;
  for (const { root, end, leaves, banks } of parts) {
    let leaf = 0;
    let split = bank * banks;
    for (let node = root; node < end; node++) places[node] = 16 * ((features[node] as number) < 0 ? leaf++ : split++);
    view.setUint32(at, leaves - 1, true);
    view.setUint32(at + 4, leaves, true);
    at += 8;
    const table = at + 8 * (leaves - 1);
    for (let node = root; node < end; node++) {
      const place = places[node] as number;
      if ((features[node] as number) < 0) {
        const number = place / 16;
        word.setFloat32(0, values[node] as number, true);
        for (let byte = 0; byte < 4; byte++)
          bytes[table + 4 * (number - (number % bank)) + bank * byte + (number % bank)] = word.getUint8(byte);
        continue;
      }
      view.setUint16(at, place, true);
      view.setUint16(at + 2, ofNode[node] as number, true);
      view.setUint16(at + 4, places[node + 1] as number, true);
      view.setUint16(at + 6, places[right[node] as number] as number, true);
      at += 8;
    }
    at += 4 * bank * banks;
  }
  return bytes;
}

/** Words of the kernel's struct, in their order in memory. */
const fields = [
  ["stride", "i32"],
  ["features", "i32"],
  ["trees", "i32"],
  ["featureTable", "i32"],
  ["thresholds", "i32"],
  ["lefts", "i32"],
  ["stream", "i32"],
] as const;

/** Adds every tree's leaf to the sums of some rows. */
export type ScoreBlocks = (x: Float32Array, rows: number, sums: Float64Array) => void;

/**
 * Makes a function that scores with the kernel, 128 rows at a time. Leaves are added in the order of the trees, so the sums
 * have the same bits as row by row.
 *
 * @returns undefined for trees that the kernel has no room for.
 */
export function blockScorer(model: TreesModel, splits: Splits, kernel: Kernel): ScoreBlocks | undefined {
  const { inputs, roots } = model;
  const { thresholds } = splits;
  if (thresholds.length > mostSplits || treePlaces(model).some(({ leaves }) => leaves > mostLeaves)) return undefined;
  const struct = kernel.allocate(structBytes(fields));
  const x = kernel.scratch(`rows ${inputs}`, 4 * blockRows * inputs);
  const sums = kernel.scratch("sums", 8 * blockRows);
  writeStruct(kernel, struct, fields, {
    stride: 4 * inputs,
    features: splits.features.length / 2,
    trees: roots.length,
    featureTable: kernel.place(splits.features),
    thresholds: kernel.place(thresholds),
    lefts: kernel.allocate(16 * thresholds.length),
    stream: kernel.place(streamOf(model, splits.ofNode)),
  });
  const { memory, scoreTrees } = kernel.exports;
  let room = kernel.floats(x, blockRows * inputs);
  let added = new Float64Array(memory.buffer, sums, blockRows);
  return (values, rows, out) => {
    if (room.buffer !== memory.buffer) {
      room = kernel.floats(x, blockRows * inputs);
      added = new Float64Array(memory.buffer, sums, blockRows);
    }
    for (let first = 0; first < rows; first += blockRows) {
      const count = Math.min(blockRows, rows - first);
      room.set(values.subarray(first * inputs, (first + count) * inputs));
      added.set(out.subarray(first, first + count));
      scoreTrees(struct, x, count, sums);
      for (let row = 0; row < count; row++) out[first + row] = added[row] as number;
    }
  };
}
