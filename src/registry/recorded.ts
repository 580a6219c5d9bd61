import { ChurnkitError } from "../base/errors.js";
import type { IndexedVersion, RegistryIndex } from "./registry-index.js";
import type { EntryDraft, VersionEntry } from "./registry-state.js";

/** What a ledger beside a service knows of its versions: what its history says. The service has the rest. */
type Known = Omit<RegistryIndex, "head">;

/**
 * What a ledger knows when an entry is written.
 *
 * @throws ChurnkitError STORE_CONFLICT when somebody else recorded the registration or removal before.
 */
export function withEntry(known: Known, { action, version, contentHash = "", semver = "", status, stage }: EntryDraft): Known {
  const present = known.versions.find(({ number }) => number === version);
  if (action === "register") {
    if (present !== undefined) throw recordedBefore(version);
    const added: IndexedVersion = { number: version, semver, contentHash, status: status ?? "pending", stage: "None", record: "" };
    return { ...known, versions: [...known.versions, added].sort((a, b) => a.number - b.number), next: Math.max(known.next, version + 1) };
  }
  if (action === "remove") {
    if (present === undefined) throw recordedBefore(version);
    return { ...known, versions: known.versions.filter((one) => one !== present) };
  }
  if (action === "refuse" || present === undefined || (status === undefined && stage === undefined)) return known;
  const changed: IndexedVersion = { ...present, status: status ?? present.status, stage: stage ?? present.stage };
  return { ...known, versions: known.versions.map((one) => (one === present ? changed : one)) };
}

/** What stands in a service and not in the history: changed there by other means, or by somebody who was killed half-way. */
export function unrecorded(known: Known, versions: readonly VersionEntry[], service: string): EntryDraft[] {
  const note = { by: "unknown", reason: `found in ${service}` };
  const there = new Map(versions.map((version) => [version.number, version]));
  const before = new Map(known.versions.map((version) => [version.number, version]));
  const gone = known.versions
    .filter(({ number }) => !there.has(number))
    .map(({ number: version, contentHash, semver }): EntryDraft => ({ ...note, action: "remove", version, contentHash, semver }));
  const others = versions.flatMap(({ number: version, contentHash, semver, status, stage }): EntryDraft[] => {
    const one = before.get(version);
    const staged: EntryDraft[] = stage === (one?.stage ?? "None") ? [] : [{ ...note, action: "stage", version, stage }];
    if (one === undefined) return [{ ...note, action: "register", version, contentHash, semver, status }, ...staged];
    return status === one.status ? staged : [{ ...note, action: "status", version, status }, ...staged];
  });
  return [...gone, ...others];
}

/** The error for a change that somebody else wrote down first. */
export const recordedBefore = (version: number): ChurnkitError =>
  new ChurnkitError("STORE_CONFLICT", `The change of version ${version} was recorded by somebody else at the same time. Look at the history.`);
