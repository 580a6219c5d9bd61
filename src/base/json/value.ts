import { ChurnkitError, type ErrorCode } from "../errors.js";
import { JsonRefused, parseJson } from "./parse.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const shownLength = 60;

/** Makes the error for an unusable document; `what` continues the sentence after its name. */
export type DocumentError = (name: string, what: string, path?: string) => ChurnkitError;

/**
 * The errors of one kind of document.
 *
 * @param kind Text before the document's name: "The bundle's file"; empty where the name is enough and is not a
 * file's.
 * @param advice what to do: "Use an unchanged copy of the bundle."
 */
export function documentError(code: ErrorCode, kind: string, advice: string): DocumentError {
  return (name, what, path) =>
    new ChurnkitError(code, `${[kind, name].filter(Boolean).join(" ")} ${what}. ${advice}`, {
      where: kind === "" ? { path } : { file: name, path },
    });
}

/** Decodes a document's bytes as text; a document that is not UTF-8 is not JSON. */
export function utf8Text(bytes: Uint8Array, name: string, error: DocumentError): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw error(name, "is not valid JSON");
  }
}

/** A value inside a JSON document that knows its place, so that an error can name it. */
export class JsonValue {
  readonly value: unknown;
  readonly #document: { readonly name: string; readonly error: DocumentError };
  readonly #parent: JsonValue | undefined;
  readonly #key: string | number;

  private constructor(
    value: unknown,
    document: { readonly name: string; readonly error: DocumentError },
    parent: JsonValue | undefined,
    key: string | number,
  ) {
    this.value = value;
    this.#document = document;
    this.#parent = parent;
    this.#key = key;
  }

  /** The root of a parsed document; paths begin with `root`. */
  static of(value: unknown, name: string, error: DocumentError, root = "$"): JsonValue {
    return new JsonValue(value, { name, error }, undefined, root);
  }

  /**
   * The root of an untrusted document, as text or UTF-8 bytes.
   *
   * @throws ChurnkitError if it is not UTF-8, not JSON, nested too deep, or has a member named `__proto__`.
   */
  static parse(document: string | Uint8Array, name: string, error: DocumentError): JsonValue {
    const text = typeof document === "string" ? document : utf8Text(document, name, error);
    try {
      return JsonValue.of(parseJson(text), name, error);
    } catch (cause) {
      if (cause instanceof JsonRefused)
        throw error(name, cause.path === undefined ? cause.message : `${cause.message} (at ${cause.path})`, cause.path);
      throw error(name, "is not valid JSON");
    }
  }

  /** A path such as `$.columns[3].name`; made on demand, because most values are valid. */
  get path(): string {
    if (this.#parent === undefined) return String(this.#key);
    return typeof this.#key === "number" ? `${this.#parent.path}[${this.#key}]` : `${this.#parent.path}.${this.#key}`;
  }

  /** Absent or null. */
  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** Own member of an object; undefined if it is missing. */
  get(key: string): JsonValue {
    const members = this.object();
    return new JsonValue(Object.hasOwn(members, key) ? members[key] : undefined, this.#document, this, key);
  }

  /** Items of a list. */
  items(max = 100_000): JsonValue[] {
    // Array.from visits holes too, which map would skip.
    return Array.from(this.list(max), (item, i) => new JsonValue(item, this.#document, this, i));
  }

  /** One item of a list. */
  item(i: number): JsonValue {
    return new JsonValue(this.list(Infinity)[i], this.#document, this, i);
  }

  /** Another member of the same object. */
  sibling(key: string): JsonValue {
    return this.#parent?.get(key) ?? this.with(undefined);
  }

  /** Another value in the same place. */
  with(value: unknown): JsonValue {
    return new JsonValue(value, this.#document, this.#parent, this.#key);
  }

  /** The object itself. */
  object(): Readonly<Record<string, unknown>> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) throw this.not("an object");
    return this.value as Record<string, unknown>;
  }

  /** The list itself. */
  list(max: number): readonly unknown[] {
    if (!Array.isArray(this.value)) throw this.not("a list");
    if (this.value.length > max) throw this.not(`a list of at most ${max} items`);
    return this.value;
  }

  /** Makes the error that says what this value must be. */
  not(expected: string): ChurnkitError {
    const { path, value } = this;
    const problem =
      value === undefined
        ? `${path} is missing; it must be ${expected}`
        : `${path} must be ${expected}, not ${shown(value)}`;
    return this.#document.error(this.#document.name, `is malformed: ${problem}`, path);
  }

  /** Makes an error at this place with its own wording; `problem` continues the sentence after the path. */
  refused(problem: string): ChurnkitError {
    return this.#document.error(this.#document.name, `is malformed: ${this.path} ${problem}`, this.path);
  }
}

/** Describes a value in a few words: the problem with a long list is seldom visible in it. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1 item" : `a list of ${value.length} items`;
  if (typeof value === "object" && value !== null) return "an object";
  return (JSON.stringify(value) ?? typeof value).slice(0, shownLength);
}
