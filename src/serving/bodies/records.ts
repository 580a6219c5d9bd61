import { ChurnkitError } from "../../base/errors.js";

/**
 * The records of a batch: an array, or the member `records`.
 *
 * @throws ChurnkitError REQUEST_INVALID for anything else, INPUT_TOO_LARGE for more records than a batch may hold.
 */
export function recordsOf(value: unknown, most: number): readonly unknown[] {
  const records: unknown = Array.isArray(value) ? value : (value as { records?: unknown } | null)?.records;
  if (!Array.isArray(records)) {
    throw new ChurnkitError("REQUEST_INVALID", 'A batch is {"records": [...]} or an array of records.');
  }
  return atMost(records, most);
}

/** @throws ChurnkitError INPUT_TOO_LARGE for more records than a batch may hold. */
export function atMost(records: readonly unknown[], most: number): readonly unknown[] {
  if (records.length > most) throw tooMany(records.length, most);
  return records;
}

/** The refusal of a batch of too many records. */
export const tooMany = (count: number, most: number): ChurnkitError =>
  new ChurnkitError("INPUT_TOO_LARGE", `A batch has up to ${most} records; this one has ${count}. Send it in parts.`);
