import { ChurnkitError } from "../../base/errors.js";

/** Refuses a JSON value, naming its path. */
export function refuseJson(path: string, message: string): never {
  throw new ChurnkitError("CONTRACT_INVALID", `The contract file is not valid: ${path} ${message}.`, { where: { path } });
}

/**
 * Opens a JSON object.
 *
 * @param allowed The members it may have; others are refused, so that a misspelt one is not silently ignored.
 * @throws ChurnkitError CONTRACT_INVALID with the path in `where.path`.
 */
export function readObject(json: unknown, path: string, allowed: readonly string[]): ObjectReader {
  if (typeof json !== "object" || json === null || Array.isArray(json)) refuseJson(path, "must be an object");
  for (const key of Object.keys(json)) {
    if (!allowed.includes(key)) refuseJson(path, `has an unknown member ${JSON.stringify(key.slice(0, 80))}`);
  }
  return new ObjectReader(json, path);
}

/** Reads the members of one JSON object, by checks that name the path of what is wrong. */
export class ObjectReader {
  readonly #source: object;
  readonly path: string;

  constructor(source: object, path: string) {
    this.#source = source;
    this.path = path;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  /** Any value, for members of several types. */
  value(key: string): unknown {
    return Object.hasOwn(this.#source, key) ? (this.#source as Record<string, unknown>)[key] : undefined;
  }

  text(key: string, maxLength: number): string {
    const found = this.value(key);
    if (typeof found !== "string") this.#refuse(key, "must be a text");
    if (found.length > maxLength) this.#refuse(key, `is longer than ${maxLength} characters`);
    return found;
  }

  number(key: string): number {
    const found = this.value(key);
    if (typeof found !== "number" || !Number.isFinite(found)) this.#refuse(key, "must be a finite number");
    return found;
  }

  flag(key: string): boolean {
    const found = this.value(key);
    if (typeof found !== "boolean") this.#refuse(key, "must be true or false");
    return found;
  }

  oneOf<const T extends string>(key: string, choices: readonly T[]): T {
    const found = this.value(key);
    const choice = choices.find((candidate) => candidate === found);
    if (choice === undefined) this.#refuse(key, `must be one of ${choices.join(", ")}`);
    return choice;
  }

  texts(key: string, limits: { readonly count: number; readonly length: number }): string[] {
    return this.objects(key, limits.count).map((entry, i) => {
      if (typeof entry !== "string") this.#refuse(`${key}[${i}]`, "must be a text");
      if (entry.length > limits.length) this.#refuse(`${key}[${i}]`, `is longer than ${limits.length} characters`);
      return entry;
    });
  }

  object(key: string, members: readonly string[]): ObjectReader {
    return readObject(this.value(key), `${this.path}.${key}`, members);
  }

  objects(key: string, limit: number): unknown[] {
    const found = this.value(key);
    if (!Array.isArray(found)) this.#refuse(key, "must be a list");
    if (found.length > limit) this.#refuse(key, `has more than ${limit} entries`);
    return found;
  }

  #refuse(key: string, message: string): never {
    return refuseJson(`${this.path}.${key}`, message);
  }
}
