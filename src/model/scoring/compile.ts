import { ChurnkitError } from "../../base/errors.js";
import type { Contract, CellIssue } from "../../data/contract/index.js";
import { compileEncoders } from "../../data/features/index.js";
import { rowBuffer, type RowBuffer, type Table } from "../../data/table/index.js";
import type { Artifact, Decision, ModelNode } from "../artifact.js";
import { calibrate } from "./calibrate.js";
import { keyWarnings } from "./key-warnings.js";
import { loadKernel } from "../kinds/network/kernel.js";
import { recordWarnings } from "./record-warnings.js";
import type { KernelUse, ModelKind, ScorerContext } from "../kinds/model-kind.js";
import { ensembleKind } from "../kinds/ensemble/score.js";
import { linearKind } from "../kinds/linear/score.js";
import { networkKind } from "../kinds/network/score.js";
import { treesKind } from "../kinds/trees/score.js";

/** Every kind of model, declared once, with its writer, reader and scorer. */
export const modelKinds: { readonly [Kind in ModelNode["kind"]]: ModelKind<Extract<ModelNode, { kind: Kind }>> } = {
  network: networkKind,
  linear: linearKind,
  trees: treesKind,
  ensemble: ensembleKind,
};

/** The entry of a node's kind. */
export const kindOf = (node: ModelNode): ModelKind<ModelNode> => modelKinds[node.kind];

/** A record's score, or null if it broke the contract; `issues` has the reason, or the oddities of a scored one. */
export type ScoredRecord =
  | { readonly probability: number; readonly label: string; readonly issues: readonly CellIssue[] }
  | { readonly probability: null; readonly label: null; readonly issues: readonly CellIssue[] };

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

