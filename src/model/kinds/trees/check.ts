import { ChurnkitError } from "../../../base/errors.js";
import type { LabeledMatrix } from "../learner.js";
import { checkRowWeights } from "../row-weights.js";

/**
 * Checks the training data of trees.
 *
 * @throws ChurnkitError TOO_FEW_ROWS without rows, TARGET_INVALID if only one class occurs, VALUE_INVALID for a label
 * that is neither 0 nor 1 or a feature that is not finite, OPTION_INVALID for a matrix of another size,
 * or weights that are none.
 */
export function checkTraining(training: LabeledMatrix, validation: LabeledMatrix | undefined): void {
  const { matrix, width, labels } = training;
  const rows = labels.length;
  checkRowWeights(training, validation);
  if (rows === 0) throw new ChurnkitError("TOO_FEW_ROWS", "There are no rows to train on. Give rows of both classes.");
  if (matrix.length !== rows * width) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `For ${rows} rows x ${width} columns there are ${matrix.length} values. Give rows * width of them.`,
    );
  }
  const place = matrix.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) {
    const [row, column] = [Math.floor(place / width), place % width];
    throw new ChurnkitError(
      "VALUE_INVALID",
      `Feature ${column} of row ${row} is ${matrix[place]}. Impute missing values before training.`,
      {
        where: { row, column: String(column), value: matrix[place] },
      },
    );
  }
  const odd = labels.findIndex((label) => label > 1);
  if (odd >= 0) {
    throw new ChurnkitError("VALUE_INVALID", `The label of row ${odd} is ${labels[odd]}, not 0 or 1.`, {
      where: { row: odd, value: labels[odd] },
    });
  }
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives === 0 || positives === rows) {
    throw new ChurnkitError("TARGET_INVALID", `All ${rows} labels are ${labels[0]}. Give rows of both classes.`);
  }
}

/** Refuses an option out of range. */
export function checkOption(of: string, name: string, value: unknown, allowed: boolean, range: string): void {
  if (allowed) return;
  throw new ChurnkitError("OPTION_INVALID", `${name} of the ${of} is ${String(value)}; it must be ${range}.`, {
    where: { path: name, value },
  });
}
