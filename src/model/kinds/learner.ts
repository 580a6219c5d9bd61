import type { ObjectStore } from "../../io/store/index.js";
import type { Recipe } from "../../data/features/index.js";
import type { ModelNode } from "../artifact.js";
import type { Budget, Cap } from "./budget.js";

/** An encoded table: features row-major, labels 1 for the positive class. */
export interface LabeledMatrix {
  /** rows x width, finite. May lie in shared memory. */
  readonly matrix: Float32Array;
  readonly width: number;
  readonly labels: Uint8Array;
  /** Probabilities to learn instead of the labels, which then only judge. Only networks take them. */
  readonly targets?: Float32Array | undefined;
  /**
   * For each column 1 if it refines a number that another column has scaled (its bins, its single values), else 0;
   * absent where that isn't known. Linear models penalize such columns separately.
   */
  readonly details?: Uint8Array | undefined;
  /** All classes, if there are more than two: the place of each row's class, and how many there are. */
  readonly classes?: { readonly codes: Uint8Array; readonly count: number; readonly positive: number } | undefined;
  /**
   * What folds have equal shares of, instead of the labels: the class of each row, where one of several classes is told from
   * the others. So the models of all of them hold out the same rows.
   */
  readonly strata?: Uint8Array | undefined;
  /** Weight of each row, finite and above 0: a row of weight 2 counts like two equal rows. Absent where all are 1. */
  readonly rowWeights?: Float32Array | undefined;
  /** The recipe that encoded it, for learners that are told something about columns by name; absent where it isn't known. */
  readonly recipe?: Recipe | undefined;
}

/** Progress of a training; sent once an epoch. */
export interface TrainingProgress {
  /** 0-based member of the ensemble, and the number of members. */
  readonly member: number;
  readonly members: number;
  /** Epochs done and their maximum; early stopping may end sooner. */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationAuc: number | null;
  /** True on the last message of a member. */
  readonly done: boolean;
  /**
   * Kind of step that a member consists of: a network's epochs (the default), or boosted trees, one an epoch. With
   * `candidates`, `auto` has tried `epoch` of `epochs` learners; `loss` is the held-out loss of the last one, and
   * `validationLoss` the best so far.
   */
  readonly of?: "network" | "trees" | "candidates";
  /** The learner, if `auto` trains several; two may train at once. */
  readonly learner?: string;
  /** The class that is told from the others, if there are more than two: its place, and how many there are. */
  readonly ofClass?: { readonly place: number; readonly count: number };
}

/** Context of a training, in addition to data and parameters. */
export interface LearnerContext {
  readonly seed: number;
  /** Called once an epoch. */
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Store for the state of an interrupted training. */
  readonly checkpoint?: ObjectStore | undefined;
  /** Ends the training with an error. */
  readonly signal?: AbortSignal | undefined;
  /** When it is spent, the learner returns its best model so far. */
  readonly budget?: Budget | undefined;
  /** Threads to train networks on; 1 keeps everything on the caller's. The result does not depend on it. */
  readonly workers?: number | undefined;
}

/** One epoch of one member. */
export interface EpochRecord {
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationAuc: number | null;
}

/** Raw probabilities of rows that the scoring models did not train on. */
export interface HeldOut {
  /** Rows of the validation matrix if there is one, else of the training matrix (out of fold). */
  readonly rows: Uint32Array;
  readonly probabilities: Float64Array;
  /**
   * The same by models that the row did not choose, if it chose the epoch at which a model was kept: beside other
   * learners, `probabilities` would flatter such a learner.
   */
  readonly crossed?: Float64Array | undefined;
  /** Of all classes, rows x classes, where there are more than two. */
  readonly ofClasses?: Float64Array | undefined;
}

/** Result of a learner. */
export interface Learned {
  readonly model: ModelNode;
  readonly heldOut: HeldOut;
  /** Epochs of each member that was trained in epochs; empty for learners without. */
  readonly history: readonly (readonly EpochRecord[])[];
  /** Settings that the data decided: plain JSON, kept in the provenance next to the learner's own parameters. */
  readonly found?: Readonly<Record<string, unknown>>;
  /** The caps that were hit; kept in the provenance as the parameter `caps`. */
  readonly caps?: readonly Cap[];
  /** The learner that made the model, if it isn't the requested one (`auto`). */
  readonly learner?: string;
}

/** The port under `train`: turns an encoded matrix into a model. */
export interface Learner {
  readonly name: string;
  /** Plain JSON, kept in the bundle's provenance. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /**
   * The options from which `learnerNamed` makes the same learner on another thread; absent if only this object can
   * train, as with an engine of the caller's.
   */
  readonly options?: object | undefined;
  /** Number of folds without validation rows: each class must have as many rows. */
  readonly folds?: number | undefined;
  /** The learner that tells a class, one of so many, from all others; absent if that is this one for each. */
  readonly ofClass?: ((place: number, count: number) => Learner) | undefined;
  /** Most ratios of two numbers that it wants among the features of many rows, where they say more than either. */
  readonly ratios?: number | undefined;
  /** Trains on a matrix; stops and calibrates on `validation` if it is given, else on folds of the training rows. */
  fit(training: LabeledMatrix, validation: LabeledMatrix | undefined, context: LearnerContext): Promise<Learned>;
}