/** Rows encoded at a time: enough to make calls cheap, few enough to stay in the processor's cache. */
const mostRows = 1024;
/** Limit on the features encoded at a time, so that wide models take no more memory. */
const mostFeatures = 2 ** 20;

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
  const { contract, recipe, model, calibration, decision } = artifact;
  const { target } = contract;
  if (target === undefined) {
    throw new ChurnkitError("CONTRACT_MISMATCH", "The contract has no target, so its scores would have no meaning.");
  }
  const negative = target.classes.find((label) => label !== target.positive) ?? `not ${target.positive}`;
  const { encoder, encodePlain } = compileEncoders(recipe, contract);
  const context = await scorerContext(model, encoder.width, options);
  const scorer = context.scorerOf(model);
  const chunk = Math.max(1, Math.min(mostRows, Math.floor(mostFeatures / encoder.width)));
  const features = new Float32Array(chunk * encoder.width);
  const raw = new Float64Array(chunk);
  const plainPlaces = new Uint32Array(chunk);
  const otherPlaces = new Uint32Array(chunk);
  const warnings = recordWarnings(contract);
  const keys = keyWarnings(contract);

  /** Calibrated probabilities, NaN if the model has none. */
  function probabilities(table: Table): Float64Array {
    const out = new Float64Array(table.rows);
    for (let first = 0; first < table.rows; first += chunk) {
      const end = Math.min(first + chunk, table.rows);
      scorer.score(encoder.encode(table, features, first, end), end - first, out.subarray(first, end));
    }
    for (let row = 0; row < out.length; row++) out[row] = calibrate(calibration, out[row] as number);
    return out;
  }

  let buffer: RowBuffer | undefined;

  /** Problem with a refused record. A key that suggests the intended column comes first. */
  function refusal(record: unknown, issues: readonly CellIssue[]): readonly CellIssue[] {
    const { meant, others } = keys.unknown(record);
    return meant.length + others.length === 0 ? issues : [...meant, ...issues, ...others];
  }

  /** Finds what is odd about a scored record. */
  function oddities(record: unknown, table: Table, row: number): readonly CellIssue[] {
    const { meant, others } = keys.unknown(record);
    const absent = keys.absent(record);
    const values = warnings(table, row);
    return meant.length + others.length + absent.length === 0 ? values : [...meant, ...others, ...absent, ...values];
  }

  /**
   * Makes the function that scores records there is something to say about, a chunk at most, by way of a table. It puts
   * no result for those that are refused without a word.
   */
  function othersScorer(mostIssues: number) {
    let left = mostIssues;
    const within = (issues: readonly CellIssue[]): readonly CellIssue[] => {
      const some = issues.length > left ? issues.slice(0, left) : issues;
      left -= some.length;
      return some;
    };
    return (records: readonly unknown[], put: (i: number, result: ScoredRecord) => void): void => {
      buffer ??= rowBuffer(contract, { capacity: chunk });
      const table = buffer.fill(records, undefined, left <= 0);
      if (left <= 0 && table.rows === 0) return;
      const scored = probabilities(table);
      for (let i = 0, kept = 0, rejected = 0; i < records.length; i++) {
        if (kept < table.rows && table.rowNumbers[kept] === i) {
          const issues = left > 0 ? within(oddities(records[i], table, kept)) : nothing;
          put(i, label(scored[kept++] as number, issues));
        } else {
          const broken = table.rejected[rejected++];
          put(i, broken !== undefined && left > 0 ? setAside(within(refusal(records[i], broken.issues))) : unexplained);
        }
      }
    };
  }

  function scoreRecords(
    records: readonly unknown[],
    { mostIssues = Infinity }: ScoreRecordsOptions = {},
  ): ScoredRecord[] {
    const scoreOthers = othersScorer(mostIssues);
    const results = new Array<ScoredRecord>(records.length).fill(unexplained);
    for (let first = 0; first < records.length; first += chunk) {
      const end = Math.min(first + chunk, records.length);
      let plain = 0;
      let other = 0;
      for (let i = first; i < end; i++) {
        if (encodePlain(records[i], features, plain)) plainPlaces[plain++] = i;
        else otherPlaces[other++] = i;
      }
      scorer.score(features, plain, raw);
      for (let row = 0; row < plain; row++) {
        results[plainPlaces[row] as number] = label(calibrate(calibration, raw[row] as number), nothing);
      }
      if (other === 0) continue;
      const others =
        plain === 0 ? records.slice(first, end) : Array.from(otherPlaces.subarray(0, other), (place) => records[place]);
      scoreOthers(others, (i, result) => (results[otherPlaces[i] as number] = result));
    }
    return results;
  }

  function label(probability: number, issues: readonly CellIssue[]): ScoredRecord {
    if (!Number.isFinite(probability)) return setAside([noScore]);
    const positive = probability >= decision.threshold;
    return { probability, label: positive ? (target?.positive ?? "") : negative, issues };
  }

  return {
    contract,
    decision,
    score(table) {
      const scored = probabilities(table);
      const row = scored.findIndex((probability) => !Number.isFinite(probability));
      if (row >= 0) {
        throw new ChurnkitError("VALUE_INVALID", `${noScore.message} Check the row's numbers.`, {
          where: { file: table.source, row: table.rowNumbers[row] },
        });
      }
      return scored;
    },
    scoreRecords,
    scoreRecord(record) {
      if (!encodePlain(record, features, 0)) return scoreRecords([record])[0] as ScoredRecord;
      scorer.score(features, 1, raw);
      return label(calibrate(calibration, raw[0] as number), nothing);
    },
  };
}

const noScore: CellIssue = {
  column: "",
  rule: "finite",
  value: "",
  message: "The model has no finite score for this row: a value is far outside the training range.",
};

const nothing: readonly CellIssue[] = Object.freeze([]);
/** Result for every record that is refused without an explanation. */
const unexplained: ScoredRecord = Object.freeze({ probability: null, label: null, issues: nothing });

const setAside = (issues: readonly CellIssue[]): ScoredRecord => ({ probability: null, label: null, issues });

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
