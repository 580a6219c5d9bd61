import type { Column } from "../../data/contract/index.js";
import type { ColumnProfile, Profile } from "../../data/profile/index.js";
import type { MonitorBaseline } from "../baseline/baseline.js";

/** The types that Model Monitor infers. */
export type InferredType = "Integral" | "Fractional" | "String" | "Unknown";

/** A feature with its counts. */
export interface ProfiledFeature {
  readonly column: Column;
  readonly profile: ColumnProfile;
}

/** The features of a profile: neither target nor probabilities. */
export function featuresOf({ contract }: Pick<MonitorBaseline, "contract">, profile: Profile): ProfiledFeature[] {
  const profiles = new Map(profile.columns.map((column) => [column.name, column]));
  return contract.columns.flatMap((column) => {
    const counted = profiles.get(column.name);
    return column.role === "feature" && counted !== undefined ? [{ column, profile: counted }] : [];
  });
}

/** Dates are milliseconds since 1970, true and false 1 and 0. */
export function inferredType(column: Column): InferredType {
  switch (column.kind) {
    case "number":
      return column.integer ? "Integral" : "Fractional";
    case "boolean":
    case "date":
      return "Integral";
    case "category":
    case "text":
      return "String";
  }
}
