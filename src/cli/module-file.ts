import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ChurnkitError } from "../base/errors.js";
import { reasonOf } from "./output.js";

/** What a module should export by default, in words and as a test. */
export interface Wanted<T> {
  readonly what: string;
  readonly is: (value: unknown) => value is T;
}

/**
 * Loads a module of the user's, and returns what it exports by default.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND, INPUT_MALFORMED.
 */
export async function exportOf<T>(file: string, { what, is }: Wanted<T>): Promise<T> {
  const path = resolve(file);
  const where = { file };
  if (!existsSync(path))
    throw new ChurnkitError("INPUT_NOT_FOUND", `The module ${file} cannot be read. Check the path.`, { where });
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (cause) {
    const message = `The module ${file} cannot be loaded: ${reasonOf(cause)}`;
    throw new ChurnkitError("INPUT_MALFORMED", message, { where, cause });
  }
  if (is(loaded.default)) return loaded.default;
  throw new ChurnkitError("INPUT_MALFORMED", `The module ${file} must export ${what} by default.`, { where });
}
