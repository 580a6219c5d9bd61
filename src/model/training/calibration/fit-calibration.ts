import { mix32 } from "../../../base/random.js";
import { rowLogLoss } from "../../../stats/logistic.js";
import { mean, standardError } from "../../../stats/mean.js";
import type { Calibration } from "../../artifact.js";
import { checkScores } from "../../evaluate/sorted-scores.js";
import { calibrate } from "../../scoring/calibrate.js";
import { fitIsotonic } from "./isotonic.js";
import { fitBeta, fitPlatt, type CalibrationRows } from "./parametric.js";

const folds = 5;
/** More rows would hardly change which method is the best. */
const mostCompared = 50_000;
const identity: Calibration = { kind: "identity" };

/**
 * The methods, the simplest first: the fewest rows it needs, and by how many standard errors it must lower the log loss of the best simpler
 * one.
 */
const methods = [
  { fit: fitPlatt, leastRows: 200, margin: 0 },
  { fit: fitBeta, leastRows: 1000, margin: 1 },
  { fit: fitIsotonic, leastRows: 2000, margin: 1 },
];

/**
 * Chooses and fits a calibration: none, Platt scaling, beta calibration or isotonic regression. A method replaces a simpler one if it
 * has enough rows and lowers the log loss in 5-fold cross-validation: Platt scaling (200 rows) by any amount, beta (1,000) and isotonic (2,000) by
 * more than one standard error of the difference, paired by row. None reverses the ranking. Nothing is random: a row's fold
 * follows from its number.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of rows the model was not trained on, in [0, 1], one for each label.
 * @param numbers Of the rows, the same for copies of a row, so that no fold is judged by rows it was fitted on. Default:
 * their positions.
 * @throws ChurnkitError TOO_FEW_ROWS without rows, VALUE_INVALID for a bad label or probability, OPTION_INVALID for
 * unequal lengths.
 */
export function fitCalibration(labels: Uint8Array, probabilities: Float64Array, numbers?: Uint32Array): Calibration {
  checkScores(labels, probabilities);
  const rows: CalibrationRows = { labels, probabilities };
  const compared = drawn({ labels, probabilities, numbers });
  let chosen = identity;
  let losses: Float64Array = compared.probabilities.map((p, row) => rowLogLoss(compared.labels[row] as number, p));
  for (const { fit, leastRows, margin } of methods) {
    if (labels.length < leastRows) continue;
    const fitted = fit(rows);
    const own = fitted && heldOutLosses(fit, compared);
    if (!fitted || !own || !lowers(losses, own, margin)) continue;
    chosen = fitted;
    losses = own;
  }
  return chosen;
}

interface NumberedRows extends CalibrationRows {
  readonly numbers?: Uint32Array | undefined;
}

/** The rows to compare methods on. */
function drawn({ labels, probabilities, numbers }: NumberedRows): NumberedRows {
  const share = mostCompared / labels.length;
  if (share >= 1) return { labels, probabilities, numbers };
  const included = (row: number): boolean => mix32(row + 1) < share * 2 ** 32;
  return {
    labels: labels.filter((_, row) => included(row)),
    probabilities: probabilities.filter((_, row) => included(row)),
    numbers: numbers?.filter((_, row) => included(row)),
  };
}

/** Each row's log loss, calibrated by the other folds; null where a fold cannot be calibrated. */
function heldOutLosses(
  fit: (rows: CalibrationRows) => Calibration | null,
  { labels, probabilities, numbers }: NumberedRows,
): Float64Array | null {
  const losses = new Float64Array(labels.length);
  for (let fold = 0; fold < folds; fold++) {
    const tested = (row: number): boolean => mix32(numbers?.[row] ?? row) % folds === fold;
    const fitted = fit({
      labels: labels.filter((_, row) => !tested(row)),
      probabilities: probabilities.filter((_, row) => !tested(row)),
    });
    if (fitted === null) return null;
    for (let row = 0; row < labels.length; row++)
      if (tested(row)) losses[row] = rowLogLoss(labels[row] as number, calibrate(fitted, probabilities[row] as number));
  }
  return losses;
}

/** Whether the mean loss falls by more than so many standard errors of the difference. */
function lowers(before: Float64Array, after: Float64Array, margin: number): boolean {
  const gains = before.map((loss, row) => loss - (after[row] as number));
  return mean(gains) > margin * standardError(gains);
}
