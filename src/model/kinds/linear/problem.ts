import { log } from "../../../base/elementary.js";
import { ChurnkitError } from "../../../base/errors.js";

/** Penalized logistic regression as a function to minimize. Parameters are the weights and then the bias. */
export interface LogisticProblem {
  /** rows x width, row-major, finite. */
  readonly matrix: Float32Array;
  readonly rows: number;
  readonly width: number;
  readonly labels: Uint8Array;
  /** Weight of each row, 0 or more. */
  readonly rowWeights: Float64Array;
  readonly totalWeight: number;
  /** Penalty c / 2 * w^2 of each weight w; the bias has none. */
  readonly penalties: Float64Array;
}

/** Checks the data and combines them, with penalties of 1. Throws the errors of {@link fitLogistic}. */
export function logisticProblem(
  matrix: Float32Array,
  rows: number,
  width: number,
  labels: Uint8Array,
  sampleWeights: Float64Array | undefined,
): LogisticProblem {
  if (rows === 0) throw new ChurnkitError("TOO_FEW_ROWS", "There are no rows to fit. Give rows of both classes.");
  const rowWeights = sampleWeights ?? new Float64Array(rows).fill(1);
  if (matrix.length !== rows * width || labels.length !== rows || rowWeights.length !== rows)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `For ${rows} rows x ${width} columns there are ${matrix.length} values, ${labels.length} labels and ` +
        `${rowWeights.length} sample weights. Give rows * width values, and a label and weight for each row.`,
    );
  checkValues(matrix, width, labels, rowWeights);
  const totalWeight = rowWeights.reduce((sum, weight) => sum + weight, 0);
  if (!Number.isFinite(totalWeight))
    throw new ChurnkitError("OPTION_INVALID", "The sample weights add up to more than a number can hold. Scale them.");
  return { matrix, rows, width, labels, rowWeights, totalWeight, penalties: new Float64Array(width).fill(1) };
}

function checkValues(matrix: Float32Array, width: number, labels: Uint8Array, rowWeights: Float64Array): void {
  const place = matrix.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) {
    const row = Math.floor(place / width);
    const column = place % width;
    throw new ChurnkitError(
      "VALUE_INVALID",
      `Feature ${column} of row ${row} is ${matrix[place]}. Impute missing values before fitting.`,
      { where: { row, column: String(column), value: matrix[place] } },
    );
  }
  const mislabeled = labels.findIndex((label) => label > 1);
  if (mislabeled >= 0)
    throw new ChurnkitError("VALUE_INVALID", `The label of row ${mislabeled} is ${labels[mislabeled]}, not 0 or 1.`, {
      where: { row: mislabeled, value: labels[mislabeled] },
    });
  const misweighted = rowWeights.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (misweighted >= 0)
    throw new ChurnkitError(
      "VALUE_INVALID",
      `The sample weight of row ${misweighted} is ${rowWeights[misweighted]}. Give finite weights of 0 or more.`,
      { where: { row: misweighted, value: rowWeights[misweighted] } },
    );
}

/**
 * Start of the search: zero weights, and the bias that fits the share of positives.
 *
 * @throws ChurnkitError TARGET_INVALID if the rows that count have only one class.
 */
export function startOf({ labels, rowWeights, totalWeight, width }: LogisticProblem): Float64Array {
  let positive = 0;
  let negative = 0;
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) positive += rowWeights[row] as number;
    else negative += rowWeights[row] as number;
  }
  if (!(positive > 0 && negative > 0))
    throw new ChurnkitError(
      "TARGET_INVALID",
      `The ${labels.length} rows to fit (total weight ${totalWeight}) are not of both classes. Give rows of both.`,
    );
  const parameters = new Float64Array(width + 1);
  parameters[width] = log(positive / negative);
  return parameters;
}
