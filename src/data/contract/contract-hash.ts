import { hasher } from "../../base/hash.js";
import type { Column, Contract } from "./contract.js";

/** Members of a column that a fitted recipe relies on, in alphabetical order, as canonical JSON has them. */
function fingerprint(column: Column): { readonly name: string } & Readonly<Record<string, unknown>> {
  const { name, kind, unit } = column;
  switch (column.kind) {
    case "category":
      return { default: column.default, kind, levels: column.levels, name, open: column.open, unit };
    case "date":
      return { default: column.default, kind, name, precision: column.precision, unit };
    default:
      return { default: column.default, kind, name, unit };
  }
}

/**
 * SHA-256 (hex) of the facts that a recipe relies on: name, kind, unit, default, and levels or date precision of the
 * feature columns, in any order. Limits, missing markers, formats of texts, descriptions, ids and the target are left
 * out, so they can change without making a model stale.
 *
 * @example
 * ```ts
 * import { contractHash, syntheticContract } from "churnkit/data";
 *
 * const renamed = { ...syntheticContract, name: "customers" };
 * console.assert(contractHash(renamed) === contractHash(syntheticContract));
 * ```
 */
export function contractHash(contract: Contract): string {
  const features = contract.columns.filter(({ role }) => role === "feature").map(fingerprint);
  features.sort((a, b) => (a.name < b.name ? -1 : 1));
  return hasher().update(JSON.stringify(features)).hex();
}
