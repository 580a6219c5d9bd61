import type { ObjectStore } from "../../io/store/index.js";
import { count, list, object, text, JsonValue, readableJson } from "../../base/json/index.js";
import {
  corrupt,
  manifestPath,
  openBundle,
  type Bundle,
  type OpenBundleOptions,
  type BundleFiles,
} from "../../model/bundle/index.js";

/** A version with a copy. */
export interface LocalCopy {
  readonly contentHash: string;
  readonly number: number;
  readonly semver: string;
}

const listPath = "copies.json";

/** The copies, the one in service first. */
const copyList = object({ copies: list(object({ contentHash: text(), number: count(1), semver: text() }), 1_000) });

export async function listCopies(store: ObjectStore): Promise<LocalCopy[]> {
  const found = await store.get(listPath);
  if (found === undefined) return [];
  return copyList(JsonValue.parse(found.bytes, listPath, corrupt)).copies;
}

const writeList = (store: ObjectStore, copies: readonly LocalCopy[]): Promise<unknown> =>
  store.put(listPath, readableJson({ copies }));

/**
 * Saves a version as the one in service, and keeps previous ones as far as `keep` allows. The list names a copy only
 * after its last file was written.
 */
export async function keepCopy(
  store: ObjectStore,
  copy: LocalCopy,
  files: () => Promise<BundleFiles>,
  keep: number,
): Promise<void> {
  const before = await listCopies(store);
  if (before[0]?.contentHash === copy.contentHash) return;
  const others = before.filter(({ contentHash }) => contentHash !== copy.contentHash);
  if (others.length === before.length) {
    const entries = [...(await files())].sort(([a], [b]) => Number(a === manifestPath) - Number(b === manifestPath));
    for (const [path, bytes] of entries) await store.put(`${copy.contentHash}/${path}`, bytes);
  }
  const kept = [copy, ...others].slice(0, keep);
  await writeList(store, kept);
  for (const { contentHash } of others.slice(keep - 1)) {
    for (const { key } of await store.list(`${contentHash}/`)) await store.delete(key);
  }
}

/** Moves the previous copy to the front, and the current one to the end. Returns it, if there is one. */
export async function stepBack(store: ObjectStore): Promise<LocalCopy | undefined> {
  const [present, ...others] = await listCopies(store);
  const [previous] = others;
  if (present === undefined || previous === undefined) return undefined;
  await writeList(store, [...others, present]);
  return previous;
}

/** Opens a copy, verified like any bundle. */
export const openCopy = (
  store: ObjectStore,
  { contentHash }: LocalCopy,
  options?: OpenBundleOptions,
): Promise<Bundle> => openBundle(async (path) => (await store.get(`${contentHash}/${path}`))?.bytes, options);
