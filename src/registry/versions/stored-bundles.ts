import pLimit from "p-limit";
import { settleAll } from "../../base/async/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import { manifestPath, bundleSource, type BundleSource } from "../../model/bundle/index.js";

/** Objects read or written at once; small files of a bundle, which take little memory, in one wave. */
const parallel = { small: 32, other: 16 };
const small = 2 ** 20;

/** Location of a bundle: its content, and the name of one upload of it. */
export interface StoredBundle {
  readonly contentHash: string;
  readonly upload: string;
}

/**
 * Bundles in an object store, each upload in its own folder: removing a version takes no files from a registration of
 * the same bundle at that moment.
 */
export interface StoredBundles {
  /** The files come in any order, because a bundle counts only after the index names it. */
  readonly put: (bundle: StoredBundle, source: BundleSource) => Promise<void>;
  /** Takes the folder's name. */
  readonly remove: (folder: string) => Promise<void>;
  readonly open: (bundle: StoredBundle) => Promise<BundleSource>;
  /** Every upload in the store, complete or partial. */
  readonly list: () => Promise<readonly ListedBundle[]>;
}

/** An upload, from its folder's listing. */
export interface ListedBundle extends StoredBundle {
  readonly files: number;
  readonly bytes: number;
  /** Time of its newest file. */
  readonly modified: Date | undefined;
}

export const folderOf = ({ contentHash, upload }: StoredBundle): string => `${contentHash}-${upload}`;

export const newUpload = (): string => crypto.randomUUID().slice(0, 8);

/**
 * Name of the upload of a version that comes from elsewhere with its number: the same when that is repeated, and a
 * different one after folders were removed, because the previous one's files may still be in removal.
 */
export const uploadNumbered = (version: number, cleaned = 0): string =>
  ((cleaned % 2 ** 12) * 2 ** 20 + version).toString(16).padStart(8, "0");

/** It is part of a key, so only a valid upload name may appear in its place. */
export const isUpload = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{8}$/.test(value);

export function storedBundles(store: ObjectStore, prefix: string): StoredBundles {
  const limit = pLimit(parallel.other);
  const smallLimit = pLimit(parallel.small);
  const folder = (bundle: StoredBundle): string => `${prefix}${folderOf(bundle)}/`;

  return {
    async put(bundle, { manifest, read }) {
      const put = (path: string): Promise<unknown> => store.putStream(folder(bundle) + path, read(path));
      await settleAll([
        () => smallLimit(() => put(manifestPath)),
        ...manifest.files.map(
          ({ path, bytes }) =>
            () =>
              (bytes > small ? limit : smallLimit)(() => put(path)),
        ),
      ]);
    },
    async remove(name) {
      const files = await store.list(`${prefix}${name}/`);
      await Promise.all(files.map(({ key }) => limit(() => store.delete(key))));
    },
    open: (bundle) => bundleSource(store, folder(bundle)),
    async list() {
      const found = new Map<string, ListedBundle>();
      for (const { key, size, modified } of await store.list(prefix)) {
        const [, folder, contentHash, upload] =
          /^(([0-9a-f]{64})-([0-9a-f]{8}))\//.exec(key.slice(prefix.length)) ?? [];
        if (folder === undefined || contentHash === undefined || upload === undefined) continue;
        const before = found.get(folder) ?? { contentHash, upload, files: 0, bytes: 0, modified };
        found.set(folder, {
          ...before,
          files: before.files + 1,
          bytes: before.bytes + size,
          modified: newest(before.modified, modified),
        });
      }
      return [...found.values()];
    },
  };
}

/** Undefined if either is: a folder's age is known only if all its files' ages are. */
const newest = (a: Date | undefined, b: Date | undefined): Date | undefined =>
  a === undefined || b === undefined ? undefined : a > b ? a : b;
