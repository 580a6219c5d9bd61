import { ChurnkitError } from "../../base/errors.js";
import { sigmoid } from "../../base/logistic.js";
import { mix32 } from "../../base/random.js";
import { kFold } from "../../data/split-folds.js";
import type { EpochRecord, HeldOut, LabelledMatrix, Learned, Learner, LearnerContext } from "../learner.js";
import { openCheckpoints } from "./checkpoint.js";
import type { TrainingEngine } from "./engine.js";
import type { FitRows, FitSettings, FittedNetwork } from "./fit-network.js";
import { runJob, type FitEvents, type FitJob } from "./job.js";
import type { NetworkSpec } from "./spec.js";
import { wasmEngine } from "./wasm-engine.js";
import { openWorkerPool } from "./worker-pool.js";

/** Everything about the churn network that can be set. */
export interface ChurnNetworkOptions {
  /** Units of the hidden layers, first to last. Default 128, 64, 32. */
  readonly units?: readonly number[];
  /** Dropout rate of each hidden layer, in [0, 1). Default 0.3, 0.3, 0.2; the last rate repeats for further layers. */
  readonly dropout?: readonly number[];
  /** L2 penalty of the hidden layers that are batch normalised, i.e. all but the last. Default 0.001. */
  readonly l2?: number;
  readonly learningRate?: number;
  readonly schedule?: FitSettings["schedule"];
  /** Rows a step. Default `auto`: 32 for fewer than 6,000 rows, else 64; larger steps need more epochs than they save. */
  readonly batchSize?: number | "auto";
  /** The most epochs a network trains for. */
  readonly epochs?: number;
  /** Epochs without a better validation loss before a network stops. */
  readonly patience?: number;
  /** How many networks are trained and averaged; 1 for a single network. */
  readonly members?: number;
  /** `balanced` weighs the classes equally in the loss; `none` keeps probabilities honest. */
  readonly classWeights?: "none" | "balanced";
  /** Trains the networks; the built-in WebAssembly engine by default. Another engine trains on the caller's thread. */
  readonly engine?: TrainingEngine;
}

/** What {@link churnNetwork} takes where an option is not given. */
export const churnNetworkDefaults = {
  units: [128, 64, 32],
  dropout: [0.3, 0.3, 0.2],
  l2: 0.001,
  learningRate: 0.001,
  schedule: "constant",
  batchSize: "auto",
  epochs: 60,
  patience: 12,
  members: 8,
  classWeights: "none",
} as const;

/** The network's shape for so many inputs: every hidden layer but the last is penalised and batch normalised. */
export function churnNetworkSpec(inputs: number, options: ChurnNetworkOptions = {}): NetworkSpec {
  const { units, dropout, l2 } = { ...churnNetworkDefaults, ...options };
  return {
    inputs,
    outputs: 1,
    hidden: units.map((size, i) => {
      const inner = i < units.length - 1;
      return { units: size, l2: inner ? l2 : 0, batchNorm: inner, dropout: dropout[Math.min(i, dropout.length - 1)] ?? 0 };
    }),
    batchNorm: { momentum: 0.99, epsilon: 0.001 },
  };
}

/**
 * The churn network as a learner: by default an average of several networks, each trained on all folds of the rows but
 * one and stopped early on that one (or, where validation rows are given, each on all rows and stopped on those).
 *
 * @throws ChurnkitError OPTION_INVALID for options out of range.
 * @example
 * ```ts
 * import { churnNetwork } from "churnkit/model";
 *
 * const single = churnNetwork({ members: 1, units: [64, 32], epochs: 20 });
 * console.log(single.parameters);
 * ```
 */
export function churnNetwork(options: ChurnNetworkOptions = {}): Learner {
  const { engine, ...given } = options;
  const parameters = { ...churnNetworkDefaults, ...given };
  check(parameters);
  return {
    name: "network",
    parameters: { ...parameters, engine: engine?.name ?? "wasm" },
    folds: foldsOf(parameters.members),
    fit: (training, validation, context) => fitMembers(parameters, engine, training, validation, context),
  };
}

type Parameters = Required<Omit<ChurnNetworkOptions, "engine">>;

function check(parameters: Parameters): void {
  const wrong = (name: string, rule: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `${name} of the churn network must be ${rule}.`, { where: { path: name } });
  };
  const whole = (name: "batchSize" | "epochs" | "patience" | "members", most: number): void => {
    const value = parameters[name];
    if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > most) wrong(name, `a whole number from 1 to ${most}, not ${value}`);
  };
  if (parameters.batchSize !== "auto") whole("batchSize", 65536);
  whole("epochs", 100_000);
  whole("patience", 100_000);
  whole("members", 100);
  if (parameters.units.some((size) => !Number.isInteger(size) || size < 1 || size > 8192)) wrong("units", "whole numbers from 1 to 8192");
  if (parameters.dropout.some((rate) => !(rate >= 0 && rate < 1))) wrong("dropout", "rates in [0, 1)");
  if (!(parameters.l2 >= 0)) wrong("l2", "0 or more");
  if (!(parameters.learningRate > 0)) wrong("learningRate", "above 0");
}

