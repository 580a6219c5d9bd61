import type { TreesModel } from "../../artifact.js";
import { corrupt } from "../../corrupt.js";

/** Name of the file with the trees' nodes. */
export const treesFile = "trees.bin";

const mostTrees = 10_000_000;
const mostNodes = 100_000_000;

/** Layout of a trees file, as the model's JSON declares it. */
export interface TreesShape {
  /** Features of a row. */
  readonly inputs: number;
  readonly trees: number;
  readonly nodes: number;
}

type Nodes = Pick<TreesModel, "roots" | "features" | "values" | "right">;

/**
 * The nodes as little-endian numbers of 4 bytes: the roots (uint32, one a tree), then for all nodes the feature (int32),
 * then the value (float32), then the right child (uint32).
 */
export function writeTrees({ roots, features, values, right }: Nodes): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * (roots.length + 3 * features.length));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const root of roots) view.setUint32(4 * at++, root, true);
  for (const feature of features) view.setInt32(4 * at++, feature, true);
  for (const value of values) view.setFloat32(4 * at++, value, true);
  for (const child of right) view.setUint32(4 * at++, child, true);
  return bytes;
}

/**
 * Reads the file of {@link writeTrees}, even an untrusted one: afterward every walk from a root ends at a leaf of its
 * tree.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT naming the file, and the invalid node if there is one.
 */
export function readTrees(file: string, bytes: Uint8Array, { inputs, trees, nodes }: TreesShape): Nodes {
  if (trees > mostTrees || nodes > mostNodes)
    throw corrupt(file, `claims to have ${trees} trees of ${nodes} nodes, more than ${mostTrees} of ${mostNodes}`);
  const size = 4 * (trees + 3 * nodes);
  // Checked before anything is allocated: the JSON can claim any size, but the bytes are real.
  if (bytes.length !== size)
    throw corrupt(file, `has ${bytes.length} bytes, ${trees} trees of ${nodes} nodes take ${size}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = {
    roots: Uint32Array.from({ length: trees }, (_, i) => view.getUint32(4 * i, true)),
    features: new Int32Array(nodes),
    values: new Float32Array(nodes),
    right: new Uint32Array(nodes),
  };
  for (let node = 0, at = 4 * trees; node < nodes; node++, at += 4) {
    read.features[node] = view.getInt32(at, true);
    read.values[node] = view.getFloat32(at + 4 * nodes, true);
    read.right[node] = view.getUint32(at + 8 * nodes, true);
  }
  checkNodes(file, read, inputs);
  return read;
}

/**
 * Checks that the nodes are in preorder: a left child comes right after its parent, a right one after the whole left
 * subtree.
 */
function checkNodes(file: string, { roots, features, values, right }: Nodes, inputs: number): void {
  const wrong = (node: number, what: string): Error => corrupt(file, `is broken: ${what}`, `node ${node}`);
  if (roots.length === 0 && features.length > 0) throw wrong(0, "it is not in any tree");
  for (let tree = 0; tree < roots.length; tree++) {
    const from = tree === 0 ? 0 : (roots[tree] as number);
    const to = roots[tree + 1] ?? features.length;
    if (roots[tree] !== from || to <= from || to > features.length)
      throw wrong(roots[tree] as number, `the root of tree ${tree} is out of order`);
    const waiting: number[] = [];
    for (let node = from; node < to; node++) {
      const feature = features[node] as number;
      const value = values[node] as number;
      if (!Number.isFinite(value)) throw wrong(node, `its value is ${value}`);
      if (feature < -1 || feature >= inputs) throw wrong(node, `it splits by feature ${feature} of ${inputs}`);
      if (feature >= 0) {
        waiting.push(right[node] as number);
        continue;
      }
      if (right[node] !== 0) throw wrong(node, "a leaf has a child");
      // After a leaf comes the right child of the nearest split that has none yet, or the tree ends.
      if ((waiting.pop() ?? to) !== node + 1) throw wrong(node, "a child is in the wrong place");
    }
    if (waiting.length > 0) throw wrong(to - 1, "a split has no right child");
  }
}
