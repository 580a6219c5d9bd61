import { ChurnkitError } from "../base/errors.js";

/**
 * A model's name is a segment of keys.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function checkModelName(name: string): void {
  if (/^[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9_-])?$/.test(name)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${JSON.stringify(name.slice(0, 80))} cannot name a model: up to 200 letters, digits and ._-, neither starting nor ending with a dot.`,
    {
      where: { value: name.slice(0, 80) },
    },
  );
}
