import { cosTurns } from "../../../base/elementary.js";
import { ChurnkitError } from "../../../base/errors.js";
import { logOnePlusExp } from "../../../stats/logistic.js";
import { mix32, permutation } from "../../../base/random.js";
import { rankAuc } from "../../../stats/ranks/index.js";
import type { EpochRecord } from "../learner.js";
import { crossLogits, type CrossedLogits } from "./crossed-logits.js";
import type { SessionState, TrainingEngine } from "./engine.js";
import type { NetworkSpec, NetworkWeights } from "./spec.js";

/** Settings of one network's training; plain JSON. */
export interface FitSettings {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Decoupled weight decay of the hidden layers' kernels. */
  readonly weightDecay: number;
  /** `constant`, or `cosine` from the learning rate down to a hundredth of it over all epochs. */
  readonly schedule: "constant" | "cosine";
  /** Epochs without a better validation loss before training stops. */
  readonly patience: number;
  /** Weight of positive rows in the loss relative to negative ones. */
  readonly positiveWeight: number;
}

/** The rows of one fit: indices into a shared matrix. */
export interface FitRows {
  readonly matrix: Float32Array;
  readonly width: number;
  readonly labels: Uint8Array;
  readonly rowWeights?: Float32Array | undefined;
  /** What the network learns, if it isn't the labels. */
  readonly targets?: Float32Array | undefined;
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/** State of a fit between two epochs: enough to continue to the same weights. */
export interface FitState {
  readonly session: SessionState;
  readonly history: readonly EpochRecord[];
  readonly best: NetworkWeights;
  readonly crossed: CrossedLogits;
}

export interface FittedNetwork {
  readonly weights: NetworkWeights;
  readonly history: readonly EpochRecord[];
  /** Logits of the validation rows under the returned weights. */
  readonly validationLogits: Float32Array;
  /** The same, each at an epoch that other rows chose. */
  readonly crossedLogits: Float32Array;
  /** Why it ended: the loss stopped falling (or the schedule ended), it was stopped, or it had no epochs left. */
  readonly ended: "converged" | "stopped" | "epochs";
}

export interface FitHooks {
  readonly resume?: FitState | undefined;
  /** Called after each epoch; its result is awaited. */
  readonly onEpoch?:
    | ((history: readonly EpochRecord[], state: () => Promise<FitState>) => Promise<void> | void)
    | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each epoch; true ends the fit with the best weights so far. */
  readonly stopped?: (() => Promise<boolean>) | undefined;
}

const lossOf = (record: EpochRecord | undefined): number => record?.validationLoss ?? Infinity;

function bestEpoch(history: readonly EpochRecord[]): number {
  let best = -1;
  history.forEach((record, epoch) => {
    if (lossOf(record) < lossOf(history[best])) best = epoch;
  });
  return best;
}

/**
 * Trains one network: shuffled epochs, early stopping on validation log loss, the best weights restored. Epoch e's
 * order depends only on the seed and e, so a resumed fit equals the uninterrupted one.
 *
 * @throws ChurnkitError TRAINING_DIVERGED when the loss stops being a number.
 */
export async function fitNetwork(
  engine: TrainingEngine,
  spec: NetworkSpec,
  rows: FitRows,
  settings: FitSettings,
  hooks: FitHooks = {},
): Promise<FittedNetwork> {
  const data = trainingData(rows, settings.positiveWeight);
  const validation = gather(rows.matrix, rows.width, rows.validation);
  const validationLabels = Uint8Array.from(rows.validation, (row) => rows.labels[row] ?? 0);
  const validationWeights = rows.rowWeights && Float32Array.from(rows.validation, (row) => rows.rowWeights?.[row] ?? 1);
  const session = await engine.create(spec, {
    seed: settings.seed,
    adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: settings.weightDecay },
    maxBatch: settings.batchSize,
  });
  try {
    const history: EpochRecord[] = [...(hooks.resume?.history ?? [])];
    if (hooks.resume) await session.restore(hooks.resume.session);
    let best = hooks.resume?.best ?? (await session.state()).weights;
    let crossed = hooks.resume?.crossed;
    const waits = (): boolean => history.length - bestEpoch(history) <= settings.patience;
    let stopped = false;
    while (!stopped && history.length < settings.epochs && waits()) {
      hooks.signal?.throwIfAborted();
      const epoch = history.length;
      const { loss } = await session.epoch(data, epochOrder(rows.training, settings.seed, epoch), {
        batchSize: settings.batchSize,
        learningRate: learningRateAt(settings, epoch),
      });
      const logits = await session.predict(validation, validationLabels.length);
      const record = { loss, ...judge(validationLabels, logits, validationWeights) };
      if (!Number.isFinite(record.loss) || !Number.isFinite(record.validationLoss)) {
        throw new ChurnkitError(
          "TRAINING_DIVERGED",
          `The loss of epoch ${epoch + 1} is not a number. Lower learningRate (now ${settings.learningRate}).`,
        );
      }
      if (record.validationLoss < lossOf(history[bestEpoch(history)])) best = (await session.state()).weights;
      history.push(record);
      const crossing = crossLogits(crossed, validationLabels, logits, validationWeights);
      crossed = crossing;
      await hooks.onEpoch?.(history, async () => ({
        session: await session.state(),
        history,
        best,
        crossed: crossing,
      }));
      stopped = (await hooks.stopped?.()) ?? false;
    }
    const through = settings.schedule === "cosine" || !waits();
    const ended = history.length < settings.epochs && stopped ? "stopped" : through ? "converged" : "epochs";
    await session.restore({ ...(await session.state()), weights: best });
    const validationLogits = await session.predict(validation, validationLabels.length);
    return { weights: best, history, ended, validationLogits, crossedLogits: crossed?.logits ?? validationLogits };
  } finally {
    session.dispose();
  }
}

function trainingData({ matrix, labels, targets, rowWeights, training }: FitRows, positiveWeight: number) {
  const y = targets ?? Float32Array.from(labels);
  if (!rowWeights && positiveWeight === 1) return { x: matrix, y, sampleWeights: undefined };
  // Weights of mean 1, so that they do not change the learning rate.
  const mean = training.reduce((sum, row) => sum + (rowWeights?.[row] ?? 1), 0) / training.length;
  const sampleWeights = Float32Array.from(
    labels,
    (label, row) => ((rowWeights?.[row] ?? mean) / mean) * (label === 1 ? positiveWeight : 1),
  );
  return { x: matrix, y, sampleWeights };
}

function epochOrder(training: Uint32Array, seed: number, epoch: number): Uint32Array {
  return permutation(training.length, mix32(mix32(seed) ^ (epoch + 1))).map((i) => training[i] ?? 0);
}

function learningRateAt({ learningRate, schedule, epochs }: FitSettings, epoch: number): number {
  if (schedule === "constant") return learningRate;
  const share = epoch / Math.max(1, epochs - 1);
  return learningRate * (0.01 + (0.99 * (1 + cosTurns(share / 2))) / 2);
}

function gather(matrix: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => out.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  return out;
}

/** Log loss straight from logits z: log(1 + exp(z)) - y z. */
function judge(
  labels: Uint8Array,
  logits: Float32Array,
  weights: Float32Array | undefined,
): { validationLoss: number; validationAuc: number | null } {
  const sum = logits.reduce((all, z, i) => all + (weights?.[i] ?? 1) * (logOnePlusExp(z) - z * (labels[i] ?? 0)), 0);
  const total = weights?.reduce((all, weight) => all + weight, 0) ?? labels.length;
  return { validationLoss: sum / total, validationAuc: rankAuc(labels, Float64Array.from(logits)) };
}
