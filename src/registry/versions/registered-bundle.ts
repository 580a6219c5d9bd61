import { JsonValue } from "../../base/json/index.js";
import {
  extraNameOf,
  parseParts,
  partPaths,
  manifestPath,
  collected,
  type BundleSource,
  corrupt,
} from "../../model/bundle/index.js";
import type { Artifact } from "../../model/artifact.js";

/** Larger than any part of a bundle except its model. */
const maxPart = 64 * 2 ** 20;

/**
 * Reads everything of a bundle except its model, which may be larger than memory, including parts that are normally
 * parsed on first access. So a registered version never fails at its first use.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT.
 */
export async function partsOf({ manifest, read }: BundleSource): Promise<Omit<Artifact, "model">> {
  const files = new Map<string, Uint8Array>();
  const extras = manifest.files.map(({ path }) => path).filter((path) => extraNameOf(path) !== undefined);
  for (const path of [...partPaths, ...extras]) {
    const listed = manifest.files.find((file) => file.path === path);
    if (listed === undefined || listed.bytes > maxPart)
      throw corrupt(path, listed === undefined ? "is missing from the manifest" : "is larger than possible");
    files.set(path, await collected(read(path)));
  }
  const json = (path: string): JsonValue => JsonValue.parse(files.get(path) ?? new Uint8Array(), path, corrupt);
  for (const path of extras) json(path);
  return parseParts(json);
}

/** Reads every file to its end and parses every part except the model, so that any problem is thrown. */
export async function verifyBundle(source: BundleSource): Promise<void> {
  const { manifest, read } = source;
  await partsOf(source);
  for (const { path } of manifest.files) for await (const part of read(path)) void part;
}

/**
 * A complete bundle in the place of another is as wrong as a broken one.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT.
 */
export function checkContent(source: BundleSource, registered: string): BundleSource {
  const found = source.manifest.contentHash;
  if (found === registered) return source;
  throw corrupt(
    manifestPath,
    `belongs to a different model (${found.slice(0, 12)}) than was registered (${registered.slice(0, 12)})`,
  );
}
