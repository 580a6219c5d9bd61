import { refused } from "./registry-error.js";
import type { AliasEntry, Decision, RegistryState, VersionEntry } from "./registry-state.js";
import type { ChangeNote, PromoteOptions, PromotionResult, RollbackResult } from "./registry.js";
import { aliasMoved, aliasMovedBack, refusals } from "./versions/aliases.js";

/** Who decides, and why. */
interface Note extends ChangeNote {
  readonly by: string;
}

/** Points an alias to a version, or records why it may not move. */
export function promotion(
  state: RegistryState,
  candidate: VersionEntry,
  alias: string,
  { verdict, expected, approvedOnly = false, by, reason }: PromoteOptions & Note,
): Decision<PromotionResult> {
  const version = candidate.number;
  const present = state.aliases.find((entry) => entry.alias === alias);
  const previous = present?.version ?? null;
  const reasons = refusals(candidate, verdict, approvedOnly);
  if (expected !== undefined && expected !== previous) {
    reasons.push(
      `${alias} points to ${previous === null ? "nothing" : `version ${previous}`} now, not to ${expected ?? "nothing"} as when this was judged`,
    );
  }
  const entry = { version, alias, verdict, by, reason };
  if (reasons.length > 0) {
    return { result: { promoted: false, version, reasons }, entry: { ...entry, action: "refuse", reasons } };
  }
  return {
    result: { promoted: true, version, previous },
    changes: [{ kind: "alias", entry: aliasMoved(present, alias, version), previous }],
    entry: { ...entry, action: "promote", from: previous, to: version },
  };
}

/** Points an alias back to the newest earlier version that is fit for service. */
export function rollback(
  state: RegistryState,
  present: AliasEntry,
  { quarantine, by, reason, at }: Note & { readonly quarantine: boolean; readonly at: Date },
): Decision<RollbackResult> {
  const { alias, version: from } = present;
  const moved = aliasMovedBack(state, present);
  if (moved === undefined) {
    const reasons = [`${alias} has no earlier version that is fit for service`];
    return { result: { rolledBack: false, from, reasons } };
  }
  const to = moved.version;
  const statusNote = { by, at: at.toISOString(), reason: reason ?? `${alias} was rolled back` };
  const quarantined = { kind: "label", version: from, labels: { status: "quarantined", statusNote } } as const;
  return {
    result: { rolledBack: true, from, to },
    changes: [...(quarantine ? [quarantined] : []), { kind: "alias", entry: moved, previous: from }],
    entry: {
      action: "rollback",
      version: from,
      alias,
      from,
      to,
      by,
      reason,
      status: quarantine ? "quarantined" : undefined,
    },
  };
}

/**
 * Removes a version.
 *
 * @throws ChurnkitError REGISTRY_REFUSED where an alias points to it.
 */
export function removal(
  state: RegistryState,
  { number: version, contentHash, semver }: VersionEntry,
  name: string,
  { by, reason }: Note,
): Decision<void> {
  const holder = state.aliases.find((entry) => entry.version === version);
  if (holder)
    throw refused(
      `Version ${version} of ${name} is the ${holder.alias} and cannot be removed. Promote another one first.`,
    );
  return {
    result: undefined,
    changes: [{ kind: "remove", version }],
    entry: { action: "remove", version, contentHash, semver, by, reason },
  };
}
