import { writeEntry, type StoredEntry } from "./history.js";
import type { HistoryHead } from "../versions/registry-index.js";
import type { AliasEntry, EntryDraft } from "../registry-state.js";
import type { VersionRecord } from "../versions/version.js";

/**
 * Returns a history that leads to a registry's current state, for a driver that keeps none: the times of
 * registrations and status decisions are known, the order of the rest is not.
 */
export async function historyOf(
  name: string,
  versions: readonly VersionRecord[],
  aliases: readonly AliasEntry[],
): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  let last: HistoryHead | undefined;
  async function tell(draft: EntryDraft, at: string): Promise<void> {
    const entry = { ...draft, at, sequence: (last?.sequence ?? 0) + 1, previous: last?.sha256 ?? null };
    const { head, bytes } = await writeEntry("", entry);
    entries.push({ entry: { ...entry, sha256: head.sha256 }, bytes });
    last = head;
  }
  const reason = `carried over from ${name}`;
  for (const { number: version, contentHash, semver, by, registeredAt, verdict } of versions) {
    await tell(
      { action: "register", version, contentHash, semver, status: "pending", verdict, by, reason },
      registeredAt,
    );
  }
  for (const { number: version, status, statusNote, stage, by, registeredAt } of versions) {
    if (status !== "pending")
      await tell(
        { action: "status", version, status, by: statusNote.by, reason: statusNote.reason ?? reason },
        statusNote.at,
      );
    if (stage !== "None") await tell({ action: "stage", version, stage, by, reason }, registeredAt);
  }
  const known = new Map(versions.map((version) => [version.number, version]));
  for (const { alias, version, former } of aliases) {
    const path = [...former]
      .reverse()
      .filter((number) => known.has(number))
      .concat(version);
    for (const [i, to] of path.entries()) {
      const { by, registeredAt } = known.get(to) ?? {
        by: "unknown",
        registeredAt: versions.at(-1)?.registeredAt ?? "",
      };
      await tell({ action: "promote", version: to, alias, from: path[i - 1] ?? null, to, by, reason }, registeredAt);
    }
  }
  return entries;
}
