import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import type { Sent } from "./json.js";

/** Gives a record its names where it came as a list of values. */
export type Naming = (record: unknown) => unknown;

/**
 * A function that turns `{"features": [...]}` into a record: the values are those of the contract's features,
 * in its order. Other records stay as they are.
 *
 * @throws ChurnkitError (the function) REQUEST_INVALID for a list of another length.
 */
export function namingOf({ columns }: Contract): Naming {
  const names = columns.filter(({ role }) => role === "feature").map(({ name }) => name);
  const isColumn = columns.some(({ name }) => name === "features");
  return (record) => {
    const values = isColumn ? undefined : featuresOf(record);
    return values === undefined ? record : named(names, values);
  };
}

const featuresOf = (record: unknown): readonly unknown[] | undefined => {
  if (typeof record !== "object" || record === null) return undefined;
  const { features } = record as { readonly features?: unknown };
  return Array.isArray(features) ? features : undefined;
};

/** The same records, with names for those that came as lists. */
export function withNames(sent: Sent, naming: Naming): Sent {
  if (!sent.records.some((record) => featuresOf(record) !== undefined)) return sent;
  const { exactRecords } = sent;
  return {
    ...sent,
    records: sent.records.map(naming),
    exactRecords: (contract) => exactRecords(contract).map(naming),
  };
}

function named(names: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
  if (values.length !== names.length) {
    const shown = names.slice(0, 8).join(", ") + (names.length > 8 ? ", ..." : "");
    throw new ChurnkitError(
      "REQUEST_INVALID",
      `A list of features has ${values.length} values, but the contract has ${names.length} features: ${shown}.`,
    );
  }
  const record = Object.create(null) as Record<string, unknown>;
  for (const [i, name] of names.entries()) record[name] = values[i];
  return record;
}
