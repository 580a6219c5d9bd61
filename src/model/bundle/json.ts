import { ChurnkitError } from "../../base/errors.js";
import { JsonRefused, parseJson } from "../../base/json/parse.js";

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/**
 * Readable and deterministic JSON: sorted keys, two spaces of indentation, lists of plain values on one line.
 * Undefined members are left out; numbers that are not finite are refused.
 *
 * @throws ChurnkitError OPTION_INVALID for a number that is not finite.
 */
export function readableJson(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(readableText(value));
}

/** {@link readableJson} as text. */
export const readableText = (value: unknown): string => `${write(value, "", "$")}\n`;

function write(value: unknown, indent: string, path: string): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ChurnkitError("OPTION_INVALID", `The number ${value} at ${path} cannot be saved: JSON has no such number.`, {
      where: { path, value },
    });
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item: unknown, i) => write(item, deeper, `${path}[${i}]`));
    if (!value.some((item) => typeof item === "object" && item !== null)) return `[${items.join(", ")}]`;
    return `[\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}]`;
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}: ${write(member, deeper, `${path}.${key}`)}`);
  return members.length === 0 ? "{}" : `{\n${deeper}${members.join(`,\n${deeper}`)}\n${indent}}`;
}

/** Makes the error for a file that cannot be used; `what` goes on from its name. */
export type FileError = (file: string, what: string, path?: string) => ChurnkitError;

/** The error for a bundle file that cannot be used. */
export function corrupt(file: string, what: string, path?: string): ChurnkitError {
  return new ChurnkitError(
    "BUNDLE_CORRUPT",
    `The bundle's file ${file} ${what}${path === undefined ? "" : ` (at ${path})`}. Use an unchanged copy of the bundle.`,
    { where: { file, path } },
  );
}

/**
 * Reads a JSON file that anybody may have written.
 *
 * @param fail makes the errors; by default BUNDLE_CORRUPT.
 * @throws ChurnkitError when it is not UTF-8, not JSON, nested too deep, or has a member named `__proto__` anywhere.
 */
export function parseJsonFile(file: string, bytes: Uint8Array, fail: FileError = corrupt): JsonValue {
  return parseJsonText(file, jsonText(file, bytes, fail), fail);
}

/** The text of a JSON file, as {@link parseJsonFile} reads it. */
export function jsonText(file: string, bytes: Uint8Array, fail: FileError = corrupt): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw fail(file, "is not valid JSON");
  }
}

/** {@link parseJsonFile} of a file's text. */
export function parseJsonText(file: string, text: string, fail: FileError = corrupt): JsonValue {
  try {
    return new JsonValue(file, "$", parseJson(text), fail);
  } catch (cause) {
    if (cause instanceof JsonRefused) throw fail(file, cause.message, cause.path);
    throw fail(file, "is not valid JSON");
  }
}

/** A value inside a JSON file that knows where it stands, so that what is wrong with it can be named. */
export class JsonValue {
  constructor(
    readonly file: string,
    readonly path: string,
    readonly value: unknown,
    readonly fail: FileError,
  ) {}

  /** An own member of an object; absent members read as undefined. */
  get(key: string): JsonValue {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.not("an object");
    const member: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return new JsonValue(this.file, `${this.path}.${key}`, member, this.fail);
  }

  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** Members of an object, as a list. */
  entries(): [string, JsonValue][] {
    return this.members().map(([key]) => [key, this.get(key)]);
  }

  /** Members of an object as plain values. */
  members(): [string, unknown][] {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.not("an object");
    return Object.entries(value);
  }

  list(limit = 100_000): JsonValue[] {
    if (!Array.isArray(this.value)) throw this.not("a list");
    if (this.value.length > limit) throw this.not(`a list of at most ${limit} items`);
    return this.value.map((item: unknown, i) => new JsonValue(this.file, `${this.path}[${i}]`, item, this.fail));
  }

  text(): string {
    if (typeof this.value !== "string") throw this.not("a text");
    return this.value;
  }

  /** A finite number in [min, max]. */
  number(min = -Infinity, max = Infinity): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isFinite(value) || value < min || value > max) {
      throw this.not(`a number from ${min} to ${max}`);
    }
    return value;
  }

  /** A whole number in [min, max]. */
  count(min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(min, max);
    if (!Number.isInteger(value)) throw this.not("a whole number");
    return value;
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) throw this.not(`one of ${choices.join(", ")}`);
    return found;
  }

  /** The error that says what this value should have been. */
  not(expected: string): ChurnkitError {
    const shown = (JSON.stringify(this.value) ?? "nothing").slice(0, 60);
    return this.fail(this.file, `holds ${shown} where ${expected} belongs`, this.path);
  }
}
