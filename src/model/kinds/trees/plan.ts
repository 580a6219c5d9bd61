import { kFold } from "../../../data/split/index.js";
import type { LabeledMatrix } from "../learner.js";
import { joinedWeights } from "../row-weights.js";

/** One matrix and, for each member, its training rows and the rows that judge it. */
export interface MemberPlan extends LabeledMatrix {
  readonly members: readonly { readonly training: Uint32Array; readonly heldOut: Uint32Array }[];
  /** Index of the first held-out row: the number of training rows if there are validation rows, else 0. */
  readonly firstHeldOut: number;
}

const range = (from: number, to: number): Uint32Array => Uint32Array.from({ length: to - from }, (_, i) => from + i);

/** Every member leaves out one fold of the training rows or, if there are validation rows, those. */
export function planFolds(
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  members: number,
  seed: number,
): MemberPlan {
  if (!validation) {
    const folds = kFold(training.labels, members, seed);
    return {
      ...training,
      members: folds.map(({ train, test }) => ({ training: train, heldOut: test })),
      firstHeldOut: 0,
    };
  }
  const rows = training.labels.length;
  const matrix = new Float32Array(training.matrix.length + validation.matrix.length);
  matrix.set(training.matrix);
  matrix.set(validation.matrix, training.matrix.length);
  const labels = Uint8Array.from([...training.labels, ...validation.labels]);
  const member = { training: range(0, rows), heldOut: range(rows, labels.length) };
  return {
    matrix,
    width: training.width,
    labels,
    rowWeights: joinedWeights(training, validation),
    members: Array.from({ length: members }, () => member),
    firstHeldOut: rows,
  };
}
