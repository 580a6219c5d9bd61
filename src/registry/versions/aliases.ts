import { ChurnkitError } from "../../base/errors.js";
import type { GateVerdict } from "../gates/gate.js";
import type { AliasEntry, RegistryState, VersionEntry } from "../registry-state.js";
import { versionNumbered } from "./resolve.js";
import { isUsable } from "./version.js";

const aliasName = /^[a-z][a-z0-9-]{0,63}$/;
const reserved = /^(?:latest|latest-approved|v\d+)$/;
/** Limit on an alias' remembered targets. */
export const rollbackDepth = 20;

/**
 * @throws ChurnkitError OPTION_INVALID for a name that some driver does not accept as an alias: `latest`, `v9`,
 * capitals.
 */
export function checkAlias(alias: string): void {
  if (aliasName.test(alias) && !reserved.test(alias)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${JSON.stringify(alias.slice(0, 80))} cannot be an alias. Use lowercase letters, digits and -, starting with a letter, and not "latest" or "v1".`,
    { where: { value: alias.slice(0, 80) } },
  );
}

/** Reasons why a version may not be put into service; none if it may. */
export function refusals(
  { number, status }: VersionEntry,
  verdict: GateVerdict | undefined,
  approvedOnly: boolean,
): string[] {
  const reasons: string[] = [];
  if (!isUsable(status)) reasons.push(`version ${number} is ${status} (approve it to use it again)`);
  else if (approvedOnly && status !== "approved") reasons.push(`version ${number} is not approved`);
  for (const check of verdict?.checks ?? [])
    if (!check.passed) reasons.push(`gate ${verdict?.gate ?? ""}: ${check.reason}`);
  if (verdict?.passed === false && reasons.length === 0) reasons.push(`gate ${verdict.gate} did not pass`);
  return reasons;
}

/** Points an alias to a version and remembers its former target. */
export function aliasMoved(present: AliasEntry | undefined, alias: string, version: number): AliasEntry {
  const former =
    present === undefined || present.version === version
      ? (present?.former ?? [])
      : [present.version, ...present.former];
  return { alias, version, former: former.slice(0, rollbackDepth) };
}

/** Points an alias back to its last target that is fit for service; undefined without one. */
export function aliasMovedBack({ versions }: RegistryState, present: AliasEntry): AliasEntry | undefined {
  const at = present.former.findIndex((number) => {
    const version = versionNumbered(versions, number);
    return number !== present.version && version !== undefined && isUsable(version.status);
  });
  const version = present.former[at];
  return version === undefined ? undefined : { alias: present.alias, version, former: present.former.slice(at + 1) };
}

/** The aliases with one of them replaced, in order of name. */
export const withAlias = (aliases: readonly AliasEntry[], entry: AliasEntry): AliasEntry[] =>
  [...aliases.filter(({ alias }) => alias !== entry.alias), entry].sort((a, b) => (a.alias < b.alias ? -1 : 1));
