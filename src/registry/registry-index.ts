import { parseJsonFile, readableJson, type JsonValue } from "../model/bundle/json.js";
import { rollbackDepth } from "./aliases.js";
import { corruptRecord } from "./registry-error.js";
import type { AliasEntry, RegistryState, VersionEntry } from "./registry-state.js";
import { versionStages, versionStatuses } from "./version.js";

const format = "churnkit-registry";
const formatVersion = 2;
const maxVersions = 1_000_000;

/** What the index says of a version; the rest stands in the version's record. */
export interface IndexedVersion extends VersionEntry {
  /** Key of the version's newest record, named by its hash; a change writes another and leaves this one as it was. */
  readonly record: string;
}

/** The end of the history: the number and hash of its last entry. */
export interface HistoryHead {
  readonly sequence: number;
  readonly sha256: string;
}

/**
 * The one object that changes, and only by compare-and-swap: everything else is written before it, under names of its
 * own, and counts from the moment the index names it.
 */
export interface RegistryIndex extends RegistryState<IndexedVersion> {
  /** The number of the version to come. */
  readonly next: number;
  readonly head: HistoryHead | null;
}

export const emptyIndex: RegistryIndex = { versions: [], aliases: [], next: 1, head: null };

export function writeIndex(index: RegistryIndex): Uint8Array<ArrayBuffer> {
  return readableJson({ format, formatVersion, ...index });
}

/** @throws ChurnkitError REGISTRY_CORRUPT. */
export function parseIndex(key: string, bytes: Uint8Array): RegistryIndex {
  const root = parseJsonFile(key, bytes, corruptRecord);
  if (root.get("format").value !== format || root.get("formatVersion").value !== formatVersion) {
    throw corruptRecord(key, `is not of format ${format} ${formatVersion}; another churnkit may have written it`);
  }
  const head = root.get("head");
  const next = root.get("next").count(1);
  let last = 0;
  const versions = root.get("versions").list(maxVersions).map((json) => {
    const version = parseVersion(json, last + 1, next - 1);
    last = version.number;
    return version;
  });
  return {
    versions,
    aliases: root.get("aliases").list().map(parseAlias),
    next,
    head: head.absent ? null : { sequence: head.get("sequence").count(1), sha256: head.get("sha256").text() },
  };
}

function parseVersion(json: JsonValue, least: number, most: number): IndexedVersion {
  return {
    number: json.get("number").count(least, most),
    semver: json.get("semver").text(),
    contentHash: json.get("contentHash").text(),
    status: json.get("status").oneOf(versionStatuses),
    stage: json.get("stage").oneOf(versionStages),
    record: json.get("record").text(),
  };
}

function parseAlias(json: JsonValue): AliasEntry {
  return {
    alias: json.get("alias").text(),
    version: json.get("version").count(1),
    former: json.get("former").list(rollbackDepth).map((number) => number.count(1)),
  };
}
