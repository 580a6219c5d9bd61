import { ChurnkitError } from "../base/errors.js";
import { documentError } from "../base/json/index.js";

/** Makes the error for a version or alias that does not exist. */
export function notFound(registry: string, what: string): ChurnkitError {
  return new ChurnkitError(
    "REGISTRY_NOT_FOUND",
    `The registry of ${registry} has no ${what}. List its versions, or register one first.`,
    {
      where: { value: what },
    },
  );
}

/** The error for a change that the rules of the registry forbid. */
export const refused = (message: string): ChurnkitError => new ChurnkitError("REGISTRY_REFUSED", message);

/** Makes the error for an unusable record of the registry. */
export const corruptRecord = documentError("REGISTRY_CORRUPT", "The registry's file", "Restore it from a backup.");
