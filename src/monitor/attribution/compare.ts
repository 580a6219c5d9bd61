import type { Explanation } from "../../model/explain/index.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";
import { benjaminiHochberg } from "../../stats/hypothesis/index.js";
import { normalTwoSidedTail } from "../../stats/special.js";
import {
  attributionBaseline,
  checkSameColumns,
  type AttributedColumn,
  type AttributionBaseline,
} from "./attribution-baseline.js";
import { ndcg } from "./ndcg.js";
import { ndcgNoise } from "./noise.js";
import { attributionPolicy, type AttributionPolicy } from "./attribution-policy.js";

/** How one column's part in the scores changed. */
export interface AttributionChange {
  readonly name: string;
  /** Mean |attribution| in log odds with its standard error from the rows, and its rank, 1 the largest. */
  readonly reference: RankedAttribution;
  readonly current: RankedAttribution;
  /** current - reference, in log odds. */
  readonly change: number;
  /** Two-sided p-value of no change, corrected over the columns (Benjamini and Hochberg). */
  readonly adjustedP: number;
}

/** A mean |attribution| and its place among the others. */
export interface RankedAttribution {
  readonly meanAbsolute: number;
  readonly standardError: number;
  readonly rank: number;
}

/** Result of a comparison of attributions. Plain JSON without NaN. */
export interface AttributionDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly rows: { readonly reference: number; readonly current: number };
  /** In [0, 1], 1 for the same ranking; null if no column moved a score in the reference. */
  readonly ndcg: number | null;
  /** Standard error of the NDCG, from the rows of both sides. */
  readonly standardError: number | null;
  /** Average NDCG without any change, at these numbers of rows. */
  readonly ndcgExpected: number | null;
  /** Share of comparisons without any change that come out as low. */
  readonly pValue: number | null;
  /** In the reference's order of importance. */
  readonly columns: readonly AttributionChange[];
  /** The finding in a sentence. */
  readonly message: string;
}

/**
 * Feature attribution drift: whether the columns that mattered still matter. The ranking by mean |SHAP| is compared
 * with the reference's by NDCG, like SageMaker Clarify's monitor, with its threshold of 0.90 by default. The verdict
 * is `drift` when the NDCG is below the threshold and chance alone would hardly bring it there; `insufficient` when
 * there are too few rows.
 *
 * @param reference Of training rows, by {@link attributionBaseline}.
 * @param current Of later rows of the same model and background: an explanation, or its summary.
 * @throws ChurnkitError CONTRACT_MISMATCH for other columns, TOO_FEW_ROWS for an explanation without rows,
 * OPTION_INVALID for a policy out of range.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { attributionBaseline, attributionDrift } from "churnkit/monitor";
 * import { explainerOf, logistic, train } from "churnkit/model";
 *
 * const table = (seed: number) => tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed }).records);
 * const { artifact } = await train(defineFeatures(syntheticContract), table(1), { learner: logistic() });
 * const explainer = await explainerOf(artifact);
 * const baseline = attributionBaseline(explainer.explain(table(1)));
 * const { verdict, message } = attributionDrift(baseline, explainer.explain(table(2)));
 * console.assert(verdict === "stable", message);
 * ```
 */
export function attributionDrift(
  reference: AttributionBaseline,
  current: AttributionBaseline | Explanation,
  policy: Partial<AttributionPolicy> = {},
): AttributionDrift {
  const rules = attributionPolicy(policy);
  const later = "outputs" in current ? attributionBaseline(current) : current;
  checkSameColumns(reference, later);
  const columns = changesOf(reference, later);
  const seen = ndcg(
    reference.columns.map(({ meanAbsolute }) => meanAbsolute),
    later.columns.map(({ meanAbsolute }) => meanAbsolute),
  );
  const common = { rows: { reference: reference.rows, current: later.rows }, columns };
  if (seen === null) {
    const message = "No column moved a score in the reference, so there is no ranking to compare.";
    return {
      ...common,
      verdict: "insufficient",
      severity: "none",
      ndcg: null,
      standardError: null,
      ndcgExpected: null,
      pValue: null,
      message,
    };
  }
  const { standardError, expected, pValue, floor } = ndcgNoise(reference.columns, later.columns, seen, rules.alpha);
  const enough = Math.min(reference.rows, later.rows) >= rules.leastRows;
  const found = enough && seen < rules.warning && pValue <= rules.alpha;
  const verdict: DriftVerdict = found ? "drift" : !enough || floor < rules.warning ? "insufficient" : "stable";
  const severity: Severity = !found ? "none" : seen < rules.critical ? "critical" : "warning";
  return {
    verdict,
    severity,
    ...common,
    ndcg: seen,
    standardError,
    ndcgExpected: expected,
    pValue,
    message: messageOf(verdict, seen, standardError, columns, rules),
  };
}

function changesOf(reference: AttributionBaseline, current: AttributionBaseline): AttributionChange[] {
  const before = ranksOf(reference.columns);
  const after = ranksOf(current.columns);
  const tails = reference.columns.map((column, i) => pOfChange(column, current.columns[i] ?? column));
  const adjusted = benjaminiHochberg(tails);
  return reference.columns
    .map((column, i): AttributionChange => {
      const later = current.columns[i] ?? column;
      return {
        name: column.name,
        reference: { meanAbsolute: column.meanAbsolute, standardError: column.standardError, rank: before[i] ?? 0 },
        current: { meanAbsolute: later.meanAbsolute, standardError: later.standardError, rank: after[i] ?? 0 },
        change: later.meanAbsolute - column.meanAbsolute,
        adjustedP: adjusted[i] ?? 1,
      };
    })
    .sort((a, b) => a.reference.rank - b.reference.rank);
}

function pOfChange(before: AttributedColumn, after: AttributedColumn): number {
  const change = after.meanAbsolute - before.meanAbsolute;
  if (change === 0) return 1;
  const error = Math.sqrt(before.standardError * before.standardError + after.standardError * after.standardError);
  return error === 0 ? 0 : normalTwoSidedTail(change / error).p;
}

/** 1 for the largest; ties in the columns' order. */
function ranksOf(columns: readonly AttributedColumn[]): number[] {
  const order = [...columns.keys()].sort((a, b) => (columns[b]?.meanAbsolute ?? 0) - (columns[a]?.meanAbsolute ?? 0));
  const ranks = new Array<number>(columns.length).fill(0);
  order.forEach((column, place) => {
    ranks[column] = place + 1;
  });
  return ranks;
}

function messageOf(
  verdict: DriftVerdict,
  seen: number,
  error: number,
  columns: readonly AttributionChange[],
  { warning, leastRows }: AttributionPolicy,
): string {
  const value = `NDCG ${seen.toFixed(3)} (standard error ${error.toFixed(3)}, threshold ${warning})`;
  if (verdict === "insufficient")
    return `Too few rows to judge the ranking of the columns: ${value}. Explain more rows, with a minimum of ${leastRows}.`;
  if (verdict === "stable") return `The same columns still matter: ${value}.`;
  const moved = [...columns]
    .filter(({ reference, current }) => reference.rank !== current.rank)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change))
    .slice(0, 3)
    .map(({ name, reference, current }) => `${name} went from rank ${reference.rank} to ${current.rank}`);
  return `The ranking of the columns changed: ${value}; ${moved.join(", ")}.`;
}
