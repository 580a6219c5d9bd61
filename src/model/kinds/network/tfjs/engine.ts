/**
 * TensorFlow.js as the training engine. Needs the `@tensorflow/tfjs-*` packages.
 *
 * @module churnkit/engines/tfjs
 */
import type { SessionOptions, TrainingEngine, TrainingSession } from "../engine.js";
import { initialWeights } from "../initial-weights.js";
import type { NetworkSpec } from "../spec.js";
import { loadTf } from "./module.js";
import { createNetwork } from "./network.js";
import { TfjsSession } from "./session.js";
import { checkInteger, checkSpec } from "../wasm/checks.js";

/** Settings of {@link tfjsEngine}. */
export interface TfjsEngineOptions {
  /**
   * The TF.js backend: "cpu" (default), "wasm", "webgl" or "webgpu" (imported from `@tensorflow/tfjs-backend-...`),
   * "tensorflow" (native, from `@tensorflow/tfjs-node`), or the name of any other backend registered with `tf`.
   */
  readonly backend?: string | undefined;
  /**
   * Your own TF.js module with the backend registered: the result of `import * as tf from "@tensorflow/tfjs"` or
   * `"@tensorflow/tfjs-node"`. Without it the needed packages are imported by name when a session is created, which
   * works in Node; in bundled browser code, pass the module.
   */
  readonly tf?: object | undefined;
}

/**
 * A training engine on TensorFlow.js, the reference for the default `wasm` engine: the same start, the same dropped
 * units and the same Adam, on any TF.js backend. It is slower; use it to check results or to train where a TF.js
 * backend is available. Its networks and those of the `wasm` engine are interchangeable through `SessionState`.
 *
 * Errors of `create`: PEER_MISSING when a TF.js package is not installed, OPTION_INVALID for a backend that is unknown
 * or cannot start here.
 *
 * @example
 * ```ts
 * import { tfjsEngine } from "churnkit/engines/tfjs";
 *
 * const engine = tfjsEngine({ backend: "cpu" });
 * const spec = { inputs: 2, hidden: [], outputs: 1, batchNorm: { momentum: 0.99, epsilon: 0.001 } };
 * const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
 * const session = await engine.create(spec, { seed: 1, adam, maxBatch: 2 });
 * const data = { x: Float32Array.of(1, 0, 0, 1), y: Float32Array.of(1, 0) };
 * const { loss } = await session.epoch(data, Uint32Array.of(0, 1), { batchSize: 2, learningRate: 0.01 });
 * console.assert(loss > 0);
 * session.dispose();
 * ```
 */
export function tfjsEngine({ backend = "cpu", tf: given }: TfjsEngineOptions = {}): TrainingEngine {
  return {
    name: `tfjs-${backend}`,
    async create(spec: NetworkSpec, options: SessionOptions): Promise<TrainingSession> {
      checkSpec(spec);
      checkInteger("The largest batch", options.maxBatch, 1, 2 ** 20);
      checkInteger("The seed", options.seed, 0, 2 ** 32 - 1);
      const tf = await loadTf(backend, given);
      const network = await createNetwork(tf, spec, initialWeights(spec, options.seed));
      return new TfjsSession(tf, backend, spec, network, options);
    },
  };
}
