import { ChurnkitError } from "../../base/errors.js";
import {
  count,
  list,
  number,
  object,
  oneOf,
  text,
  version,
  where,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { type Explanation, importance } from "../../model/explain/index.js";
import { type AttributionMethod, attributionMethods } from "../../model/kinds/index.js";

/** One column's part in the scores of some rows. */
export interface AttributedColumn {
  readonly name: string;
  /** Mean |attribution| in log odds, 0 or more. */
  readonly meanAbsolute: number;
  /** Standard error of that mean from the rows, 0 or more. */
  readonly standardError: number;
}

/** How much each column moves the scores of some rows; from training rows it is the baseline. Plain JSON. */
export interface AttributionBaseline {
  readonly format: 1;
  readonly method: AttributionMethod;
  /** Rows explained. */
  readonly rows: number;
  /** In the explanation's order. */
  readonly columns: readonly AttributedColumn[];
}

const mostColumns = 100_000;

/**
 * Summarizes an explanation: of training rows as the baseline, of later rows for comparison.
 *
 * @throws ChurnkitError TOO_FEW_ROWS for an explanation without rows.
 */
export function attributionBaseline(explanation: Explanation): AttributionBaseline {
  const found = new Map(importance(explanation).map((entry) => [entry.column, entry]));
  return {
    format: 1,
    method: explanation.method,
    rows: explanation.rows,
    columns: explanation.columns.map(({ name }) => ({
      name,
      meanAbsolute: found.get(name)?.meanAbsolute ?? 0,
      standardError: found.get(name)?.standardError ?? 0,
    })),
  };
}

/**
 * Combines two summaries as if their rows had been explained together: for a monitor that explains batch by batch in
 * constant memory (Chan, Golub and LeVeque's update of mean and variance, 1979).
 *
 * @throws ChurnkitError CONTRACT_MISMATCH for other columns or another method.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { explainerOf, logistic, train } from "churnkit/model";
 * import { attributionBaseline, mergeAttributions } from "churnkit/monitor";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 200, seed: 1 }).records);
 * const { artifact } = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * const batch = attributionBaseline((await explainerOf(artifact)).explain(table));
 * console.assert(mergeAttributions(batch, batch).rows === 400);
 * ```
 */
export function mergeAttributions(a: AttributionBaseline, b: AttributionBaseline): AttributionBaseline {
  checkSameColumns(a, b);
  const rows = a.rows + b.rows;
  return {
    ...a,
    rows,
    columns: a.columns.map((first, i) => {
      const second = b.columns[i] ?? first;
      const gap = second.meanAbsolute - first.meanAbsolute;
      const squares = squaresOf(first, a.rows) + squaresOf(second, b.rows) + (gap * gap * a.rows * b.rows) / rows;
      return {
        name: first.name,
        meanAbsolute: first.meanAbsolute + (gap * b.rows) / rows,
        standardError: Math.sqrt(squares / (rows - 1) / rows),
      };
    }),
  };
}

/** Sum of squared deviations behind a standard error. */
const squaresOf = ({ standardError }: AttributedColumn, rows: number): number =>
  standardError * standardError * rows * (rows - 1);

/** @throws ChurnkitError CONTRACT_MISMATCH unless both explain the same columns in the same way. */
export function checkSameColumns(a: AttributionBaseline, b: AttributionBaseline): void {
  const other = a.columns.find(({ name }, i) => b.columns[i]?.name !== name)?.name ?? b.columns[a.columns.length]?.name;
  if (other !== undefined) {
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      `Attributions of different columns can't be compared: "${other}" is in only one of them, or in a different position. Explain both with the same model.`,
      { where: { column: other } },
    );
  }
  if (a.method === b.method) return;
  throw new ChurnkitError(
    "CONTRACT_MISMATCH",
    `Attributions by ${a.method} and by ${b.method} can't be compared. Explain both with the same model.`,
  );
}

const amount = number(0, 1e100);
const uniqueColumns = where(
  list(object({ name: text(), meanAbsolute: amount, standardError: amount }), mostColumns),
  (columns) => columns.length > 0 && new Set(columns.map(({ name }) => name)).size === columns.length,
  "columns with different names",
);

/** A baseline by {@link attributionBaseline}, as a part of another document. */
export const attributionBaselineDecoder: Decoder<AttributionBaseline> = object({
  format: version(1),
  method: oneOf(Object.keys(attributionMethods) as AttributionMethod[]),
  rows: count(1),
  columns: uniqueColumns,
});

const malformed = documentError("INPUT_MALFORMED", "", "Make it again with attributionBaseline.");

/**
 * Reads a baseline from untrusted JSON.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the place, if it is not one.
 */
export const parseAttributionBaseline = (json: unknown): AttributionBaseline =>
  attributionBaselineDecoder(JsonValue.of(json, "The attribution baseline", malformed));
