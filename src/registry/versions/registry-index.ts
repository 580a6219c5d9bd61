import { count, list, nullable, object, optional, text, JsonValue } from "../../base/json/index.js";
import { rollbackDepth } from "./aliases.js";
import { corruptRecord } from "../registry-error.js";
import { isUpload } from "./stored-bundles.js";
import type { RegistryState, VersionEntry } from "../registry-state.js";
import { versionStages, versionStatuses } from "./version.js";

const format = "churnkit-registry";
const formatVersion = 3;
const maxVersions = 1_000_000;

/** Index entry of a version; the rest is in the version's record. */
export interface IndexedVersion extends VersionEntry {
  /** Hash of the version's newest record; a change writes another record and leaves this one unchanged. */
  readonly record: string;
  /** The upload of its bundle, see {@link StoredBundle}. */
  readonly upload: string;
}

/** The end of the history: the number and hash of its last entry. */
export interface HistoryHead {
  readonly sequence: number;
  readonly sha256: string;
}

/**
 * The one object that changes, and only by compare-and-swap. Everything else is written before it, under unique
 * names, and counts from the moment the index names it.
 */
export interface RegistryIndex extends RegistryState<IndexedVersion> {
  readonly next: number;
  readonly head: HistoryHead | null;
  /** How often folders without a version were removed: the last removal may include an upload that began before it. */
  readonly cleaned?: number | undefined;
}

export const emptyIndex: RegistryIndex = { versions: [], aliases: [], next: 1, head: null };

const encoder = new TextEncoder();

/** A line for each version, by the engine's own writer, because every change writes them all. */
export function writeIndex({
  versions,
  aliases,
  next,
  highest,
  head,
  cleaned,
}: RegistryIndex): Uint8Array<ArrayBuffer> {
  const rest = JSON.stringify({ format, formatVersion, next, highest, head, cleaned, aliases }).slice(0, -1);
  return encoder.encode(
    `${rest},"versions":[\n${versions.map((version) => JSON.stringify(version)).join(",\n")}\n]}\n`,
  );
}

const indexed = object({
  aliases: list(object({ alias: text(), version: count(1), former: list(count(1), rollbackDepth) })),
  next: count(1),
  highest: optional(text()),
  head: nullable(object({ sequence: count(1), sha256: text() })),
  cleaned: optional(count(1)),
});

/** @throws ChurnkitError REGISTRY_CORRUPT. */
export function parseIndex(key: string, bytes: Uint8Array): RegistryIndex {
  const root = JsonValue.parse(bytes, key, corruptRecord);
  if (root.get("format").value !== format || root.get("formatVersion").value !== formatVersion) {
    throw corruptRecord(key, `is not of format ${format} ${formatVersion}; another churnkit may have written it`);
  }
  const { next, ...rest } = indexed(root);
  const versions = root.get("versions").list(maxVersions);
  let last = 0;
  for (const version of versions) {
    if (!isIndexedVersion(version) || version.number <= last || version.number >= next) {
      throw corruptRecord(key, `has no version after ${last}, although one belongs there`);
    }
    last = version.number;
  }
  return { ...rest, versions: versions as readonly IndexedVersion[], next };
}

/** Hashes are parts of keys, so only a valid hash may appear in their place. */
const isHash = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

/** Checked in place, without an object for each member: there are thousands, on every read. */
function isIndexedVersion(value: unknown): value is IndexedVersion {
  if (typeof value !== "object" || value === null) return false;
  const { number, semver, contentHash, status, stage, record, upload } = value as Partial<
    Record<keyof IndexedVersion, unknown>
  >;
  return (
    Number.isSafeInteger(number) &&
    typeof semver === "string" &&
    isHash(contentHash) &&
    isHash(record) &&
    isUpload(upload) &&
    versionStatuses.some((one) => one === status) &&
    versionStages.some((one) => one === stage)
  );
}
