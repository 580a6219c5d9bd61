import { ChurnkitError } from "../base/errors.js";

/** Exports of every kernel. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  /** The first byte of memory that is free for the caller. */
  readonly heapBase: () => number;
}

/** The memory of one kernel instance, allocated piece by piece and freed as a whole. */
export class Arena {
  #free: number;

  /**
   * @param limit bytes that only an error would request.
   * @param advice error text when memory runs out: what needs it, and what to do.
   */
  constructor(
    private readonly wasm: WasmExports,
    private readonly limit: number,
    private readonly advice: (megabytes: number) => string,
  ) {
    this.#free = wasm.heapBase();
  }

  /**
   * Allocates zeroed memory at a cache line boundary. It may detach views made before.
   *
   * @throws ChurnkitError `OPTION_INVALID` when more memory is needed than available.
   */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#free / 64) * 64;
    const end = address + bytes;
    const { memory } = this.wasm;
    const missing = end - memory.buffer.byteLength;
    if (end > this.limit) throw this.tooLarge(end);
    if (missing > 0) {
      try {
        // At least 1 MiB, which costs nothing before it is used; growing is slow.
        memory.grow(Math.max(16, Math.ceil(missing / 65536)));
      } catch (cause) {
        throw this.tooLarge(end, cause);
      }
    }
    this.#free = end;
    return address;
  }

  private tooLarge(bytes: number, cause?: unknown): ChurnkitError {
    return new ChurnkitError("OPTION_INVALID", this.advice(Math.ceil(bytes / 2 ** 20)), { cause });
  }
}

/** A kernel's bytes inside the package, compiled once a process. */
export class EmbeddedModule {
  #compiled: Promise<WebAssembly.Module> | undefined;

  constructor(private readonly base64: string) {}

  /**
   * Starts to compile it in the background, for later use. Does not throw: a runtime that cannot compile it reports
   * that on use.
   */
  prepare(): void {
    this.compile().catch(() => undefined);
  }

  /**
   * A fresh instance.
   *
   * @param module used instead of the embedded bytes, if a runtime forbids compiling them.
   * @throws ChurnkitError `KERNEL_UNAVAILABLE` when the runtime can't or won't compile it.
   */
  async instance(module?: WebAssembly.Module | BufferSource): Promise<WebAssembly.Exports> {
    try {
      let compiled: WebAssembly.Module;
      if (module === undefined) compiled = await this.compile();
      else compiled = "byteLength" in module ? await WebAssembly.compile(module) : module;
      return (await WebAssembly.instantiate(compiled)).exports;
    } catch (cause) {
      this.#compiled = undefined;
      throw new ChurnkitError(
        "KERNEL_UNAVAILABLE",
        "The WebAssembly kernel can't be compiled on this runtime (it needs WebAssembly with SIMD, and permission to " +
          'compile bytes). Where compiling is forbidden, import the module from "churnkit/kernel.wasm" and pass it.',
        { cause },
      );
    }
  }

  private compile(): Promise<WebAssembly.Module> {
    return (this.#compiled ??= compileBytes(this.base64));
  }
}

async function compileBytes(base64: string): Promise<WebAssembly.Module> {
  // Node's own decoder if there is one; not imported, so that browsers need no replacement.
  const native = (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;
  return WebAssembly.compile(native === undefined ? decoded(base64) : native.from(base64, "base64"));
}

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
