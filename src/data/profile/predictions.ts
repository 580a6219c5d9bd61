import type { Contract } from "../contract/contract.js";
import { profileOf, type CutOptions } from "./numeric-profile.js";
import { isNumericProfile, type NumericProfile, type Profile } from "./profile.js";

type Columns = Pick<Contract, "columns">;

/**
 * Column name of the model's probabilities: `prediction`, or if a column has this name `prediction (model)`, with one
 * more `(model)` for each time that name is taken too.
 */
export function predictionsName({ columns }: Columns): string {
  const taken = new Set(columns.map(({ name }) => name));
  let name = "prediction";
  while (taken.has(name)) name += " (model)";
  return name;
}

/** Profiles a model's probabilities, for a profile that also has a contract's columns. */
export const profilePredictions = (
  probabilities: Float64Array,
  contract: Columns,
  options: CutOptions = {},
): NumericProfile => ({
  ...profileOf(probabilities, predictionsName(contract), options),
  of: "predictions",
});

/**
 * Returns the profile of the model's probabilities, which its mark distinguishes from a column of any name. Version
 * 0.1.0 marked none: there it is the column `prediction` if the contract has none of that name.
 */
export function predictionsOf({ columns }: Profile, contract?: Columns): NumericProfile | undefined {
  const numeric = columns.filter(isNumericProfile);
  const marked = numeric.find((column) => column.of === "predictions");
  if (marked !== undefined || contract === undefined) return marked;
  const name = "prediction";
  return contract.columns.some((column) => column.name === name)
    ? undefined
    : numeric.find((column) => column.name === name);
}

/** A profile of version 0.1.0 with its probabilities marked. */
export function withMarkedPredictions(profile: Profile, contract: Columns): Profile {
  const found = predictionsOf(profile, contract);
  if (found === undefined || found.of === "predictions") return profile;
  return {
    ...profile,
    columns: profile.columns.map((column) => (column === found ? { ...found, of: "predictions" } : column)),
  };
}
