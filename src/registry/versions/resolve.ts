import { notFound } from "../registry-error.js";
import type { RegistryState, VersionEntry } from "../registry-state.js";
import { isUsable, versionStages, type VersionRef } from "./version.js";

const digits = /^\d{1,15}$/;
const semverPattern = /^\d+\.\d+\.\d+$/;

/**
 * Finds the requested version.
 *
 * @throws ChurnkitError REGISTRY_NOT_FOUND.
 */
export function resolveVersion<Entry extends VersionEntry>(
  { versions, aliases }: RegistryState<Entry>,
  registry: string,
  ref: VersionRef,
): Entry {
  const find = (): { found: Entry | undefined; what: string } => {
    const number = typeof ref === "number" ? ref : digits.test(ref) ? Number(ref) : undefined;
    if (number !== undefined) return { found: versionNumbered(versions, number), what: `version ${number}` };
    if (typeof ref !== "string") return { found: undefined, what: "version under that name" };
    if (semverPattern.test(ref))
      return { found: versions.findLast(({ semver }) => semver === ref), what: `version ${ref}` };
    if (ref === "latest")
      return { found: versions.findLast(({ status }) => isUsable(status)), what: "version fit for service" };
    if (ref === "latest-approved")
      return { found: versions.findLast(({ status }) => status === "approved"), what: "approved version" };
    const stage = versionStages.find((one) => one === ref);
    if (stage !== undefined)
      return {
        found: versions.findLast((version) => version.stage === stage && isUsable(version.status)),
        what: `version fit for service in the stage ${stage}`,
      };
    const pointed = aliases.find(({ alias }) => alias === ref)?.version;
    return {
      found: pointed === undefined ? undefined : versionNumbered(versions, pointed),
      what: `version under the alias "${ref.slice(0, 80)}"`,
    };
  };
  const { found, what } = find();
  if (found === undefined) throw notFound(registry, what);
  return found;
}

/**
 * Returns the version with that number: numbers rise, and only removals leave gaps, so its index is at most its
 * number.
 */
export function versionNumbered<Entry extends VersionEntry>(
  versions: readonly Entry[],
  number: number,
): Entry | undefined {
  for (let at = Math.min(number, versions.length) - 1; at >= 0; at--) {
    const found = versions[at];
    if (found === undefined || found.number <= number) return found?.number === number ? found : undefined;
  }
  return undefined;
}
