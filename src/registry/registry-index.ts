import { parseJsonFile, readableJson, type JsonValue } from "../model/bundle/json.js";
import { corruptRecord } from "./registry-error.js";
import { versionStatuses, type VersionStatus } from "./registry.js";

const format = "churnkit-registry";
const formatVersion = 1;
const maxVersions = 1_000_000;
/** How far back an alias remembers where it pointed. */
export const rollbackDepth = 20;

/** What the index says of a version; the rest stands in the version's own record, which never changes. */
export interface IndexedVersion {
  readonly number: number;
  readonly contentHash: string;
  /** Key of the version's record. */
  readonly record: string;
  readonly status: VersionStatus;
}

export interface IndexedAlias {
  readonly alias: string;
  readonly version: number;
  /** Versions it pointed to before, newest first. */
  readonly former: readonly number[];
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
export interface RegistryIndex {
  readonly versions: readonly IndexedVersion[];
  readonly aliases: readonly IndexedAlias[];
  readonly head: HistoryHead | null;
}

export const emptyIndex: RegistryIndex = { versions: [], aliases: [], head: null };

export function writeIndex(index: RegistryIndex): Uint8Array {
  return readableJson({ format, formatVersion, ...index });
}

/** @throws ChurnkitError REGISTRY_CORRUPT. */
export function parseIndex(key: string, bytes: Uint8Array): RegistryIndex {
  const root = parseJsonFile(key, bytes, corruptRecord);
  if (root.get("format").value !== format || root.get("formatVersion").value !== formatVersion) {
    throw corruptRecord(key, `is not of format ${format} ${formatVersion}; a newer churnkit may have written it`);
  }
  const head = root.get("head");
  const versions = root.get("versions").list(maxVersions).map(parseVersion);
  const numbers = new Set(versions.map((version) => version.number));
  return {
    versions,
    aliases: root.get("aliases").list().map((json) => parseAlias(json, numbers)),
    head: head.absent
      ? null
      : { sequence: head.get("sequence").count(1), sha256: head.get("sha256").text() },
  };
}

function parseVersion(json: JsonValue, i: number): IndexedVersion {
  // Numbers are given out without a gap, so a version's place follows from its number.
  return {
    number: json.get("number").count(i + 1, i + 1),
    contentHash: json.get("contentHash").text(),
    record: json.get("record").text(),
    status: json.get("status").oneOf(versionStatuses),
  };
}

function parseAlias(json: JsonValue, numbers: ReadonlySet<number>): IndexedAlias {
  const version = json.get("version").count(1);
  if (!numbers.has(version)) throw json.get("version").not("the number of a version");
  return {
    alias: json.get("alias").text(),
    version,
    former: json.get("former").list(rollbackDepth).map((number) => number.count(1)),
  };
}
