import { ChurnkitError } from "../../base/errors.js";

/** Refuses a JSON value, naming its path. */
export function refuseJson(path: string, message: string): never {
  throw new ChurnkitError("CONTRACT_INVALID", `The contract file is not valid: ${path} ${message}.`, { where: { path } });
}

/** Reads the members of one JSON object, by checks that name the path of what is wrong. */
export interface ObjectReader {
  readonly path: string;
  has(key: string): boolean;
  text(key: string, maxLength: number): string;
  number(key: string): number;
  flag(key: string): boolean;
  oneOf<const T extends string>(key: string, allowed: readonly T[]): T;
  texts(key: string, limits: { readonly count: number; readonly length: number }): string[];
  object(key: string, allowed: readonly string[]): ObjectReader;
  objects(key: string, limit: number): unknown[];
  /** Any value, for members of several types. */
  value(key: string): unknown;
}

/**
 * Opens a JSON object.
 *
 * @param allowed The members it may have; others are refused, so that a misspelt one is not silently ignored.
 * @throws ChurnkitError CONTRACT_INVALID with the path in `where.path`.
 */
export function readObject(json: unknown, path: string, allowed: readonly string[]): ObjectReader {
  if (typeof json !== "object" || json === null || Array.isArray(json)) refuseJson(path, "must be an object");
  const source: object = json;
  for (const key of Object.keys(source)) {
    if (!allowed.includes(key)) refuseJson(path, `has an unknown member ${JSON.stringify(key.slice(0, 80))}`);
  }
  const at = (key: string): string => `${path}.${key}`;
  const value = (key: string): unknown =>
    Object.hasOwn(source, key) ? (source as Record<string, unknown>)[key] : undefined;
  const text = (key: string, maxLength: number): string => {
    const found = value(key);
    if (typeof found !== "string") refuseJson(at(key), "must be a text");
    if (found.length > maxLength) refuseJson(at(key), `is longer than ${maxLength} characters`);
    return found;
  };
  const list = (key: string, limit: number): unknown[] => {
    const found = value(key);
    if (!Array.isArray(found)) refuseJson(at(key), "must be a list");
    if (found.length > limit) refuseJson(at(key), `has more than ${limit} entries`);
    return found;
  };
  return {
    path,
    has: (key) => value(key) !== undefined,
    value,
    text,
    number(key) {
      const found = value(key);
      if (typeof found !== "number" || !Number.isFinite(found)) refuseJson(at(key), "must be a finite number");
      return found;
    },
    flag(key) {
      const found = value(key);
      if (typeof found !== "boolean") refuseJson(at(key), "must be true or false");
      return found;
    },
    oneOf(key, choices) {
      const found = value(key);
      const choice = choices.find((candidate) => candidate === found);
      if (choice === undefined) refuseJson(at(key), `must be one of ${choices.join(", ")}`);
      return choice;
    },
    texts(key, limits) {
      return list(key, limits.count).map((entry, i) => {
        if (typeof entry !== "string") refuseJson(`${at(key)}[${i}]`, "must be a text");
        if (entry.length > limits.length) refuseJson(`${at(key)}[${i}]`, `is longer than ${limits.length} characters`);
        return entry;
      });
    },
    object: (key, members) => readObject(value(key), at(key), members),
    objects: list,
  };
}
