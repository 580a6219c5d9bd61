import { ChurnkitError } from "../errors.js";

/**
 * Serializes with sorted object keys, so that equal values give equal text. Undefined members are left out, as in
 * `JSON.stringify`; numbers that are not finite are refused, because JSON would turn them into null.
 *
 * @throws ChurnkitError OPTION_INVALID for a number that is not finite.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ChurnkitError("OPTION_INVALID", `The number ${value} cannot be written as JSON.`, { where: { value } });
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
