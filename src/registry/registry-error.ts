import { ChurnkitError } from "../base/errors.js";
import type { JsonValue } from "../model/bundle/json.js";

/** The error for a version or alias that is not there. */
export function notFound(registry: string, what: string): ChurnkitError {
  return new ChurnkitError("REGISTRY_NOT_FOUND", `The registry of ${registry} holds no ${what}. List what it holds, or register first.`, {
    where: { value: what },
  });
}

/** The error for a record of the registry that cannot be used. */
export function corruptRecord(file: string, what: string, path?: string): ChurnkitError {
  return new ChurnkitError(
    "REGISTRY_CORRUPT",
    `The registry's file ${file} ${what}${path === undefined ? "" : ` (at ${path})`}. Restore it from a backup.`,
    { where: { file, path } },
  );
}

/** A text where one belongs, undefined where the member is absent. */
export function optionalText(json: JsonValue): string | undefined {
  return json.absent ? undefined : json.text();
}
