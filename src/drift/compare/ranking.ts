import { ChurnkitError } from "../../base/errors.js";
import type { DriftPolicy } from "../policy.js";
import type { RankedDrift } from "../report.js";
import type { Judged } from "./verdict.js";

/** Weights by column name, 0 or more: mean absolute SHAP values, permutation importances, or a guess. */
export type Importances = Readonly<Record<string, number>> | ReadonlyMap<string, number>;

/**
 * Orders columns by importance x shift, so that a small move of a column that the model relies on ranks above a large
 * one of a column it hardly reads.
 *
 * @param ignored columns left out of the comparison; their weights are left out too.
 * @throws ChurnkitError OPTION_INVALID for a weight that is negative or not finite, or a name that was not compared.
 */
export function rankDrift(
  columns: readonly Judged[],
  importances: Importances,
  policy: DriftPolicy,
  ignored: readonly string[] = [],
): RankedDrift[] {
  const weights = weightsOf(importances, new Set(columns.map(({ name }) => name)), new Set(ignored));
  // As shares of the largest, so that huge weights do not add up to infinity.
  const largest = Math.max(0, ...weights.values());
  const total = [...weights.values()].reduce((sum, weight) => sum + weight / largest, 0);
  const ranked = columns
    .filter(({ role }) => role === "feature")
    .map((column): RankedDrift => {
      const importance = largest === 0 ? 0 : (weights.get(column.name) ?? 0) / largest / total;
      const shift = shiftOf(column, policy);
      return { name: column.name, importance, shift, score: importance * shift, severity: column.severity };
    });
  return ranked.sort((a, b) => b.score - a.score || b.importance - a.importance || b.shift - a.shift);
}

/**
 * Share of rows that moved in the largest significant way. PSI is not a share, so the distance over the same bins
 * replaces it.
 */
function shiftOf({ shifts, jensenShannon }: Judged, { alpha }: DriftPolicy): number {
  const judged = shifts.some(({ what }) => what === "distribution");
  const sizes = shifts
    .filter(({ adjustedP }) => adjustedP <= alpha)
    .map(({ what, effect }) => (what !== "psi" ? effect : judged ? 0 : (jensenShannon ?? 0)));
  return Math.max(0, ...sizes);
}

function weightsOf(
  importances: Importances,
  known: ReadonlySet<string>,
  ignored: ReadonlySet<string>,
): Map<string, number> {
  const entries: Iterable<readonly [string, unknown]> =
    importances instanceof Map ? (importances as ReadonlyMap<string, unknown>) : Object.entries(importances);
  const weights = new Map<string, number>();
  for (const [name, weight] of entries) {
    const where = { path: "importance", column: name, value: weight };
    if (typeof weight !== "number" || !Number.isFinite(weight) || weight < 0) {
      const message = `The importance of "${name}" is ${String(weight)}. Give a finite number of 0 or more.`;
      throw new ChurnkitError("OPTION_INVALID", message, { where });
    }
    if (!known.has(name) && !ignored.has(name) && weight > 0) {
      const message = `The importance names "${name}", which is not a compared column. Remove it or check its spelling.`;
      throw new ChurnkitError("OPTION_INVALID", message, { where });
    }
    if (known.has(name)) weights.set(name, weight);
  }
  return weights;
}
