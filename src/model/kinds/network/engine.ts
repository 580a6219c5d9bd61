import type { NetworkSpec, NetworkWeights } from "./spec.js";

/** Adam's settings (Kingma and Ba 2015, with Keras' epsilon placement: `m / (sqrt(v) + epsilon)` after bias correction). */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /**
   * Decoupled weight decay (AdamW, Loshchilov and Hutter 2019): each step also multiplies the hidden layers' kernels by `1 -
   * learningRate * weightDecay`. Default 0.
   */
  readonly weightDecay?: number | undefined;
}

/** Training data of a session. The engine reads these arrays and never writes them. */
export interface TrainingData {
  /** Features, rows x inputs, row-major, finite. */
  readonly x: Float32Array;
  /** Targets, rows x outputs, in [0, 1]. */
  readonly y: Float32Array;
  /** Weight of each row in the loss; absent means 1. The loss of a batch is `sum(w * bce) / rows`, as Keras does. */
  readonly sampleWeights?: Float32Array | undefined;
}

/** Options of a training session. */
export interface SessionOptions {
  /** Seeds the initial weights and the dropout masks; an unsigned 32-bit integer. */
  readonly seed: number;
  readonly adam: AdamOptions;
  /** Largest batch that `epoch` may use. */
  readonly maxBatch: number;
}

/** State with which a session continues; plain typed arrays, so that a checkpoint can store it. */
export interface SessionState {
  readonly weights: NetworkWeights;
  /** Adam's first and second moments for each tensor in layout order; empty arrays for tensors that are not trained. */
  readonly m: NetworkWeights;
  readonly v: NetworkWeights;
  /** Batches trained so far: the counter of Adam's bias correction and of the dropout masks. */
  readonly step: number;
}

/** A network in training. */
export interface TrainingSession {
  /**
   * Trains one pass over the rows named by `order`, in that order, in batches of `batchSize` (the last may be smaller).
   *
   * @returns the mean loss over the pass, without L2 penalties.
   */
  epoch(
    data: TrainingData,
    order: Uint32Array,
    options: { batchSize: number; learningRate: number },
  ): Promise<{ loss: number }>;
  /**
   * Gradients of the full loss (L2 penalties included) for one batch, in layout order, empty for tensors that are not
   * trained. Changes nothing. With `dropout` the masks of the current step are used.
   */
  gradients(data: TrainingData, batch: Uint32Array, options: { dropout: boolean }): Promise<NetworkWeights>;
  /** Scores in inference mode: logits, rows x outputs. */
  predict(x: Float32Array, rows: number): Promise<Float32Array>;
  /** Returns a copy of the state with which a session continues. */
  state(): Promise<SessionState>;
  /** Continues from a state, which may come from another engine. */
  restore(state: SessionState): Promise<void>;
  /** Frees the session's memory. */
  dispose(): void;
}

/** The port for training a network. Drivers: `wasm` (default) and `tfjs`. */
export interface TrainingEngine {
  readonly name: string;
  /** Starts a session with weights drawn from the seed. @throws ChurnkitError OPTION_INVALID, PEER_MISSING, KERNEL_UNAVAILABLE. */
  create(spec: NetworkSpec, options: SessionOptions): Promise<TrainingSession>;
}
