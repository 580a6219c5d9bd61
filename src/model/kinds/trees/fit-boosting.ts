import { ChurnkitError } from "../../../base/errors.js";
import { matrixDirections, type MatrixDirections, type Recipe } from "../../../data/features/index.js";
import { sigmoid } from "../../../stats/logistic.js";
import { mix32 } from "../../../base/random.js";
import type { TreesModel } from "../../artifact.js";
import type { BoostingParameters } from "./boosting-learner.js";
import type { Cap } from "../budget.js";
import type { LabeledMatrix, Learned, LearnerContext } from "../learner.js";
import { binMatrix } from "./bins.js";
import { biasOf, booster, type Booster } from "./boost.js";
import { type BundledMatrix, bundleFlags } from "./bundle.js";
import { checkTraining } from "./check.js";
import { TreeGrower } from "./grow.js";
import { heldOutJudge } from "./held-out.js";
import { joinTrees } from "./join.js";
import { loadTreeKernel } from "./kernel.js";
import { planFolds, type MemberPlan } from "./plan.js";
import { turn } from "./turn.js";

/** From this many rows on, trees may be larger. */
const manyRows = 20_000;
/** Rounds between two checks of the signal: as many as take about a second. */
const roundsPerTurn = (rows: number): number => Math.min(10, Math.max(1, Math.floor(2e6 / rows)));

/** Trains the members of a `boosting` learner side by side. */
export async function fitBoosting(
  parameters: BoostingParameters,
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  checkTraining(training, validation);
  const { members } = parameters;
  const { seed } = context;
  const plan = planFolds(training, validation, members, seed);
  const leaves = parameters.leaves === "auto" ? (training.labels.length < manyRows ? 8 : 31) : parameters.leaves;
  const { directions, unusable } = constraintsOf(training.recipe, parameters.monotone);
  const matrix = constrained(bundleFlags(binMatrix(plan.matrix, plan.labels.length, plan.width, unusable)), directions);
  const rules = { ...parameters, leaves, leastWeight: parameters.minChildWeight };
  const grower = new TreeGrower(await loadTreeKernel(), matrix);
  const boosted = plan.members.map((rows, member) =>
    booster(grower, plan, rows, rules, mix32(mix32(seed) ^ (member + 1))),
  );
  const best = await boostUntilBest(boosted, plan, parameters, context);
  const trees = boosted.flatMap((one) => one.trees.slice(0, best.round));
  const model: TreesModel = {
    kind: "trees",
    inputs: plan.width,
    link: "logistic",
    bias: boosted.reduce((sum, { bias }) => sum + bias, 0) / members,
    ...joinTrees(trees, matrix, 1 / members),
  };
  return {
    model,
    heldOut: { rows: best.rows.map((row) => row - plan.firstHeldOut), probabilities: best.margins.map(sigmoid) },
    history: [],
    found: { leaves, rounds: best.round },
    caps: best.ended ? [best.ended] : [],
  };
}

/** The directions of the matrix columns; undefined without constraints. */
function constraintsOf(
  recipe: Recipe | undefined,
  monotone: BoostingParameters["monotone"],
): Partial<MatrixDirections> {
  if (Object.keys(monotone).length === 0) return {};
  if (recipe) return matrixDirections(recipe, monotone);
  throw new ChurnkitError(
    "OPTION_INVALID",
    "boosting was given columns to be monotone in, and a matrix without its recipe, so it cannot know where they are. Train with `train`.",
    { where: { path: "monotone" } },
  );
}

const constrained = (matrix: BundledMatrix, directions: Int8Array | undefined): BundledMatrix =>
  directions
    ? { ...matrix, directions: Int8Array.from(matrix.columns, (column) => directions[column] as number) }
    : matrix;

interface BestRound {
  readonly round: number;
  /** Held-out rows, with their mean log-odds at that round. */
  readonly rows: Uint32Array;
  readonly margins: Float64Array;
  /** Limit that ended the training while the loss was still falling. */
  readonly ended: Cap | undefined;
}

/** Adds trees until the loss on held-out rows has not fallen for `patience` rounds. */
async function boostUntilBest(
  boosters: readonly Booster[],
  plan: MemberPlan,
  { rounds, patience }: BoostingParameters,
  { signal, budget, onProgress }: LearnerContext,
): Promise<BestRound> {
  const judge = heldOutJudge(await loadTreeKernel(), plan);
  const report = (epoch: number, loss: number, done: boolean): void =>
    onProgress?.({
      member: 0,
      members: 1,
      epoch,
      epochs: rounds,
      loss,
      validationLoss: loss,
      validationAuc: null,
      done,
      of: "trees",
    });
  const first = judge.loss(
    plan.members.map(({ training, heldOut }) => new Float64Array(heldOut.length).fill(biasOf(plan, training))),
  );
  let best = { round: 0, loss: first, margins: judge.means() };
  let round = 0;
  let ended: Cap | undefined;
  while (!ended) {
    const more = Math.min(roundsPerTurn(plan.labels.length), rounds - round);
    for (const end = round + more; round < end;) {
      round++;
      for (const one of boosters) one.step();
      const loss = judge.loss(boosters.map((one) => one.heldOutMargins()));
      if (loss < best.loss) best = { round, loss, margins: judge.means() };
      report(round, loss, false);
      if (round - best.round > patience) break;
    }
    await turn(signal);
    if (round - best.round > patience) break;
    if (round === rounds)
      ended = {
        cap: "rounds",
        message: `boosting stopped after ${rounds} rounds while the held-out loss was still falling; allow more rounds, or use a higher learningRate`,
      };
    else if (budget?.spent)
      ended = {
        cap: "budget",
        message: `${budget.name} ended boosting after ${round} rounds; the best ${best.round} were kept`,
      };
  }
  report(best.round, best.loss, true);
  return { round: best.round, rows: judge.rows, margins: best.margins, ended };
}
