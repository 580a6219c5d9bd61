import { hasher, sha256Hex } from "../../base/hash.js";
import {
  count,
  nullable,
  object,
  oneOf,
  optional,
  text,
  texts,
  type Decoder,
  JsonValue,
  readableJson,
} from "../../base/json/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import type { HistoryHead } from "../versions/registry-index.js";
import { corruptRecord } from "../registry-error.js";
import { historyActions, type HistoryEntry } from "../registry.js";
import { versionStages, versionStatuses } from "../versions/version.js";
import { parseVerdict } from "../versions/version-record.js";

const keyOf = (prefix: string, sequence: number, sha256: string): string =>
  `${prefix}history/${String(sequence).padStart(9, "0")}-${sha256.slice(0, 16)}.json`;

/** An entry as bytes, its key, and its record in the index. */
export async function writeEntry(
  prefix: string,
  entry: Omit<HistoryEntry, "sha256">,
): Promise<{ readonly head: HistoryHead; readonly key: string; readonly bytes: Uint8Array }> {
  // The nonce distinguishes otherwise equal entries of two writers: only one of them becomes history.
  const bytes = readableJson({ ...entry, nonce: crypto.randomUUID() });
  const sha256 = await sha256Hex(bytes);
  return { head: { sequence: entry.sequence, sha256 }, key: keyOf(prefix, entry.sequence, sha256), bytes };
}

/** A stored entry: its hash, and so the chain, covers these bytes. */
export interface StoredEntry {
  readonly entry: HistoryEntry;
  readonly bytes: Uint8Array;
}

/**
 * Reads the history from its head backward, each entry checked against the hash in the next one (or the index).
 *
 * @throws ChurnkitError REGISTRY_CORRUPT if an entry is missing or was changed.
 */
export async function readHistory(
  store: ObjectStore,
  prefix: string,
  head: HistoryHead | null,
  limit: number,
): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let next = head; next !== null && entries.length < limit;) {
    const key = keyOf(prefix, next.sequence, next.sha256);
    const bytes = (await store.get(key))?.bytes;
    if (bytes === undefined) throw corruptRecord(key, "is missing");
    if (hasher().update(bytes).hex() !== next.sha256) throw corruptRecord(key, "was changed since it was written");
    const entry = { ...parseEntry(key, bytes), sha256: next.sha256 };
    entries.push({ entry, bytes });
    next = entry.previous === null ? null : { sequence: entry.sequence - 1, sha256: entry.previous };
  }
  return entries;
}

/**
 * Returns number and key of every entry ever written, including those of changes that were killed before they
 * counted.
 */
async function writtenEntries(
  store: ObjectStore,
  prefix: string,
): Promise<readonly { readonly sequence: number; readonly key: string }[]> {
  const start = `${prefix}history/`;
  return (await store.list(start)).map(({ key }) => ({
    sequence: Number(/^\d{9,}(?=-)/.exec(key.slice(start.length))?.[0] ?? 0),
    key,
  }));
}

/** Returns the number of the newest entry ever written; 0 without any. */
export async function newestEntry(store: ObjectStore, prefix: string): Promise<number> {
  return (await writtenEntries(store, prefix)).reduce((most, { sequence }) => Math.max(most, sequence), 0);
}

/**
 * Returns the numbers of entries that counted once and are no longer part of the history. One without references may
 * come from a change that was killed; one that another outside the history follows was in the index when that was
 * written.
 */
export async function abandonedEntries(
  store: ObjectStore,
  prefix: string,
  history: readonly StoredEntry[],
): Promise<readonly number[]> {
  const held = new Set(history.map(({ entry }) => keyOf(prefix, entry.sequence, entry.sha256)));
  const last = history.reduce((most, { entry }) => Math.max(most, entry.sequence), 0);
  const outside = (await writtenEntries(store, prefix)).filter(
    ({ sequence, key }) => sequence <= last && !held.has(key),
  );
  const keys = new Set(outside.map(({ key }) => key));
  const followed: number[] = [];
  for (const { sequence, key } of outside) {
    const bytes = (await store.get(key))?.bytes;
    if (bytes === undefined) continue;
    const previous = previousOf(key, bytes);
    if (previous !== undefined && keys.has(keyOf(prefix, sequence - 1, previous))) followed.push(sequence - 1);
  }
  return followed;
}

/** Returns the hash that an entry outside the history follows, or undefined where the entry can't be read. */
function previousOf(key: string, bytes: Uint8Array): string | undefined {
  try {
    return parseEntry(key, bytes).previous ?? undefined;
  } catch {
    return undefined;
  }
}

/** Writes entries from another store under their original names. */
export async function copyHistory(store: ObjectStore, prefix: string, entries: readonly StoredEntry[]): Promise<void> {
  for (const { entry, bytes } of entries) await store.put(keyOf(prefix, entry.sequence, entry.sha256), bytes);
}

const version: Decoder<number | null | undefined> = (json) =>
  json.value === undefined ? undefined : nullable(count(1))(json);

const storedEntry: Decoder<Omit<HistoryEntry, "sha256">> = object({
  sequence: count(1),
  at: text(),
  by: text(),
  action: oneOf(historyActions),
  version: count(1),
  contentHash: optional(text()),
  semver: optional(text()),
  alias: optional(text()),
  from: version,
  to: version,
  status: optional(oneOf(versionStatuses)),
  stage: optional(oneOf(versionStages)),
  reason: optional(text()),
  reasons: optional(texts(1_000)),
  verdict: optional(parseVerdict),
  previous: nullable(text()),
});

const parseEntry = (key: string, bytes: Uint8Array): Omit<HistoryEntry, "sha256"> =>
  storedEntry(JsonValue.parse(bytes, key, corruptRecord));
