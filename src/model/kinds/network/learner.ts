import { ChurnkitError } from "../../../base/errors.js";
import type { Learner } from "../learner.js";
import type { TrainingEngine } from "./engine.js";
import type { FitSettings } from "./fit-network.js";
import type { NetworkSpec } from "./spec.js";

/** Parameters of the churn network. */
export interface ChurnNetworkOptions {
  /** Units of the hidden layers, first to last. Default 128, 64, 32. */
  readonly units?: readonly number[];
  /** Dropout rate of each hidden layer, in [0, 1). Default 0.3, 0.3, 0.2; the last rate repeats for further layers. */
  readonly dropout?: readonly number[];
  /** L2 penalty of the hidden layers except the last. Default 0.001. */
  readonly l2?: number;
  /** Whether the hidden layers except the last are batch normalized. Default true. */
  readonly batchNorm?: boolean;
  /**
   * Networks that train as one (TabM-mini, Gorishniy et al. 2025): they share the hidden layers, and each has its own
   * scales of the features and its own output layer. The model has them as so many networks. Default 1.
   */
  readonly adapters?: number;
  readonly learningRate?: number;
  /** Decoupled weight decay (AdamW) of the hidden layers. Default 0. */
  readonly weightDecay?: number;
  /** Default `auto`: `constant`, or `cosine` if `epochs` is `auto` and there are more than 20,000 rows. */
  readonly schedule?: FitSettings["schedule"] | "auto";
  /**
   * Rows per step. Default `auto`: 32 for fewer than 6,000 rows, else 64; larger steps need more epochs than they
   * save.
   */
  readonly batchSize?: number | "auto";
  /** Maximum number of epochs of a network. Default `auto`: 60, fewer (at least 6) for more than 20,000 rows. */
  readonly epochs?: number | "auto";
  /**
   * Epochs without a better validation loss before a network stops. Default `auto`: 12, or all if `auto` chooses
   * `cosine`.
   */
  readonly patience?: number | "auto";
  /**
   * Maximum number of networks that are trained and averaged; 1 for a single one. Beyond 20,000 rows fewer are
   * trained if more don't pay off.
   */
  readonly members?: number;
  /** `balanced` weights the classes equally in the loss; `none` keeps probabilities honest. */
  readonly classWeights?: "none" | "balanced";
  /** Trains the networks; the built-in WebAssembly engine by default. Another engine trains on the caller's thread. */
  readonly engine?: TrainingEngine;
}

/** Default options of {@link churnNetwork}. */
export const churnNetworkDefaults = {
  units: [128, 64, 32],
  dropout: [0.3, 0.3, 0.2],
  l2: 0.001,
  batchNorm: true,
  adapters: 1,
  weightDecay: 0,
  learningRate: 0.001,
  schedule: "auto",
  batchSize: "auto",
  epochs: "auto",
  patience: "auto",
  members: 8,
  classWeights: "none",
} as const;

/**
 * Returns the network's shape for this many inputs: every hidden layer except the last is penalized and, by default,
 * batch normalized.
 */
export function churnNetworkSpec(inputs: number, options: ChurnNetworkOptions = {}): NetworkSpec {
  const { units, dropout, l2, batchNorm, adapters } = { ...churnNetworkDefaults, ...options };
  return {
    inputs,
    outputs: 1,
    ...(adapters > 1 && { adapters }),
    hidden: units.map((size, i) => {
      const inner = i < units.length - 1;
      return {
        units: size,
        l2: inner ? l2 : 0,
        batchNorm: inner && batchNorm,
        dropout: dropout[Math.min(i, dropout.length - 1)] ?? 0,
      };
    }),
    batchNorm: { momentum: 0.99, epsilon: 0.001 },
  };
}

/**
 * The churn network as a learner: by default an average of several networks, each trained on all folds of the rows
 * except one and stopped early on that one (or, with validation rows, each on all rows and stopped on those).
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
    options: engine ? undefined : given,
    folds: foldsOf(parameters.members),
    async fit(training, validation, context) {
      const { fitMembers } = await import("./fit-members.js");
      return fitMembers(parameters, engine, training, validation, context);
    },
  };
}

/** The options, complete. */
export type ChurnNetworkParameters = Required<Omit<ChurnNetworkOptions, "engine">>;

/** A bundle's ensemble may have so many members. */
const mostNetworks = 1000;

/** A fold for each network; a single network, with no fold to spare, leaves out a fifth. */
export const foldsOf = (members: number): number => Math.max(members, 5);

function check(parameters: ChurnNetworkParameters): void {
  const wrong = (name: string, rule: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `${name} of the churn network must be ${rule}.`, {
      where: { path: name },
    });
  };
  const whole = (name: "batchSize" | "epochs" | "patience" | "members" | "adapters", most: number): void => {
    const value = parameters[name];
    if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > most)
      wrong(name, `a whole number from 1 to ${most}, not ${value}`);
  };
  if (parameters.batchSize !== "auto") whole("batchSize", 65536);
  if (parameters.epochs !== "auto") whole("epochs", 100_000);
  if (parameters.patience !== "auto") whole("patience", 100_000);
  whole("members", 100);
  whole("adapters", 100);
  const networks = parameters.members * parameters.adapters;
  if (networks > mostNetworks)
    wrong(
      "adapters",
      `few enough: with ${parameters.members} members they make ${networks} networks, more than ${mostNetworks}`,
    );
  for (const name of ["units", "dropout"] as const)
    if (!Array.isArray(parameters[name]) || parameters[name].length === 0) wrong(name, "a list of at least one number");
  if (parameters.units.some((size) => !Number.isInteger(size) || size < 1 || size > 8192))
    wrong("units", "whole numbers from 1 to 8192");
  if (parameters.dropout.some((rate) => !(rate >= 0 && rate < 1))) wrong("dropout", "rates in [0, 1)");
  // From JSON anything may come.
  const real = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  if (!real(parameters.l2) || parameters.l2 < 0) wrong("l2", "a number of 0 or more");
  if (!real(parameters.weightDecay) || parameters.weightDecay < 0) wrong("weightDecay", "a number of 0 or more");
  if (typeof parameters.batchNorm !== "boolean") wrong("batchNorm", "true or false");
  if (!real(parameters.learningRate) || parameters.learningRate <= 0) wrong("learningRate", "a number above 0");
  const oneOf = (name: "schedule" | "classWeights", ...choices: string[]): void => {
    if (!choices.includes(parameters[name])) wrong(name, `one of ${choices.join(", ")}`);
  };
  oneOf("schedule", "auto", "constant", "cosine");
  oneOf("classWeights", "none", "balanced");
}
