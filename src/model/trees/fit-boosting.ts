import { sigmoid } from "../../base/logistic.js";
import { mix32 } from "../../base/random.js";
import type { TreesModel } from "../artefact.js";
import type { BoostingParameters } from "../boosting-learner.js";
import type { LabelledMatrix, Learned, LearnerContext } from "../learner.js";
import { binMatrix } from "./bins.js";
import { booster } from "./boost.js";
import { checkTraining } from "./check.js";
import { TreeGrower } from "./grow.js";
import { heldOutMargins, marginLoss } from "./held-out.js";
import { joinTrees } from "./join.js";
import { planFolds } from "./plan.js";
import { turn } from "./turn.js";

/** From so many rows on trees may be larger. */
const manyRows = 20_000;
/** Rounds between two looks at the signal. */
const roundsPerTurn = 10;

/** Trains the members of a `boosting` learner side by side. */
export async function fitBoosting(
  parameters: BoostingParameters,
  training: LabelledMatrix,
  validation: LabelledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  checkTraining(training);
  const { members, rounds, patience } = parameters;
  const { seed, signal, onProgress } = context;
  const plan = planFolds(training, validation, members, seed);
  const leaves = parameters.leaves === "auto" ? (training.labels.length < manyRows ? 8 : 31) : parameters.leaves;
  const binned = binMatrix(plan.matrix, plan.labels.length, plan.width);
  const grower = new TreeGrower(binned);
  const rules = { ...parameters, leaves, leastWeight: parameters.minChildWeight };
  const boosters = plan.members.map(({ training: rows }, member) => booster(binned, plan.labels, rows, rules, grower, mix32(mix32(seed) ^ (member + 1))));
  const held = heldOutMargins(plan, boosters);
  const labels = Uint8Array.from(held.rows, (row) => plan.labels[row] as number);
  const report = (round: number, validationLoss: number, done: boolean): void =>
    onProgress?.({ member: 0, members: 1, epoch: round, epochs: rounds, loss: validationLoss, validationLoss, validationAuc: null, done, of: "trees" });

  let best = held.means();
  let bestLoss = marginLoss(best, labels);
  let bestRound = 0;
  for (let round = 1; round <= rounds && round - bestRound <= patience; round++) {
    if (round % roundsPerTurn === 0) await turn(signal);
    for (const one of boosters) one.step();
    const margins = held.means();
    const loss = marginLoss(margins, labels);
    if (loss < bestLoss) [best, bestLoss, bestRound] = [margins, loss, round];
    report(round, loss, false);
  }
  report(bestRound, bestLoss, true);

  const trees = boosters.flatMap((one) => one.trees.slice(0, bestRound));
  const model: TreesModel = {
    kind: "trees",
    inputs: plan.width,
    link: "logistic",
    bias: boosters.reduce((sum, { bias }) => sum + bias, 0) / members,
    ...joinTrees(trees, binned, 1 / members),
  };
  return {
    model,
    heldOut: { rows: held.rows.map((row) => row - plan.firstHeldOut), probabilities: best.map(sigmoid) },
    history: [],
    found: { leaves, rounds: bestRound },
  };
}
