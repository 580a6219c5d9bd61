import { scoringBase64 } from "../../../kernels/build/scoring-bytes.js";
import { Arena, EmbeddedModule, type WasmExports } from "../../wasm.js";

/** The functions of the WebAssembly kernel that score; addresses are bytes in its memory. */
export interface KernelExports extends WasmExports {
  /** `again`: 1 where the last network of as many features has scored the same rows. */
  readonly score: (network: number, x: number, rows: number, logits: number, again: number) => void;
  /** Adds the leaves of all trees to the sums of up to 128 rows. */
  readonly scoreTrees: (trees: number, x: number, rows: number, sums: number) => void;
  /** Adds the leaves of all trees to the sum of one row. */
  readonly scoreTreeRow: (trees: number, x: number, sum: number) => number;
  readonly placeDense: (
    kernel: number,
    bias: number,
    inputs: number,
    units: number,
    scale: number,
    shift: number,
    to: number,
    toBias: number,
    laneBytes: number,
    rowBytes: number,
  ) => void;
  /** Returns 1 where so many floats, a multiple of 4, are all finite. */
  readonly areFinite: (address: number, floats: number) => number;
}

/** Networks never need more; beyond it a wrong layer size would only end in an allocation failure. */
const memoryLimit = 2 ** 30;

const tooLarge = (megabytes: number): string =>
  `The network needs ${megabytes} MB of kernel memory, which is not available. Use smaller layers or a smaller batch.`;

/** One instance of the kernel with its own memory. */
export class Kernel<Exports extends KernelExports = KernelExports> extends Arena {
  readonly #scratch = new Map<string, { address: number; bytes: number }>();

  constructor(readonly exports: Exports) {
    super(exports, memoryLimit, tooLarge);
  }

  /** Memory for the duration of one call, shared by all callers with the same name. */
  scratch(name: string, bytes: number): number {
    const held = this.#scratch.get(name);
    if (held !== undefined && held.bytes >= bytes) return held.address;
    const address = this.allocate(bytes);
    this.#scratch.set(name, { address, bytes });
    return address;
  }

  /** Allocates memory for some values, and copies them there. */
  place(values: Uint8Array | Uint32Array | Float32Array): number {
    const address = this.allocate(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.exports.memory.buffer, address, values.byteLength).set(bytes);
    return address;
  }

  /** A view of 32-bit floats, valid until the next {@link Kernel.allocate}. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer, address, length);
  }
}

const embedded = new EmbeddedModule(scoringBase64);

/**
 * Starts to compile the embedded kernel in the background, for later use. Does not throw: a runtime that cannot
 * compile it reports that on use.
 */
export const prepareKernel = (): void => embedded.prepare();

/**
 * Makes a new instance of the kernel, to score. The embedded bytes are compiled once per process; if a runtime forbids that
 * (as workerd does), pass the module imported from `churnkit/kernel.wasm`.
 *
 * @throws ChurnkitError `KERNEL_UNAVAILABLE` when the runtime can't or won't compile it.
 */
export async function loadKernel(module?: WebAssembly.Module | BufferSource): Promise<Kernel> {
  return new Kernel((await embedded.instance(module)) as unknown as KernelExports);
}
