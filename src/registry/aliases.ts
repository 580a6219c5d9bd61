import { ChurnkitError } from "../base/errors.js";
import type { GateVerdict } from "./gate.js";
import { rollbackDepth, type IndexedAlias, type IndexedVersion, type RegistryIndex } from "./registry-index.js";
import type { VersionStatus } from "./registry.js";

const aliasName = /^[a-z][a-z0-9-]{0,63}$/;

/** @throws ChurnkitError OPTION_INVALID for a name that is no alias in some driver: `latest`, `v9`, capitals. */
function checkAlias(alias: string): void {
  if (aliasName.test(alias) && alias !== "latest" && !/^v\d+$/.test(alias)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${JSON.stringify(alias.slice(0, 80))} cannot be an alias. Use small letters, digits and -, beginning with a letter; not "latest" nor "v1".`,
    { where: { value: alias.slice(0, 80) } },
  );
}

/** Why a version may not be put to use; none if it may. */
export function refusals({ number, status }: IndexedVersion, verdict: GateVerdict | undefined): string[] {
  const reasons: string[] = [];
  if (status === "failed") reasons.push(`version ${number} failed its gate when it was registered`);
  if (status === "quarantined") reasons.push(`version ${number} is quarantined`);
  for (const check of verdict?.checks ?? []) if (!check.passed) reasons.push(`gate ${verdict?.gate ?? ""}: ${check.reason}`);
  if (verdict?.passed === false && reasons.length === 0) reasons.push(`gate ${verdict.gate} did not pass`);
  return reasons;
}

/** Points an alias to a version; where it pointed before is remembered. */
export function moveAlias(
  aliases: readonly IndexedAlias[],
  alias: string,
  version: number,
): { readonly aliases: IndexedAlias[]; readonly previous: number | null } {
  checkAlias(alias);
  const present = aliases.find((entry) => entry.alias === alias);
  const previous = present?.version ?? null;
  const former = present === undefined || previous === version ? (present?.former ?? []) : [present.version, ...present.former];
  return { aliases: replaced(aliases, { alias, version, former: former.slice(0, rollbackDepth) }), previous };
}

/** Points an alias to the last version it pointed to that is fit for service; undefined where there is none. */
export function moveBack(
  { aliases, versions }: RegistryIndex,
  alias: string,
): { readonly aliases: IndexedAlias[]; readonly to: number } | undefined {
  const present = aliases.find((entry) => entry.alias === alias);
  const at = present?.former.findIndex((number) => number !== present.version && versions[number - 1]?.status === "registered") ?? -1;
  const to = present?.former[at];
  if (present === undefined || to === undefined) return undefined;
  return { aliases: replaced(aliases, { alias, version: to, former: present.former.slice(at + 1) }), to };
}

const replaced = (aliases: readonly IndexedAlias[], changed: IndexedAlias): IndexedAlias[] =>
  [...aliases.filter(({ alias }) => alias !== changed.alias), changed].sort((a, b) => (a.alias < b.alias ? -1 : 1));

/** The versions with one's status changed. */
export const withStatus = (versions: readonly IndexedVersion[], number: number, status: VersionStatus): IndexedVersion[] =>
  versions.map((version) => (version.number === number ? { ...version, status } : version));
