import { ChurnkitError } from "../../../base/errors.js";
import { rowLogLoss } from "../../../stats/logistic.js";
import { mix32 } from "../../../base/random.js";
import type { TreesModel } from "../../artifact.js";
import type { Cap } from "../budget.js";
import type { ForestParameters } from "./forest-learner.js";
import type { HeldOut, LabeledMatrix, Learned, LearnerContext } from "../learner.js";
import { loadKernel } from "../network/kernel.js";
import { treesScorer } from "./score.js";
import { bagger } from "./bag.js";
import { binMatrix } from "./bins.js";
import { bundleFlags } from "./bundle.js";
import { checkTraining } from "./check.js";
import { TreeGrower } from "./grow.js";
import { joinTrees } from "./join.js";
import { loadTreeKernel } from "./kernel.js";
import type { Tree } from "./tree.js";
import { turn } from "./turn.js";

/**
 * A leaf has at least this many rows, and at least a fixed share of all: a tree then has only as many leaves as pay
 * off, however many rows there are.
 */
const leastLeaf = 10;
const leafShare = 1 / 2000;
/** Trees between two checks of the signal. */
const treesPerTurn = 10;

/** Grows the trees of a `forest` learner. */
export async function fitForest(
  parameters: ForestParameters,
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  checkTraining(training, validation);
  const { matrix, width, labels, rowWeights } = training;
  const rows = labels.length;
  const { trees, depth, l2 } = parameters;
  const minLeafRows =
    parameters.minLeafRows === "auto" ? Math.max(leastLeaf, Math.floor(rows * leafShare)) : parameters.minLeafRows;
  const binned = bundleFlags(binMatrix(matrix, rows, width));
  const featuresPerNode =
    parameters.featuresPerNode === "sqrt" ? Math.ceil(Math.sqrt(binned.columns.length)) : parameters.featuresPerNode;
  const weightOf = (row: number): number => rowWeights?.[row] ?? 1;
  const total = rowWeights?.reduce((sum, weight) => sum + weight, 0) ?? rows;
  const prior = labels.reduce((sum, label, row) => sum + label * weightOf(row), 0) / total;
  const rules = { featuresPerNode, depth, l2, leaves: Infinity, leastWeight: minLeafRows, shrinkage: 1 };
  const grow = bagger(new TreeGrower(await loadTreeKernel(), binned), training, prior, rules, mix32(context.seed));
  const grown: Tree[] = [];
  const outOfBag = { sums: new Float64Array(rows), counts: new Uint32Array(rows) };
  let ended: Cap | undefined;
  while (grown.length < trees && !ended) {
    const {
      trees: own,
      outOfBagSums,
      outOfBagCounts,
    } = grow(grown.length, Math.min(treesPerTurn, trees - grown.length));
    grown.push(...own);
    for (let row = 0; row < rows; row++) {
      outOfBag.sums[row] = (outOfBag.sums[row] as number) + (outOfBagSums[row] as number);
      outOfBag.counts[row] = (outOfBag.counts[row] as number) + (outOfBagCounts[row] as number);
    }
    const done = grown.length === trees;
    if (context.onProgress) {
      const loss = outOfBagLoss(labels, prior, outOfBag.sums, outOfBag.counts);
      context.onProgress({
        member: 0,
        members: 1,
        epoch: grown.length,
        epochs: trees,
        loss,
        validationLoss: loss,
        validationAuc: null,
        done,
        of: "trees",
      });
    }
    await turn(context.signal);
    if (context.budget?.spent && grown.length < trees)
      ended = {
        cap: "budget",
        message: `${context.budget.name} ended the forest after ${grown.length} of ${trees} trees`,
      };
  }
  const model: TreesModel = {
    kind: "trees",
    inputs: width,
    link: "identity",
    bias: prior,
    ...joinTrees(grown, binned, 1 / grown.length),
  };
  const heldOut = validation ? await scoreAll(model, validation) : outOfBagMeans(prior, outOfBag.sums, outOfBag.counts);
  return { model, heldOut, history: [], found: { featuresPerNode, minLeafRows }, caps: ended ? [ended] : [] };
}

async function scoreAll(model: TreesModel, { matrix, labels }: LabeledMatrix): Promise<HeldOut> {
  const probabilities = new Float64Array(labels.length);
  treesScorer(model, await loadKernel()).score(matrix, labels.length, probabilities);
  return { rows: Uint32Array.from(labels.keys()), probabilities };
}

/** The rows that some tree did not draw, with those trees' mean. */
function outOfBagMeans(prior: number, sums: Float64Array, counts: Uint32Array): HeldOut {
  const rows = Uint32Array.from(counts.keys()).filter((row) => (counts[row] as number) > 0);
  if (rows.length === 0) {
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      "Every tree drew every row, so no row is left to judge the forest. Give more rows, more trees, or validation rows.",
    );
  }
  const mean = (row: number): number => prior + (sums[row] as number) / (counts[row] as number);
  return { rows, probabilities: Float64Array.from(rows, (row) => Math.min(Math.max(mean(row), 0), 1)) };
}

/** Mean log loss of the rows that some tree did not draw, in nats; 0 without any. */
function outOfBagLoss(labels: Uint8Array, prior: number, sums: Float64Array, counts: Uint32Array): number {
  let [sum, judged] = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    const count = counts[row] as number;
    if (count === 0) continue;
    judged++;
    sum += rowLogLoss(labels[row] as number, prior + (sums[row] as number) / count);
  }
  return judged === 0 ? 0 : sum / judged;
}
