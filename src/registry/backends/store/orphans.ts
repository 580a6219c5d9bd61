import { folderOf, type ListedBundle } from "../../versions/stored-bundles.js";
import type { IndexedVersion } from "../../versions/registry-index.js";

/** A bundle's folder that no version names: what a killed registration or removal left, or one that is being registered now. */
export interface OrphanBundle {
  /** The folder's name below `bundles/`. */
  readonly folder: string;
  readonly bytes: number;
  /** When its newest file was written, ISO 8601; null where the store does not know. */
  readonly modified: string | null;
}

/** The folders that no version names, oldest first; those were listed before the versions were read. */
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
