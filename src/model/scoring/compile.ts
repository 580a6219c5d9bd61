import { ChurnkitError } from "../../base/errors.js";
import type { Contract, CellIssue } from "../../data/contract/index.js";
import { compileEncoders } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { Artifact, Decision, ModelNode } from "../artifact.js";
import { loadKernel } from "../kinds/network/kernel.js";
import { recordScorer } from "./record-scorer.js";
import type { KernelUse, ModelKind, ScorerContext } from "../kinds/model-kind.js";
import { ensembleKind } from "../kinds/ensemble/score.js";
import { classesKind } from "../kinds/classes/score.js";
import { linearKind } from "../kinds/linear/score.js";
import { networkKind } from "../kinds/network/score.js";
import { treesKind } from "../kinds/trees/score.js";

/** Every kind of model, declared once, with its reader and scorer. */
export const modelKinds: { readonly [Kind in ModelNode["kind"]]: ModelKind<Extract<ModelNode, { kind: Kind }>> } = {
  network: networkKind,
  linear: linearKind,
  trees: treesKind,
  ensemble: ensembleKind,
  classes: classesKind,
};

/** The entry of a node's kind. */
const kindOf = (node: ModelNode): ModelKind<ModelNode> => modelKinds[node.kind];

/** A record's score, or null if it broke the contract; `issues` has the reason, or the oddities of a scored one. */
export type ScoredRecord =
  | {
      readonly probability: number;
      readonly label: string;
      readonly issues: readonly CellIssue[];
      /** Of each class, with the sum 1; only from a model of more than two. */
      readonly probabilities?: Readonly<Record<string, number>> | undefined;
    }
  | {
      readonly probability: null;
      readonly label: null;
      readonly issues: readonly CellIssue[];
      readonly probabilities?: undefined;
    };

/** Detail that {@link Scorer.scoreRecords} returns in addition to the scores. */
export interface ScoreRecordsOptions {
  /**
   * Limit on the issues of all records together that are put into words, which takes longer than a score: the rest of
   * the limit goes into a record's `issues`, and later records have none. Default: every one.
   */
  readonly mostIssues?: number | undefined;
}

/**
 * From rows to calibrated probabilities: the result of {@link compile}. `Request` is the type of a record to score,
 * which only the compiler uses.
 */
export interface Scorer<Request = unknown> {
  readonly contract: Contract;
  readonly decision: Decision;
  /**
   * Calibrated probabilities of the positive class, one for each row kept in the table, in [0, 1]. A row has the same
   * bits alone as among others.
   *
   * @throws ChurnkitError CONTRACT_MISMATCH when the table lacks a column, VALUE_INVALID when a row has no finite score.
   */
  score(table: Table): Float64Array;
  /**
   * Calibrated probabilities of all classes, rows x classes, in the order of the contract's `target.classes`. A row's have
   * the sum 1; that of the positive class is the one of {@link score}.
   *
   * @throws ChurnkitError as {@link score} does.
   */
  scoreClasses(table: Table): Float64Array;
  /**
   * Scores records (parsed JSON) independently: one that breaks the contract is reported, and the others are scored.
   * Its issues name keys without a column, and features that a record lacks though they are not optional.
   */
  scoreRecords(records: readonly Request[], options?: ScoreRecordsOptions): ScoredRecord[];
  /** Scores one record. */
  scoreRecord(record: Request): ScoredRecord;
}

/** Options of {@link compile}. */
export interface CompileOptions {
  /** The kernel's module, if the runtime forbids compiling bytes (as workerd does). */
  readonly kernel?: WebAssembly.Module | BufferSource | undefined;
}

/**
 * Makes the scorer of an artifact: the only way from a model to a score, in every runtime.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH when contract, recipe and model don't fit together, KERNEL_UNAVAILABLE when a
 * network's kernel cannot be compiled here.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { compile, logistic, train } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * const scorer = await compile(model.artifact);
 * console.assert(scorer.score(table).length === 400);
 * ```
 */
export async function compile<Request = unknown>(
  artifact: Pick<Artifact, "contract" | "recipe" | "model" | "calibration" | "decision">,
  options: CompileOptions = {},
): Promise<Scorer<Request>> {
  const encoders = compileEncoders(artifact.recipe, artifact.contract);
  const context = await scorerContext(artifact.model, encoders.encoder.width, options);
  return recordScorer(artifact, encoders, context.scorerOf(artifact.model));
}

/**
 * Loads the kernel if the model has a use for it, and makes the scorers of a model that takes so many features.
 *
 * @throws ChurnkitError KERNEL_UNAVAILABLE when a network's kernel cannot be compiled here. Trees do without.
 */
export async function scorerContext(model: ModelNode, inputs: number, options: CompileOptions): Promise<ScorerContext> {
  const useOf = (node: ModelNode): KernelUse => kindOf(node).kernelUse(node, useOf);
  const use = useOf(model);
  const loading = use === "none" ? undefined : loadKernel(options.kernel);
  const kernel = await (use === "needed" ? loading : loading?.catch(() => undefined));
  const context: ScorerContext = {
    kernel,
    scorerOf(node) {
      const scorer = kindOf(node).scorer(node, context);
      if (scorer.inputs === inputs) return scorer;
      throw new ChurnkitError(
        "CONTRACT_MISMATCH",
        `The model takes ${scorer.inputs} features, but its recipe makes ${inputs}. They come from different training runs.`,
      );
    },
  };
  return context;
}
