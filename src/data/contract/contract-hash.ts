import { hashJson } from "../../base/hash.js";
import type { Column, Contract } from "./contract.js";

/** What a fitted recipe relies on in one column. */
function fingerprint(column: Column): Record<string, unknown> {
  const { name, kind, unit } = column;
  const common = { name, kind, unit, default: column.default };
  switch (column.kind) {
    case "category":
      return { ...common, levels: column.levels, open: column.open };
    case "date":
      return { ...common, precision: column.precision };
    default:
      return common;
  }
}

/**
 * SHA-256 (hex) over what a recipe relies on: name, kind, unit, default, and levels or date precision of the feature
 * columns, in any order. Limits, missing markers, descriptions, ids and the target do not enter, so they can change
 * without making a model stale.
 */
export function contractHash(contract: Contract): string {
  const features = contract.columns.filter(({ role }) => role === "feature").map(fingerprint);
  features.sort((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1));
  return hashJson(features);
}
