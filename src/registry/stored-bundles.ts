import pLimit from "p-limit";
import type { ObjectStore } from "../io/object-store.js";
import { manifestPath } from "../model/bundle/manifest.js";
import { bundleSource, type BundleSource } from "../model/bundle/source.js";
import { allAtOnce } from "./ledger.js";

/** Objects read or written at once; small files of a bundle, which take no memory to speak of, in one wave. */
const parallel = { small: 32, other: 16 };
const small = 2 ** 20;

/** Where a bundle lies: by its content, and by what tells one upload of it from another. */
export interface StoredBundle {
  readonly contentHash: string;
  readonly upload: string;
}

/**
 * Bundles in an object store, each upload in a folder of its own: whoever removes a version takes no files from somebody
 * who registers the same bundle again at that moment.
 */
export interface StoredBundles {
  /** The files come in any order: a bundle counts only once the index names it. Where one fails, none stays. */
  readonly put: (bundle: StoredBundle, source: BundleSource) => Promise<void>;
  readonly remove: (bundle: StoredBundle) => Promise<void>;
  readonly open: (bundle: StoredBundle) => Promise<BundleSource>;
}

export const newUpload = (): string => crypto.randomUUID().slice(0, 8);

/** It is part of a key: nothing else may stand in its place. */
export const isUpload = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{8}$/.test(value);

export function storedBundles(store: ObjectStore, prefix: string): StoredBundles {
  const limit = pLimit(parallel.other);
  const smallLimit = pLimit(parallel.small);
  const folder = ({ contentHash, upload }: StoredBundle): string => `${prefix}${contentHash}-${upload}/`;

  async function remove(bundle: StoredBundle): Promise<void> {
    const files = await store.list(folder(bundle));
    await Promise.all(files.map(({ key }) => limit(() => store.delete(key))));
  }

  return {
    async put(bundle, { manifest, read }) {
      const put = (path: string): Promise<unknown> => store.putStream(folder(bundle) + path, read(path));
      try {
        await allAtOnce([
          () => smallLimit(() => put(manifestPath)),
          ...manifest.files.map(({ path, bytes }) => () => (bytes > small ? limit : smallLimit)(() => put(path))),
        ]);
      } catch (error) {
        await remove(bundle).catch(() => undefined);
        throw error;
      }
    },
    remove,
    open: (bundle) => bundleSource(store, folder(bundle)),
  };
}
