import { placeOf } from "../../base/hash.js";
import { ChurnkitError } from "../../base/errors.js";
import { memberNamed, spellingsOf } from "../../data/contract/index.js";
import { membersOf } from "../../monitor/capture/index.js";

/** A version that takes a share of the traffic. */
export interface Variant<Ref> {
  readonly ref: Ref;
  /** Its share, from 0 to 1. A variant of share 0 answers only those who name its version. */
  readonly weight: number;
}

/** Who gets which variant. */
export interface Assignment {
  /** Place of a record's variant in the list, or -1 for the model's own reference; a record without a key gets that too. */
  variant(record: unknown): number;
  /** A record's value of the column, as text; undefined where it has none. */
  key(record: unknown): string | undefined;
}

/**
 * Assigns by the hash of a column's value: the same value always gets the same variant, on every server and after every
 * restart. A variant that grows takes only from those that the model's own reference has.
 *
 * @param salt changes who gets which variant, so that a new experiment does not meet the groups of an old one.
 * @throws ChurnkitError OPTION_INVALID for shares out of range, or a missing column.
 */
export function assignmentOf(variants: readonly Variant<unknown>[], by: string | undefined, salt: string): Assignment {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  if (!variants.every(({ weight }) => weight >= 0) || !(sum <= 1 + 1e-9))
    throw new ChurnkitError("OPTION_INVALID", "The variants' weights must be shares of 0 or more, together up to 1.");
  if (variants.length > 0 && (by === undefined || by === ""))
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Variants need `by`, the column whose value decides who gets which, such as the customer's id.",
    );
  const column = by ?? "";
  const others = spellingsOf([column]).others(column);
  const key = (record: unknown): string | undefined => {
    const value = memberNamed(membersOf(record), column, others);
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : undefined;
  };
  return {
    key,
    variant(record) {
      const own = key(record);
      if (own === undefined) return -1;
      let left = placeOf(`${salt}\u0000${own}`);
      return variants.findIndex(({ weight }) => (left -= weight) < 0);
    },
  };
}
