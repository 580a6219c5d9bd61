import { ChurnkitError } from "../../base/errors.js";
import { readableJson } from "../../base/json/index.js";

const name = /^[a-z][a-z0-9-]{0,39}$/;
const path = /^extras\/([a-z][a-z0-9-]{0,39})\.json$/;

/**
 * The files of an artifact's extras.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid name or a number that JSON doesn't have.
 */
export function extraFiles(extras: Readonly<Record<string, unknown>>): [string, Uint8Array<ArrayBuffer>][] {
  return Object.entries(extras)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      if (name.test(key)) return [`extras/${key}.json`, readableJson(value)];
      const shown = JSON.stringify(key.slice(0, 80));
      throw new ChurnkitError(
        "OPTION_INVALID",
        `An extra of a bundle cannot be called ${shown}. Use lowercase letters, digits and -, at most 40.`,
        {
          where: { value: key.slice(0, 80) },
        },
      );
    });
}

/** The name of the extra in a bundle's file, undefined for any other file. */
export const extraNameOf = (file: string): string | undefined => path.exec(file)?.[1];