function batchSizeFor(batchSize: number | "auto", rows: number): number {
  if (batchSize !== "auto") return batchSize;
  return rows < 6000 ? 32 : 64;
}

/** A fold for each network; one network alone, with no fold to spare, leaves out a fifth. */
const foldsOf = (members: number): number => Math.max(members, 5);

/** The rows each member trains and stops on, in one matrix. */
function planMembers(training: LabelledMatrix, validation: LabelledMatrix | undefined, members: number, seed: number): FitRows[] {
  const rows = training.labels.length;
  const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
  if (validation) {
    const matrix = shared(training.matrix, validation.matrix);
    const labels = Uint8Array.from([...training.labels, ...validation.labels]);
    const all = { matrix, width: training.width, labels, training: range(0, rows), validation: range(rows, labels.length) };
    return Array.from({ length: members }, () => all);
  }
  const matrix = shared(training.matrix);
  const folds = kFold(training.labels, foldsOf(members), seed).slice(0, members);
  return folds.map(({ train, test }) => ({ matrix, width: training.width, labels: training.labels, training: train, validation: test }));
}

/** Copies arrays one after the other into memory that threads can share, where the runtime has it. */
function shared(...parts: Float32Array[]): Float32Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = length * Float32Array.BYTES_PER_ELEMENT;
  const all = new Float32Array(typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

async function fitMembers(
  parameters: Parameters,
  engine: TrainingEngine | undefined,
  training: LabelledMatrix,
  validation: LabelledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  const { members } = parameters;
  const spec = churnNetworkSpec(training.width, parameters);
  const plan = planMembers(training, validation, members, context.seed);
  const positives = training.labels.reduce((sum, label) => sum + label, 0);
  const positiveWeight = parameters.classWeights === "balanced" ? (training.labels.length - positives) / positives : 1;
  const saved = openCheckpoints(context.checkpoint, { parameters, seed: context.seed }, [training, validation]);
  const threads = engine ? 1 : Math.min(members, context.workers ?? 1);
  const pool = threads > 1 ? await openWorkerPool(threads) : undefined;
  const own = engine ?? wasmEngine();

  const fitMember = async (rows: FitRows, member: number): Promise<FittedNetwork> => {
    const report = (epoch: number, record: EpochRecord | undefined, done: boolean): void => {
      if (record) context.onProgress?.({ member, members, epoch, epochs: parameters.epochs, ...record, done });
    };
    const job: FitJob = {
      spec,
      rows,
      settings: { ...parameters, batchSize: batchSizeFor(parameters.batchSize, training.labels.length), positiveWeight, seed: mix32(mix32(context.seed) ^ (member + 1)) },
      resume: await saved?.load(member),
      stateEvery: saved ? 1 : 0,
    };
    const events: FitEvents = {
      onEpoch(history, state) {
        if (state) saved?.save(member, state);
        report(history.length, history.at(-1), false);
      },
    };
    const fitted = await (pool ? pool.run(job, events, context.signal) : runJob(own, job, events, context.signal));
    report(fitted.history.length, fitted.history.at(-1), true);
    return fitted;
  };

  try {
    const fitted: FittedNetwork[] = [];
    if (pool) fitted.push(...(await Promise.all(plan.map(fitMember))));
    else for (const [member, rows] of plan.entries()) fitted.push(await fitMember(rows, member));
    await saved?.settled();
    const networks = fitted.map(({ weights }) => ({ kind: "network", spec, weights }) as const);
    const [first, ...others] = networks;
    return {
      model: first && others.length === 0 ? first : { kind: "ensemble", members: networks },
      heldOut: heldOut(plan, fitted, validation ? training.labels.length : 0),
      history: fitted.map(({ history }) => history),
    };
  } finally {
    await pool?.close();
  }
}

/** The mean probability of each row that some member left out; `first` is the row that counts as 0. */
function heldOut(plan: readonly FitRows[], fitted: readonly FittedNetwork[], first: number): HeldOut {
  const sums = new Map<number, { sum: number; count: number }>();
  plan.forEach(({ validation }, member) => {
    validation.forEach((row, i) => {
      const entry = sums.get(row - first) ?? { sum: 0, count: 0 };
      const logit = fitted[member]?.validationLogits[i] ?? 0;
      sums.set(row - first, { sum: entry.sum + sigmoid(logit), count: entry.count + 1 });
    });
  });
  const rows = Uint32Array.from(sums.keys()).sort();
  const mean = (row: number): number => (sums.get(row)?.sum ?? 0) / (sums.get(row)?.count ?? 1);
  return { rows, probabilities: Float64Array.from(rows, mean) };
}
