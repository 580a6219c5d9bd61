import { treesBase64 } from "../../../kernels/build/trees-bytes.js";
import { Arena, EmbeddedModule, type WasmExports } from "../../wasm.js";

/**
 * The functions of the trees' WebAssembly kernel, documented in src/kernels/assembly; addresses are bytes in its
 * memory.
 */
export interface TreeKernelExports extends WasmExports {
  readonly measureDistances: (
    rows: number,
    count: number,
    margins: number,
    labels: number,
    distances: number,
    sums: number,
  ) => void;
  readonly packDerivatives: (
    rows: number,
    count: number,
    distances: number,
    firstScale: number,
    secondScale: number,
    packed: number,
  ) => void;
  readonly drawRows: (
    rows: number,
    count: number,
    key: number,
    limit: number,
    inside: number,
    outside: number,
  ) => number;
  readonly addToRows: (rows: number, count: number, value: number, sums: number) => void;
  readonly sumLogLoss: (margins: number, labels: number, weights: number, count: number) => number;
  readonly sumWeighted: (rows: number, count: number, distances: number, weights: number, sums: number) => void;
  readonly packWeighted: (
    rows: number,
    count: number,
    distances: number,
    weights: number,
    firstScale: number,
    secondScale: number,
    packed: number,
  ) => void;
  readonly gatherDerivatives: (rows: number, count: number, packed: number, gathered: number, sum: number) => void;
  readonly sumByBin: (
    lanes: number,
    count: number,
    rows: number,
    rowCount: number,
    gathered: number,
    histogram: number,
  ) => void;
  readonly subtract: (parent: number, child: number, bytes: number) => void;
  readonly partRows: (
    rows: number,
    count: number,
    codes: number,
    low: number,
    span: number,
    inside: number,
    aside: number,
  ) => number;
  readonly findSplit: (
    features: number,
    count: number,
    places: number,
    histogram: number,
    sum: number,
    l2: number,
    least: number,
    out: number,
  ) => void;
  readonly findBoundedSplit: (
    features: number,
    count: number,
    places: number,
    directions: number,
    histogram: number,
    sum: number,
    l2: number,
    least: number,
    lower: number,
    upper: number,
    out: number,
  ) => void;
}

/** The range of 32-bit addresses, minus one page. */
const memoryLimit = 2 ** 32 - 65536;

const tooLarge = (megabytes: number): string =>
  `Growing trees on these rows and columns needs ${megabytes} MB of kernel memory, which is not available. Use fewer rows, columns or leaves.`;

/** One instance of the trees' kernel. Views are valid until the next `allocate`. */
export class TreeKernel extends Arena {
  constructor(readonly exports: TreeKernelExports) {
    super(exports, memoryLimit, tooLarge);
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address, length);
  }

  /** Unsigned integers of 32 bits: rows, features. */
  words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.exports.memory.buffer, address, length);
  }

  /** Signed ones: a packed pair of derivatives is two, the second one first. */
  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.exports.memory.buffer, address, length);
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.exports.memory.buffer, address, length);
  }
}

const embedded = new EmbeddedModule(treesBase64);

/**
 * A fresh instance.
 *
 * @throws ChurnkitError `KERNEL_UNAVAILABLE` when the runtime can't or won't compile it.
 */
export async function loadTreeKernel(): Promise<TreeKernel> {
  return new TreeKernel((await embedded.instance()) as unknown as TreeKernelExports);
}
