import type { Contract } from "../data/contract/index.js";
import type { Recipe } from "../data/features/index.js";
import type { Profile } from "../data/profile/index.js";
import type { MetricSummary } from "./evaluate/metrics.js";
import type { NetworkSpec, NetworkWeights } from "./kinds/network/spec.js";

/** A trained network: logits from features. */
export interface NetworkModel {
  readonly kind: "network";
  readonly spec: NetworkSpec;
  readonly weights: NetworkWeights;
}

/** A linear model: logit = bias + weights . features. */
export interface LinearModel {
  readonly kind: "linear";
  readonly weights: readonly number[];
  readonly bias: number;
}

/**
 * Decision trees whose leaves are added up: boosting and forests. All nodes are in one list, tree after tree, each in
 * preorder: a split's left child is the next node.
 */
export interface TreesModel {
  readonly kind: "trees";
  /** Features of a row. */
  readonly inputs: number;
  /**
   * Turns bias + leaves into a probability: `logistic` is 1 / (1 + exp(-sum)), `identity` is the sum itself, kept in
   * [0, 1].
   */
  readonly link: "logistic" | "identity";
  readonly bias: number;
  /** The first node of each tree, ascending. */
  readonly roots: Uint32Array;
  /** For each node the feature that it splits by, -1 for a leaf. */
  readonly features: Int32Array;
  /** A split's threshold (a row goes left if its feature is this or below), a leaf's value. */
  readonly values: Float32Array;
  /** A split's right child, 0 for a leaf. */
  readonly right: Uint32Array;
}

/** Several models whose outputs are averaged. Members may be of any kind. */
export interface EnsembleModel {
  readonly kind: "ensemble";
  readonly members: readonly ModelNode[];
  /** One for each member, 0 or more, with sum 1. Absent: all equal. */
  readonly weights?: readonly number[] | undefined;
  /** What is averaged: the members' probabilities (absent), or their log odds. */
  readonly average?: "logOdds" | undefined;
}

/**
 * A model of three or more classes: for each class, in the contract's order, a model of it against the others. With
 * log odds f_k the classes' probabilities are softmax(slope_k f_k + bias_k).
 */
export interface ClassesModel {
  readonly kind: "classes";
  readonly members: readonly ModelNode[];
  /** The place of the contract's positive class. */
  readonly positive: number;
  readonly slopes: readonly number[];
  readonly biases: readonly number[];
}

/** The model of a bundle, a tagged union that may get more kinds. */
export type ModelNode = NetworkModel | LinearModel | TreesModel | EnsembleModel | ClassesModel;

/** Maps the model's raw probability to a calibrated one; both are probabilities of the positive class. */
export type Calibration =
  | { readonly kind: "identity" }
  /** sigmoid(slope * logit(p) + intercept), Platt 1999. */
  | { readonly kind: "platt"; readonly slope: number; readonly intercept: number }
  /** sigmoid(a * log(p) - b * log(1 - p) + c), Kull et al. 2017. */
  | { readonly kind: "beta"; readonly a: number; readonly b: number; readonly c: number }
  /** Lines in log odds between the points (from, to), both rising; beyond the ends at slope 1. */
  | { readonly kind: "isotonic"; readonly from: readonly number[]; readonly to: readonly number[] };

/** Turns probabilities into labels. */
export interface Decision {
  /** Positive when probability >= threshold, in [0, 1]. */
  readonly threshold: number;
  /** How the threshold was chosen. */
  readonly rule: "f1" | "cost" | "capacity" | "given";
  readonly costs?: Costs | undefined;
}

/** Money lost for each kind of mistake, any currency, 0 or more. */
export interface Costs {
  readonly falseNegative: number;
  readonly falsePositive: number;
}

/** A synthetic record and its probability when the model was saved. */
export interface GoldenRow {
  readonly record: Readonly<Record<string, string | number | boolean | null>>;
  readonly probability: number;
}

/** Origin of a model: its data, learner and parameters. */
export interface Provenance {
  readonly learner: string;
  readonly seed: number;
  /** SHA-256 of the training table's content. */
  readonly dataHash: string;
  readonly rows: { readonly train: number; readonly validation: number };
  readonly gitCommit?: string | undefined;
  readonly versions: Readonly<Record<string, string>>;
  /** Hyper-parameters, given or default. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Facts about the run of a training rather than about its model: equal models may differ in them. */
export interface TrainingRun {
  /** On the wall. */
  readonly seconds: number;
  /** Processor time of all threads of the process, also of what else it did meanwhile; unknown outside Node. */
  readonly processorSeconds?: number | undefined;
  /** The machine, in words. */
  readonly machine?: string | undefined;
  /** Where the training rows came from and how they were chosen, in words. */
  readonly rows?: string | undefined;
}

/** A bundle in memory. */
export interface Artifact {
  readonly contract: Contract;
  readonly recipe: Recipe;
  readonly model: ModelNode;
  readonly calibration: Calibration;
  readonly decision: Decision;
  /** Profile of the training rows, and of the model's probabilities on held-out rows, marked `of: "predictions"`. */
  readonly baseline: Profile;
  /** Held-out metrics by name. */
  readonly metrics: MetricSummary;
  readonly golden: readonly GoldenRow[];
  readonly provenance: Provenance;
  /**
   * JSON that accompanies the model, by name (a lowercase letter, then lowercase letters, digits and `-`, at most
   * 40): the files `extras/<name>.json`. The code that put it there checks it when it reads it. `monitor` is the
   * monitors' baseline.
   */
  readonly extras?: Readonly<Record<string, unknown>> | undefined;
}
