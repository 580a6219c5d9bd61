import { ChurnkitError } from "../../../base/errors.js";
import { logit, sigmoid } from "../../../stats/logistic.js";
import type { LabeledMatrix, Learned, LearnerContext } from "../../kinds/learner.js";
import { churnNetwork } from "../../kinds/network/learner.js";
import type { AutoChoice, Chosen } from "./choose-members.js";
import { calibratedLoss } from "./choose-weights.js";
import { fitSum, labelsAt } from "./fit-weights.js";
import type { AutoParameters } from "./learner.js";

/**
 * Replaces a stack by one network that learns its probabilities (Hinton, Vinyals and Dean 2015): of each row the
 * calibrated probability by models that did not train on it. Rows without one keep their label.
 *
 * @throws ChurnkitError OPTION_INVALID with validation rows, because then no training row is held out.
 */
export async function distilled(
  stack: Learned,
  { choice, rows, logOdds }: Chosen,
  { network }: AutoParameters,
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  if (validation)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "A network is distilled from probabilities of training rows that were held out, and with validation rows none is. Omit the validation rows, or distill.",
      { where: { path: "distill" } },
    );
  const { labels } = training;
  const judged = labelsAt(labels, training.rowWeights, rows);
  const { coefficients, intercept } = fitSum([logOdds], judged, Uint32Array.from(rows.keys()), 0);
  const targets = Float32Array.from(labels);
  rows.forEach((row, i) => (targets[row] = sigmoid((coefficients[0] as number) * (logOdds[i] as number) + intercept)));
  const student = churnNetwork({ ...network, members: 1 });
  const learned = await student.fit({ ...training, targets }, undefined, context);
  const compared = compare(learned, rows, logOdds, training);
  return {
    ...learned,
    learner: student.name,
    found: { ...student.parameters, ...learned.found, auto: { ...choice, distilled: compared } },
    caps: [...(stack.caps ?? []), ...(learned.caps ?? [])],
  };
}

/** The losses of the student and of the stack on rows that neither trained on. */
function compare(
  { heldOut }: Learned,
  rows: Uint32Array,
  logOdds: Float64Array,
  { labels, rowWeights }: LabeledMatrix,
): AutoChoice["distilled"] {
  const places = new Map(Array.from(rows, (row, i) => [row, i]));
  const common = [...heldOut.rows.keys()].filter((i) => places.has(heldOut.rows[i] as number));
  const own = Uint32Array.from(common, (i) => heldOut.rows[i] as number);
  const judged = labelsAt(labels, rowWeights, own);
  const all = Uint32Array.from(common.keys());
  const student = Float64Array.from(common, (i) => logit(heldOut.probabilities[i] as number));
  const stack = Float64Array.from(own, (row) => logOdds[places.get(row) as number] as number);
  return {
    logLoss: calibratedLoss(student, judged, all),
    choiceLogLoss: calibratedLoss(stack, judged, all),
    rows: common.length,
  };
}
