import { folderOf, type ListedBundle } from "../../versions/stored-bundles.js";
import type { IndexedVersion } from "../../versions/registry-index.js";

/** A bundle's folder that no version names: left by a killed registration or removal, or being registered now. */
export interface OrphanBundle {
  /** The folder's name below `bundles/`. */
  readonly folder: string;
  readonly bytes: number;
  /** Time of its newest file, ISO 8601; null if the store does not know. */
  readonly modified: string | null;
}

/** Folders that no version names, oldest first; they were listed before the versions were read. */
export function orphansAmong(listed: readonly ListedBundle[], versions: readonly IndexedVersion[]): OrphanBundle[] {
  const named = new Set(versions.map(folderOf));
  return listed
    .filter((bundle) => !named.has(folderOf(bundle)))
    .map((bundle) => ({
      folder: folderOf(bundle),
      bytes: bundle.bytes,
      modified: bundle.modified?.toISOString() ?? null,
    }))
    .sort((a, b) => (a.modified ?? "~").localeCompare(b.modified ?? "~"));
}
