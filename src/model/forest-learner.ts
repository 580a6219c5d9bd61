import { ChurnkitError } from "../base/errors.js";
import { mix32 } from "../base/random.js";
import type { TreesModel } from "./artefact.js";
import type { HeldOut, LabelledMatrix, Learned, Learner, LearnerContext } from "./learner.js";
import { treesScorer } from "./scorer-trees.js";
import { bag } from "./trees/bag.js";
import { binMatrix } from "./trees/bins.js";
import { checkOption, checkTraining } from "./trees/check.js";
import { TreeGrower } from "./trees/grow.js";
import { joinTrees } from "./trees/join.js";
import { turn } from "./trees/turn.js";

/** Parameters of {@link forest}. */
export interface ForestOptions {
  /** How many trees. */
  readonly trees?: number;
  /** Features drawn for each node to choose from. Default `sqrt`: the square root of their number, rounded up. */
  readonly featuresPerNode?: number | "sqrt";
  /** The fewest drawn rows in a leaf; larger leaves give smoother probabilities. Default `auto`: 10, one in 2,000 where that is more. */
  readonly minLeafRows?: number | "auto";
  /** The most splits between root and leaf, at most 64. */
  readonly depth?: number;
  /** Draws the leaves' values to the share of positives, as so many rows of it would. */
  readonly l2?: number;
}

/** What {@link forest} takes where an option is not given. */
export const forestDefaults = { trees: 300, featuresPerNode: "sqrt", minLeafRows: "auto", depth: 64, l2: 1 } as const;

type Parameters = Required<ForestOptions>;

/** A leaf has at least so many rows, and so large a share of all: a tree then has as many leaves as pay, however many rows. */
const leastLeaf = 10;
const leafShare = 1 / 2000;
/** Trees between two looks at the signal. */
const treesPerTurn = 10;

/**
 * A random forest of histogram trees as a learner: bootstrapped rows, features drawn at each node, probabilities averaged.
 * Without validation rows the held-out probability of a row is the mean over the trees that did not draw it (out of bag),
 * so that no row is spent on folds.
 *
 * @throws ChurnkitError OPTION_INVALID for options out of range; its `fit` TOO_FEW_ROWS, TARGET_INVALID, VALUE_INVALID.
 * @example
 * ```ts
 * import { forest } from "churnkit/model";
 *
 * console.log(forest({ trees: 500, minLeafRows: 20 }).parameters);
 * ```
 */
export function forest(options: ForestOptions = {}): Learner {
  const parameters: Parameters = { ...forestDefaults, ...options };
  check(parameters);
  return {
    name: "forest",
    parameters: { ...parameters },
    fit: (training, validation, context) => fit(parameters, training, validation, context),
  };
}

function check({ trees, featuresPerNode, minLeafRows, depth, l2 }: Parameters): void {
  const whole = (name: keyof Parameters, value: number, most: number): void =>
    checkOption("forest learner", name, value, Number.isInteger(value) && value >= 1 && value <= most, `a whole number from 1 to ${most}`);
  whole("trees", trees, 100_000);
  if (featuresPerNode !== "sqrt") whole("featuresPerNode", featuresPerNode, 1_000_000);
  if (minLeafRows !== "auto") whole("minLeafRows", minLeafRows, 1_000_000_000);
  whole("depth", depth, 64);
  checkOption("forest learner", "l2", l2, l2 >= 0 && l2 < Infinity, "a finite number of 0 or more");
}

async function fit(parameters: Parameters, training: LabelledMatrix, validation: LabelledMatrix | undefined, context: LearnerContext): Promise<Learned> {
  checkTraining(training);
  const { matrix, width, labels } = training;
  const rows = labels.length;
  const { trees, depth, l2 } = parameters;
  const minLeafRows = parameters.minLeafRows === "auto" ? Math.max(leastLeaf, Math.floor(rows * leafShare)) : parameters.minLeafRows;
  const binned = binMatrix(matrix, rows, width);
  const featuresPerNode = parameters.featuresPerNode === "sqrt" ? Math.ceil(Math.sqrt(binned.columns.length)) : parameters.featuresPerNode;
  const prior = labels.reduce((sum, label) => sum + label, 0) / rows;
  const rules = { featuresPerNode, depth, l2, leaves: Infinity, leastWeight: minLeafRows, shrinkage: 1 };
  const growing = bag(binned, labels, prior, rules, new TreeGrower(binned), mix32(context.seed));
  for (let tree = 0; tree < trees; tree++) {
    if (tree % treesPerTurn === 0) await turn(context.signal);
    growing.step();
  }
  const model: TreesModel = { kind: "trees", inputs: width, link: "identity", bias: prior, ...joinTrees(growing.trees, binned, 1 / trees) };
  const heldOut = validation ? scoreAll(model, validation) : outOfBag(prior, growing.outOfBagSums, growing.outOfBagCounts);
  return { model, heldOut, history: [], found: { featuresPerNode, minLeafRows } };
}

function scoreAll(model: TreesModel, { matrix, labels }: LabelledMatrix): HeldOut {
  const probabilities = new Float64Array(labels.length);
  treesScorer(model).score(matrix, labels.length, probabilities);
  return { rows: Uint32Array.from(labels.keys()), probabilities };
}

/** The rows that some tree did not draw, with those trees' mean. */
function outOfBag(prior: number, sums: Float64Array, counts: Uint32Array): HeldOut {
  const rows = Uint32Array.from(counts.keys()).filter((row) => (counts[row] as number) > 0);
  if (rows.length === 0) {
    throw new ChurnkitError("TOO_FEW_ROWS", "Every tree drew every row, so none is left to judge the forest on. Give more rows, more trees, or validation rows.");
  }
  const mean = (row: number): number => prior + (sums[row] as number) / (counts[row] as number);
  return { rows, probabilities: Float64Array.from(rows, (row) => Math.min(Math.max(mean(row), 0), 1)) };
}
