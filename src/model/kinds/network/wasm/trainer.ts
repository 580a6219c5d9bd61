import { ChurnkitError } from "../../../../base/errors.js";
import type { SessionOptions, SessionState, TrainingData } from "../engine.js";
import { logOddsOfMean, withoutAdapters } from "../adapters.js";
import { initialWeights } from "../initial-weights.js";
import { createNetworkScorer, type NetworkScorer } from "../network-scorer.js";
import { tensorLayout, type NetworkSpec, type NetworkWeights } from "../spec.js";
import { checkInteger, checkRange, checkSpec, checkWeights } from "./checks.js";
import { readTensor, writeTensor } from "./layout.js";
import { planNetwork, type WasmPlan } from "./plan.js";
import { checkData, stage } from "./staging.js";
import { loadTrainingKernel, type TrainingKernel } from "./training-kernel.js";

/** A network in training in a kernel's memory: the work of a training session, synchronous. */
class WasmTrainer {
  readonly #spec: NetworkSpec;
  readonly #maxBatch: number;
  readonly #plan: WasmPlan;
  #kernel: TrainingKernel | undefined;
  #scorers: NetworkScorer[] = [];
  #step = 0;

  constructor(kernel: TrainingKernel, spec: NetworkSpec, options: SessionOptions) {
    checkSpec(spec);
    const { adam } = options;
    checkInteger("The largest batch", options.maxBatch, 1, 2 ** 20);
    checkInteger("The seed", options.seed, 0, 2 ** 32 - 1);
    checkRange("Adam's beta1", adam.beta1, 0, 1);
    checkRange("Adam's beta2", adam.beta2, 0, 1);
    checkRange("Adam's epsilon", adam.epsilon, 1e-15, 1);
    checkRange("Adam's weight decay", adam.weightDecay ?? 0, 0, Infinity);
    this.#kernel = kernel;
    this.#spec = spec;
    this.#maxBatch = options.maxBatch;
    this.#plan = planNetwork(kernel, spec, options);
    this.#write(initialWeights(spec, options.seed), 0);
  }

  epoch(
    data: TrainingData,
    order: Uint32Array,
    options: { batchSize: number; learningRate: number },
  ): { loss: number } {
    const kernel = this.#alive();
    const { batchSize, learningRate } = options;
    checkInteger("The batch size", batchSize, 1, this.#maxBatch);
    checkRange("The learning rate", learningRate, 0, Infinity);
    checkInteger("The number of rows to train on", order.length, 1, 2 ** 32);
    checkData(this.#spec, data, order);
    let loss = 0;
    for (const { address, count } of stage(kernel, this.#spec, data, order, batchSize)) {
      loss += kernel.exports.train(this.#plan.network, address, count, batchSize, this.#step, learningRate);
      this.#step += Math.ceil(count / batchSize);
    }
    if (!Number.isFinite(loss)) {
      throw new ChurnkitError(
        "TRAINING_DIVERGED",
        `Training produced a loss of ${loss} by batch ${this.#step}. Use a lower learning rate, and check that the ` +
          "features are finite and scaled.",
      );
    }
    return { loss: loss / order.length };
  }

  gradients(data: TrainingData, batch: Uint32Array, options: { dropout: boolean }): NetworkWeights {
    const kernel = this.#alive();
    checkInteger("The number of rows in the batch", batch.length, 1, this.#maxBatch);
    checkData(this.#spec, data, batch);
    for (const { address, count } of stage(kernel, this.#spec, data, batch, batch.length)) {
      kernel.exports.gradients(this.#plan.network, address, count, this.#step, options.dropout ? 1 : 0);
    }
    return this.#readTrainable(this.#plan.toGradient);
  }

  predict(x: Float32Array, rows: number): Float32Array {
    const kernel = this.#alive();
    const networks = withoutAdapters(
      this.#spec,
      this.#plan.tensors.map((place) => readTensor(kernel, place)),
    );
    const logits = networks.map(({ spec, weights }, i) => {
      const scorer = (this.#scorers[i] ??= createNetworkScorer(spec, weights, kernel));
      scorer.setWeights(weights);
      return scorer.score(x, rows);
    });
    return logOddsOfMean(logits);
  }

  state(): SessionState {
    const kernel = this.#alive();
    const { tensors, toMoment1, toMoment2 } = this.#plan;
    return {
      weights: tensors.map((place) => readTensor(kernel, place)),
      m: this.#readTrainable(toMoment1),
      v: this.#readTrainable(toMoment2),
      step: this.#step,
    };
  }

  restore(state: SessionState): void {
    checkWeights(this.#spec, state.weights);
    checkInteger("The number of batches trained", state.step, 0, 2 ** 32 - 1);
    const trainable = (name: string, moments: NetworkWeights): Float32Array[] =>
      tensorLayout(this.#spec).map((tensor, i) => {
        const given = moments[i];
        const size = tensor.trainable ? tensor.shape.reduce((a, b) => a * b, 1) : 0;
        if (given?.length === size) return given;
        throw new ChurnkitError(
          "OPTION_INVALID",
          `${name} of tensor ${tensor.name} has ${given?.length ?? "no"} values; the network needs ${size}.`,
        );
      });
    const m = trainable("Adam's first moment", state.m);
    const v = trainable("Adam's second moment", state.v);
    this.#write(state.weights, 0);
    this.#write(m, this.#plan.toMoment1);
    this.#write(v, this.#plan.toMoment2);
    this.#step = state.step;
  }

  dispose(): void {
    this.#kernel = undefined;
    this.#scorers = [];
  }

  #alive(): TrainingKernel {
    if (this.#kernel !== undefined) return this.#kernel;
    throw new ChurnkitError("OPTION_INVALID", "This training session was disposed of. Create another one.");
  }

  #write(tensors: NetworkWeights, offset: number): void {
    const kernel = this.#alive();
    this.#plan.tensors.forEach((place, i) => {
      const values = tensors[i];
      if (values !== undefined && values.length > 0) writeTensor(kernel, place, values, offset);
    });
  }

  #readTrainable(offset: number): Float32Array[] {
    const kernel = this.#alive();
    const layout = tensorLayout(this.#spec);
    return this.#plan.tensors.map((place, i) =>
      layout[i]?.trainable === true ? readTensor(kernel, place, offset) : new Float32Array(0),
    );
  }
}

/** Starts training a network, in a kernel of its own. */
export async function createTrainer(
  module: WebAssembly.Module | undefined,
  spec: NetworkSpec,
  options: SessionOptions,
): Promise<WasmTrainer> {
  return new WasmTrainer(await loadTrainingKernel(module), spec, options);
}
