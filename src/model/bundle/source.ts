import { ChurnkitError } from "../../base/errors.js";
import { hasher } from "../../base/hash.js";
import type { ObjectStore } from "../../io/store/index.js";
import type { BundleFiles } from "./format.js";
import { corrupt } from "../corrupt.js";
import { manifestPath, parseManifest, type Manifest } from "./manifest.js";

/** A bundle that is read on demand, file by file, so that its size does not matter. */
export interface BundleSource {
  readonly manifest: Manifest;
  /**
   * Streams the bytes of `manifest.json` or a file that it lists, checked against the manifest's size and SHA-256: a
   * mismatch throws BUNDLE_CORRUPT before the end.
   */
  readonly read: (path: string) => AsyncIterable<Uint8Array>;
}

const maxManifest = 16 * 2 ** 20;

/**
 * Opens a bundle in place: in a folder (`bundleSource(filesStore("model"))`) or under a prefix of any object store.
 *
 * @param prefix ends with `/` unless it is empty.
 * @throws ChurnkitError BUNDLE_NOT_FOUND without a manifest, BUNDLE_VERSION, BUNDLE_CORRUPT, ARCHIVE_UNSAFE.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { filesStore, memoryStore } from "churnkit/io";
 * import { bundleSource, logistic, saveBundle, train } from "churnkit/model";
 * import { storeRegistry } from "churnkit/registry";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * await saveBundle(model, "model-to-register");
 * const registry = storeRegistry(memoryStore(), { name: "churn" });
 * const { version } = await registry.register(await bundleSource(filesStore("model-to-register")));
 * console.assert(version.number === 1);
 * ```
 */
export async function bundleSource(store: Pick<ObjectStore, "name" | "getStream">, prefix = ""): Promise<BundleSource> {
  const found = await store.getStream(`${prefix}${manifestPath}`);
  if (found === undefined) {
    throw new ChurnkitError(
      "BUNDLE_NOT_FOUND",
      `There is no bundle in ${store.name}: ${prefix}${manifestPath} is missing.`,
      {
        where: { file: `${prefix}${manifestPath}` },
      },
    );
  }
  const bytes = await collected(manifestOf(found.stream));
  return sourceOf(await parseManifest(bytes), bytes, async function* (path) {
    const object = await store.getStream(`${prefix}${path}`);
    if (object === undefined) throw corrupt(path, "is missing");
    yield* object.stream;
  });
}

/** A manifest's parts; the stream is closed where it is too long. */
async function* manifestOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > maxManifest) throw corrupt(manifestPath, "is larger than any manifest");
    yield part;
  }
}

/** A bundle in memory; `parsed` is its manifest, if it was already read. */
export async function sourceOfFiles(files: BundleFiles, parsed?: Manifest): Promise<BundleSource> {
  const bytes = files.get(manifestPath);
  if (bytes === undefined)
    throw new ChurnkitError("BUNDLE_NOT_FOUND", "There is no bundle: manifest.json is missing.", {
      where: { file: manifestPath },
    });
  return sourceOf(parsed ?? (await parseManifest(bytes)), bytes, async function* (path) {
    const file = await Promise.resolve(files.get(path));
    if (file === undefined) throw corrupt(path, "is missing");
    yield file;
  });
}

/** All files of a bundle in memory, verified. */
export async function filesOfSource({ manifest, read }: BundleSource): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const paths = [...manifest.files.map(({ path }) => path), manifestPath];
  return new Map(await Promise.all(paths.map(async (path) => [path, await collected(read(path))] as const)));
}

function sourceOf(
  manifest: Manifest,
  manifestBytes: Uint8Array,
  open: (path: string) => AsyncIterable<Uint8Array>,
): BundleSource {
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  return {
    manifest,
    async *read(path) {
      if (path === manifestPath) {
        yield manifestBytes;
        return;
      }
      const file = listed.get(path);
      if (file === undefined) throw corrupt(path, "is not listed in the manifest");
      const hash = hasher();
      let size = 0;
      for await (const part of open(path)) {
        size += part.length;
        if (size > file.bytes) break;
        hash.update(part);
        yield part;
      }
      if (size !== file.bytes)
        throw corrupt(
          path,
          `has ${size > file.bytes ? "more" : "fewer"} than the ${file.bytes} bytes it was written with`,
        );
      if (hash.hex() !== file.sha256)
        throw corrupt(path, "was changed since it was written (its SHA-256 differs from the manifest's)");
    },
  };
}

/** Collects the bytes of a stream. */
export async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    parts.push(part);
    length += part.length;
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && only.buffer instanceof ArrayBuffer)
    return only as Uint8Array<ArrayBuffer>;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
