import { ChurnkitError } from "../../../base/errors.js";

/** Refuses a model file; `what` continues the sentence "The model file ...". */
export function corrupt(what: string, path: string): never {
  throw new ChurnkitError("BUNDLE_CORRUPT", `The model file ${what}.`, { where: { path } });
}

/** Returns a JSON object's own members, without a prototype, so that a member named `__proto__` is only a member. */
export function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) corrupt(`has no object at ${path}`, path);
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

export function asArray(value: unknown, path: string): unknown[] {
  return Array.isArray(value) ? value : corrupt(`has no list at ${path}`, path);
}

export function asText(value: unknown, path: string): string {
  return typeof value === "string" && value.length <= 256 ? value : corrupt(`has no name at ${path}`, path);
}

/** A finite number in [min, max], an integer if required. */
export function asNumber(value: unknown, path: string, range: { min: number; max: number; integer?: boolean }): number {
  const fits = typeof value === "number" && value >= range.min && value <= range.max;
  if (!fits || (range.integer === true && !Number.isInteger(value))) {
    const kind = range.integer === true ? "a whole number" : "a number";
    corrupt(
      `needs ${kind} from ${range.min} to ${range.max} at ${path}, not ${JSON.stringify(value) ?? "nothing"}`,
      path,
    );
  }
  return value;
}
