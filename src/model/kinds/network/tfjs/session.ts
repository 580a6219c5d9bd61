import type { NamedTensorMap, Scalar, Tensor } from "@tensorflow/tfjs-core";
import { ChurnkitError } from "../../../../base/errors.js";
import type { SessionOptions, SessionState, TrainingData, TrainingSession } from "../engine.js";
import { tensorLayout, type NetworkSpec, type NetworkWeights } from "../spec.js";
import { adamStep, createSlot, type Slot } from "./adam.js";
import { gatherBatch } from "./batch.js";
import type { Tf } from "./module.js";
import { batchLoss, dropoutMasks, forward, l2Penalty, type TfNetwork } from "./network.js";
import { checkInteger, checkRange, checkWeights } from "../wasm/checks.js";
import { checkData } from "../wasm/staging.js";

const untrained = new Float32Array();
const isHiddenKernel = (name: string): boolean => name.startsWith("dense_") && name.endsWith("/kernel");

/**
 * A training session on TF.js. It keeps the network's variables and Adam's moments; everything else is inside a tidy.
 */
export class TfjsSession implements TrainingSession {
  readonly #slots: readonly (Slot | undefined)[];
  #step = 0;
  #disposed = false;

  constructor(
    private readonly tf: Tf,
    private readonly backend: string,
    private readonly spec: NetworkSpec,
    private readonly network: TfNetwork,
    private readonly options: SessionOptions,
  ) {
    const layout = tensorLayout(spec);
    this.#slots = network.variables.map((variable, i) =>
      layout[i]?.trainable === true ? createSlot(tf, variable, isHiddenKernel(layout[i].name)) : undefined,
    );
  }

  async epoch(
    data: TrainingData,
    order: Uint32Array,
    options: { batchSize: number; learningRate: number },
  ): Promise<{ loss: number }> {
    const { batchSize, learningRate } = options;
    checkInteger("The batch size", batchSize, 1, this.options.maxBatch);
    checkRange("The learning rate", learningRate, 0, Infinity);
    checkInteger("The number of rows to train on", order.length, 1, 2 ** 32);
    checkData(this.spec, data, order);
    const { tf } = this;
    const slots = this.#slots.filter((slot) => slot !== undefined);
    const total = this.#run(() => {
      let sum: Scalar = tf.scalar(0);
      for (let from = 0; from < order.length; from += batchSize) {
        const rows = order.subarray(from, from + batchSize);
        const { loss, gradients } = this.#backward(data, rows, true);
        this.#step++;
        adamStep(tf, slots, gradients, { ...this.options.adam, learningRate, step: this.#step });
        const next = tf.tidy(() => tf.add(sum, tf.mul(loss, rows.length)));
        tf.dispose([sum, loss, gradients]);
        sum = next as Scalar;
      }
      return sum;
    });
    const [loss = Number.NaN] = (await this.#take([total]))[0] ?? [];
    if (!Number.isFinite(loss)) {
      const hint = "Use a lower learning rate, and check that the features are finite and scaled.";
      throw new ChurnkitError(
        "TRAINING_DIVERGED",
        `Training produced a loss of ${loss} by batch ${this.#step}. ${hint}`,
      );
    }
    return { loss: loss / order.length };
  }

  async gradients(data: TrainingData, batch: Uint32Array, { dropout }: { dropout: boolean }): Promise<NetworkWeights> {
    checkInteger("The number of rows in the batch", batch.length, 1, this.options.maxBatch);
    checkData(this.spec, data, batch);
    const { tf } = this;
    const { variables } = this.network;
    const found = this.#run(() => {
      // The forward pass of training moves the averages of batch normalization, so they are restored.
      const kept = variables.map((variable, i) => (this.#slots[i] === undefined ? tf.clone(variable) : undefined));
      const { loss, gradients } = this.#backward(data, batch, dropout);
      kept.forEach((value, i) => value !== undefined && variables[i]?.assign(value));
      tf.dispose([loss, kept.filter((value) => value !== undefined)]);
      return gradients;
    });
    return this.#take(
      variables.map((variable, i) => (this.#slots[i] === undefined ? undefined : found[variable.name])),
    );
  }

  async predict(x: Float32Array, rows: number): Promise<Float32Array> {
    const { tf } = this;
    const { inputs } = this.spec;
    if (x.length !== rows * inputs) {
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The features hold ${x.length} numbers; ${rows} rows of ${inputs} inputs need ${rows * inputs}.`,
      );
    }
    if (rows === 0) return new Float32Array();
    const logits = this.#run(() => tf.tidy(() => forward(tf, this.network, tf.tensor2d(x, [rows, inputs]))));
    return (await this.#take([logits]))[0] ?? new Float32Array();
  }

  async state(): Promise<SessionState> {
    const copies = (tensors: readonly (Tensor | undefined)[]): Promise<Float32Array[]> =>
      this.#take(this.#run(() => tensors.map((tensor) => tensor && this.tf.clone(tensor))));
    const [weights, m, v] = await Promise.all([
      copies(this.network.variables),
      copies(this.#slots.map((slot) => slot?.m)),
      copies(this.#slots.map((slot) => slot?.v)),
    ]);
    return { weights, m, v, step: this.#step };
  }

  restore(state: SessionState): Promise<void> {
    // Inside a promise, so that a refused state rejects.
    return new Promise((resolve) => {
      this.#assign(state);
      resolve();
    });
  }

  #assign(state: SessionState): void {
    checkWeights(this.spec, state.weights);
    checkInteger("The number of batches trained", state.step, 0, 2 ** 32 - 1);
    const { tf } = this;
    const targets = [
      { name: "The weights", values: state.weights, into: this.network.variables },
      { name: "Adam's first moment", values: state.m, into: this.#slots.map((slot) => slot?.m) },
      { name: "Adam's second moment", values: state.v, into: this.#slots.map((slot) => slot?.v) },
    ];
    for (const { name, values, into } of targets) {
      into.forEach((variable, i) => {
        const size = variable?.size ?? 0;
        if (values[i]?.length === size) return;
        const message = `${name} of tensor ${i} has ${values[i]?.length ?? "no"} values; the network needs ${size}.`;
        throw new ChurnkitError("OPTION_INVALID", message);
      });
    }
    this.#run(() => {
      tf.tidy(() => {
        for (const { values, into } of targets) {
          into.forEach((variable, i) => variable?.assign(tf.tensor(values[i] ?? untrained, variable.shape, "float32")));
        }
      });
    });
    this.#step = state.step;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.network.model.dispose();
    for (const slot of this.#slots) this.tf.dispose(slot === undefined ? [] : [slot.m, slot.v]);
  }

  /** The loss without penalties, and the gradients of the loss with them; the caller disposes of both. */
  #backward(data: TrainingData, rows: Uint32Array, dropout: boolean): { loss: Scalar; gradients: NamedTensorMap } {
    const { tf, spec, network } = this;
    return tf.tidy(() => {
      const batch = gatherBatch(tf, spec, data, rows);
      const masks = dropout ? dropoutMasks(tf, spec, rows.length, this.options.seed, this.#step) : [];
      let loss: Scalar | undefined;
      const trained = this.#slots.flatMap((slot) => (slot === undefined ? [] : [slot.variable]));
      const { grads, value } = tf.variableGrads(() => {
        loss = tf.keep(batchLoss(tf, forward(tf, network, batch.x, { masks }), batch));
        const penalty = l2Penalty(tf, spec, network);
        return penalty === undefined ? loss : tf.add(loss, penalty);
      }, trained);
      return { loss: loss ?? value, gradients: grads };
    });
  }

  /** Runs synchronous work on this session's backend and restores the process's own. */
  #run<T>(work: () => T): T {
    if (this.#disposed)
      throw new ChurnkitError("OPTION_INVALID", "This training session is disposed of. Create another.");
    const before = this.tf.getBackend();
    this.#switchTo(this.backend);
    try {
      return work();
    } finally {
      this.#switchTo(before);
    }
  }

  /**
   * If the backend is already initialized, the switch is complete when the call returns, whatever its promise reports
   * later.
   */
  #switchTo(backend: string): void {
    const { tf } = this;
    if (tf.getBackend() === backend) return;
    tf.setBackend(backend).catch(() => undefined);
    if (tf.getBackend() === backend) return;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `TF.js no longer has its backend "${backend}". Keep it registered while a training session uses it.`,
    );
  }

  /** Reads tensors and disposes of them; an absent one is an empty array. */
  async #take(tensors: readonly (Tensor | undefined)[]): Promise<Float32Array[]> {
    // Copied, because a backend may return its own memory.
    const read = async (tensor: Tensor | undefined): Promise<Float32Array> =>
      tensor === undefined ? untrained.slice() : (await tensor.data<"float32">()).slice();
    const values = await Promise.all(tensors.map(read));
    this.tf.dispose(tensors.filter((tensor) => tensor !== undefined));
    return values;
  }
}
