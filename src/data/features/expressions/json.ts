import { ChurnkitError, type ErrorCode } from "../../../base/errors.js";

const textLimit = 1000;

/**
 * Reads untrusted JSON field by field. Each method gives the value or throws a `ChurnkitError` that names the path;
 * texts and lists have limits, and keys that nobody asked for are refused.
 */
export class JsonReader {
  constructor(
    readonly value: unknown,
    readonly path: string,
    readonly code: ErrorCode,
  ) {}

  fail(problem: string): never {
    const at = this.path === "" ? "The document" : this.path;
    throw new ChurnkitError(this.code, `${at} ${problem}.`, { where: { path: this.path } });
  }

  /** The fields of an object, which may have these keys and no others. */
  fields(keys: readonly string[]): (key: string) => JsonReader {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.fail("must be an object");
    const unexpected = Object.keys(value).find((key) => !keys.includes(key));
    if (unexpected !== undefined) this.fail(`has a field "${unexpected.slice(0, 80)}" that is not known`);
    return (key) => {
      const member: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
      return new JsonReader(member, this.path === "" ? key : `${this.path}.${key}`, this.code);
    };
  }

  get absent(): boolean {
    return this.value === undefined;
  }

  number(): number {
    if (typeof this.value !== "number" || !Number.isFinite(this.value)) this.fail("must be a finite number");
    return this.value;
  }

  text(limit = textLimit): string {
    if (typeof this.value !== "string") this.fail("must be a text");
    if (this.value.length > limit) this.fail(`must have at most ${limit} characters`);
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") this.fail("must be true or false");
    return this.value;
  }

  oneOf<const T extends string>(allowed: readonly T[]): T {
    const found = allowed.find((name) => name === this.value);
    if (found === undefined) this.fail(`must be one of ${allowed.join(", ")}`);
    return found;
  }

  list<T>(limit: number, item: (reader: JsonReader) => T): T[] {
    if (!Array.isArray(this.value)) this.fail("must be a list");
    if (this.value.length > limit) this.fail(`must have at most ${limit} items`);
    // Array.from visits holes too, which map would skip.
    return Array.from(this.value, (entry: unknown, i) => item(new JsonReader(entry, `${this.path}[${i}]`, this.code)));
  }

  numbers(limit: number): number[] {
    return this.#items(limit, (value) => typeof value === "number" && Number.isFinite(value), (item) => item.number());
  }

  texts(limit: number): string[] {
    return this.#items(limit, (value) => typeof value === "string" && value.length <= textLimit, (item) => item.text());
  }

  /** Paths are made for what is wrong only: a recipe holds thousands of values. */
  #items<T>(limit: number, fits: (value: unknown) => boolean, read: (reader: JsonReader) => T): T[] {
    const { value } = this;
    const plain = Array.isArray(value) && value.length <= limit && Array.from(value).every(fits);
    return plain ? (value.slice() as T[]) : this.list(limit, read);
  }
}
