import type { TrainingEngine } from "../engine.js";

/** Returns a promise of the function's result, or of its error. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/**
 * The default training engine: WebAssembly SIMD kernels that run a whole network (batch normalization, dropout, L2 and
 * Adam included) in single precision, without a dependency, with the same bits on every runtime.
 *
 * @param options.kernel the compiled module, if the runtime forbids compiling bytes: `churnkit/kernel.wasm`.
 * @throws ChurnkitError (from `create`) `KERNEL_UNAVAILABLE` when the kernel can't be compiled, `OPTION_INVALID` for
 * an invalid network or options; (from `epoch`) `TRAINING_DIVERGED` when the loss is not a number.
 *
 * @example
 * ```ts
 * import { wasmEngine } from "churnkit/model";
 *
 * const network = {
 *   inputs: 1,
 *   hidden: [{ units: 4, l2: 0, batchNorm: false, dropout: 0 }],
 *   outputs: 1,
 *   batchNorm: { momentum: 0.99, epsilon: 1e-3 },
 * };
 * const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
 * const session = await wasmEngine().create(network, { seed: 1, adam, maxBatch: 4 });
 * const data = { x: Float32Array.of(-2, -1, 1, 2), y: Float32Array.of(0, 0, 1, 1) };
 * const { loss } = await session.epoch(data, Uint32Array.of(2, 0, 3, 1), { batchSize: 4, learningRate: 0.01 });
 * console.assert(loss > 0);
 * ```
 */
export function wasmEngine(options: { kernel?: WebAssembly.Module | undefined } = {}): TrainingEngine {
  return {
    name: "wasm",
    async create(spec, sessionOptions) {
      const { createTrainer } = await import("./trainer.js");
      const trainer = await createTrainer(options.kernel, spec, sessionOptions);
      return {
        epoch: (data, order, batches) => promised(() => trainer.epoch(data, order, batches)),
        gradients: (data, batch, which) => promised(() => trainer.gradients(data, batch, which)),
        predict: (x, rows) => promised(() => trainer.predict(x, rows)),
        state: () => promised(() => trainer.state()),
        restore: (state) => promised(() => trainer.restore(state)),
        dispose: () => trainer.dispose(),
      };
    },
  };
}
