import { ChurnkitError } from "../../base/errors.js";
import { mix32 } from "../../base/random.js";
import type { TreesModel } from "../artefact.js";
import type { ForestParameters } from "../forest-learner.js";
import type { HeldOut, LabelledMatrix, Learned, LearnerContext } from "../learner.js";
import { treesScorer } from "../scorer-trees.js";
import { bag } from "./bag.js";
import { binMatrix } from "./bins.js";
import { checkTraining } from "./check.js";
import { TreeGrower } from "./grow.js";
import { joinTrees } from "./join.js";
import { turn } from "./turn.js";

/** A leaf has at least so many rows, and so large a share of all: a tree then has as many leaves as pay, however many rows. */
const leastLeaf = 10;
const leafShare = 1 / 2000;
/** Trees between two looks at the signal. */
const treesPerTurn = 10;

/** Grows the trees of a `forest` learner. */
export async function fitForest(
  parameters: ForestParameters,
  training: LabelledMatrix,
  validation: LabelledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
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
