import { ChurnkitError } from "../../base/errors.js";
import type { IndexedVersion, RegistryIndex } from "./registry-index.js";
import type { EntryDraft, VersionEntry } from "../registry-state.js";
import { compareSemver, isSemver } from "./semver.js";

/** A ledger's view of a service's versions, from its history. The service has the rest. */
type Known = Omit<RegistryIndex, "head">;

/** A ledger keeps neither records nor bundles, because the service does. */
const elsewhere = { record: "0".repeat(64), upload: "0".repeat(8) };

/** Returns a ledger's view of a version. */
export const known = ({ number, semver, contentHash, status, stage }: VersionEntry): IndexedVersion => ({
  number,
  semver,
  contentHash,
  status,
  stage,
  ...elsewhere,
});

/** The highest of some semantic versions. */
export const highestOf = (semvers: readonly string[]): string | undefined =>
  semvers.filter(isSemver).sort(compareSemver).at(-1);

/**
 * Returns the ledger's view after an entry is written.
 *
 * @throws ChurnkitError STORE_CONFLICT when somebody else recorded the registration or removal before.
 */
export function withEntry(
  index: Known,
  { action, version, contentHash = "", semver = "", status, stage }: EntryDraft,
): Known {
  const present = index.versions.find(({ number }) => number === version);
  if (action === "register") {
    if (present !== undefined) throw recordedBefore(version);
    const added = known({ number: version, semver, contentHash, status: status ?? "pending", stage: "None" });
    return {
      ...index,
      versions: [...index.versions, added].sort((a, b) => a.number - b.number),
      next: Math.max(index.next, version + 1),
      highest: highestOf([index.highest ?? semver, semver]),
    };
  }
  if (action === "remove") {
    if (present === undefined) throw recordedBefore(version);
    return { ...index, versions: index.versions.filter((one) => one !== present) };
  }
  if (action === "refuse" || present === undefined || (status === undefined && stage === undefined)) return index;
  const changed: IndexedVersion = { ...present, status: status ?? present.status, stage: stage ?? present.stage };
  return { ...index, versions: index.versions.map((one) => (one === present ? changed : one)) };
}

/** Finds what a service has and the history lacks: changes by other means, or by a process that was killed halfway. */
export function unrecorded(index: Known, versions: readonly VersionEntry[], service: string): EntryDraft[] {
  const note = { by: "unknown", reason: `found in ${service}` };
  const there = new Map(versions.map((version) => [version.number, version]));
  const before = new Map(index.versions.map((version) => [version.number, version]));
  const gone = index.versions
    .filter(({ number }) => !there.has(number))
    .map(({ number: version, contentHash, semver }): EntryDraft => ({
      ...note,
      action: "remove",
      version,
      contentHash,
      semver,
    }));
  const others = versions.flatMap(({ number: version, contentHash, semver, status, stage }): EntryDraft[] => {
    const one = before.get(version);
    const staged: EntryDraft[] = stage === (one?.stage ?? "None") ? [] : [{ ...note, action: "stage", version, stage }];
    if (one === undefined) return [{ ...note, action: "register", version, contentHash, semver, status }, ...staged];
    return status === one.status ? staged : [{ ...note, action: "status", version, status }, ...staged];
  });
  return [...gone, ...others];
}

/** Makes the error for a change that somebody else recorded first. */
export const recordedBefore = (version: number): ChurnkitError =>
  new ChurnkitError(
    "STORE_CONFLICT",
    `The change of version ${version} was recorded by someone else at the same time. Check the history.`,
  );
