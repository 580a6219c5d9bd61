import { logit, sigmoid } from "../../../stats/logistic.js";
import { kFold, type Fold } from "../../../data/split/index.js";
import type { LabeledMatrix, Learned, LearnerContext } from "../../kinds/learner.js";
import { churnNetwork } from "../../kinds/network/learner.js";
import { scorerContext } from "../../scoring/compile.js";
import type { Chosen } from "./choose-members.js";
import { calibratedLoss } from "./choose-weights.js";
import { fitSum, labelsAt } from "./fit-weights.js";
import type { AutoParameters } from "./learner.js";

const folds = 5;

/** Rows that a stack and its student are trained on, and rows that neither sees, which judge both. */
export interface Parts {
  readonly training: LabeledMatrix;
  readonly judged: LabeledMatrix;
  /** Places of the judged rows among those of the caller. */
  readonly rows: Uint32Array;
}

/** The caller's validation rows judge, or without them a fifth of the rows. */
export function partsOf(training: LabeledMatrix, validation: LabeledMatrix | undefined, seed: number): Parts {
  if (validation) return { training, judged: validation, rows: Uint32Array.from(validation.labels.keys()) };
  const [{ train, test }] = kFold(training.strata ?? training.labels, folds, seed) as [Fold];
  return { training: taken(training, train), judged: taken(training, test), rows: test };
}

function taken(all: LabeledMatrix, rows: Uint32Array): LabeledMatrix {
  const { width, matrix, labels, strata, rowWeights } = all;
  const own = new Float32Array(rows.length * width);
  rows.forEach((row, i) => own.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  return {
    ...all,
    matrix: own,
    labels: Uint8Array.from(rows, (row) => labels[row] as number),
    strata: strata && Uint8Array.from(rows, (row) => strata[row] as number),
    rowWeights: rowWeights && Float32Array.from(rows, (row) => rowWeights[row] as number),
  };
}

/**
 * Replaces a stack by one network that learns its probabilities (Hinton, Vinyals and Dean 2015): of each row the
 * calibrated probability by models that did not train on it. Rows without one keep their label. Such a probability
 * still tells of the labels of other training rows, so only rows that were kept from the stack can judge the network.
 */
export async function distilled(
  stack: Learned,
  { choice, rows, logOdds }: Chosen,
  { network }: AutoParameters,
  { training, judged, rows: places }: Parts,
  context: LearnerContext,
): Promise<Learned> {
  const { labels, rowWeights } = training;
  const line = fitSum([logOdds], labelsAt(labels, rowWeights, rows), Uint32Array.from(rows.keys()), 0);
  const targets = Float32Array.from(labels);
  rows.forEach((row, i) => {
    targets[row] = sigmoid((line.coefficients[0] as number) * (logOdds[i] as number) + line.intercept);
  });
  const student = churnNetwork({ ...network, members: 1 });
  const learned = await student.fit({ ...training, targets }, judged, context);
  const { heldOut } = learned;
  const by = (await scorerContext(stack.model, judged.width, {})).scorerOf(stack.model);
  const probabilities = new Float64Array(judged.labels.length);
  by.score(judged.matrix, judged.labels.length, probabilities);
  const lossOf = (all: Float64Array): number => {
    const own = Float64Array.from(heldOut.rows, (row) => logit(all[row] as number));
    const known = labelsAt(judged.labels, judged.rowWeights, heldOut.rows);
    return calibratedLoss(own, known, Uint32Array.from(own.keys()));
  };
  const byRow = new Float64Array(judged.labels.length);
  heldOut.rows.forEach((row, i) => (byRow[row] = heldOut.probabilities[i] as number));
  const compared = { logLoss: lossOf(byRow), choiceLogLoss: lossOf(probabilities), rows: heldOut.rows.length };
  return {
    ...learned,
    heldOut: { ...heldOut, rows: heldOut.rows.map((row) => places[row] as number) },
    learner: student.name,
    found: { ...student.parameters, ...learned.found, auto: { ...choice, distilled: compared } },
    caps: [...(stack.caps ?? []), ...(learned.caps ?? [])],
  };
}
