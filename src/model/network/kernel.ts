import { ChurnkitError } from "../../base/errors.js";
import { kernelBase64 } from "../../kernels/build/kernel-bytes.js";

/** The functions of the WebAssembly kernel; addresses are bytes in its memory. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: () => number;
  readonly score: (network: number, x: number, rows: number, logits: number) => void;
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
  /** Returns the sum of the rows' losses. */
  readonly train: (
    network: number,
    data: number,
    rows: number,
    batch: number,
    step: number,
    learningRate: number,
  ) => number;
  readonly gradients: (network: number, data: number, rows: number, step: number, dropping: number) => void;
}

/** No network needs more; beyond it a wrong layer size would only end in an allocation failure. */
const memoryLimit = 2 ** 30;

/** One instance of the kernel with a memory of its own, given out piece by piece and freed as a whole. */
export class Kernel {
  readonly exports: KernelExports;
  #free: number;
  readonly #scratch = new Map<string, { address: number; bytes: number }>();

  constructor(exports: KernelExports) {
    this.exports = exports;
    this.#free = exports.heapBase();
  }

  /**
   * Zeroed memory on a cache line's border. Views made before may be detached by it.
   *
   * @throws ChurnkitError `OPTION_INVALID` when the network needs more memory than there is.
   */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#free / 64) * 64;
    const end = address + bytes;
    const { memory } = this.exports;
    const missing = end - memory.buffer.byteLength;
    if (end > memoryLimit) throw tooLarge(end);
    if (missing > 0) {
      try {
        // At least 1 MiB, which costs nothing before it is used: growing is slow.
        memory.grow(Math.max(16, Math.ceil(missing / 65536)));
      } catch (cause) {
        throw tooLarge(end, cause);
      }
    }
    this.#free = end;
    return address;
  }

  /** Memory for the length of one call, shared by all who ask for the same name. */
  scratch(name: string, bytes: number): number {
    const held = this.#scratch.get(name);
    if (held !== undefined && held.bytes >= bytes) return held.address;
    const address = this.allocate(bytes);
    this.#scratch.set(name, { address, bytes });
    return address;
  }

  /** A view of 32-bit floats, valid until the next {@link Kernel.allocate}. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer, address, length);
  }
}

function tooLarge(bytes: number, cause?: unknown): ChurnkitError {
  const megabytes = Math.ceil(bytes / 2 ** 20);
  return new ChurnkitError(
    "OPTION_INVALID",
    `The network needs ${megabytes} MB of kernel memory, more than can be had. Use smaller layers or a smaller batch.`,
    { cause },
  );
}

let embedded: Promise<WebAssembly.Module> | undefined;

async function compileEmbedded(): Promise<WebAssembly.Module> {
  // Node's own decoder where there is one; not imported, so that browsers need no stand-in for it.
  const native = (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;
  return WebAssembly.compile(native === undefined ? decoded(kernelBase64) : native.from(kernelBase64, "base64"));
}

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * Begins to compile the embedded kernel in the background, for whoever will need it soon. Does not throw: a runtime that
 * cannot compile it says so when it is needed.
 */
export function prepareKernel(): void {
  embedded ??= compileEmbedded();
  embedded.catch(() => undefined);
}

/**
 * A fresh instance of the kernel. The embedded bytes are compiled once per process; where a runtime forbids that (as
 * workerd does), pass the module imported from `churnkit/kernel.wasm`.
 *
 * @throws ChurnkitError `KERNEL_UNAVAILABLE` when the runtime can't or won't compile it.
 */
export async function loadKernel(module?: WebAssembly.Module | BufferSource): Promise<Kernel> {
  try {
    let compiled: WebAssembly.Module;
    if (module === undefined) compiled = await (embedded ??= compileEmbedded());
    else compiled = "byteLength" in module ? await WebAssembly.compile(module) : module;
    const instance = await WebAssembly.instantiate(compiled);
    return new Kernel(instance.exports as unknown as KernelExports);
  } catch (cause) {
    embedded = undefined;
    throw new ChurnkitError(
      "KERNEL_UNAVAILABLE",
      "The WebAssembly kernel can't be compiled on this runtime (it needs WebAssembly with SIMD, and permission to " +
        'compile bytes). Where compiling is forbidden, import the module from "churnkit/kernel.wasm" and pass it.',
      { cause },
    );
  }
}
