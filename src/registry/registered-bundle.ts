import { fromBundleFiles, type BundleFiles, type BundleReader } from "../model/bundle/format.js";
import { corrupt } from "../model/bundle/json.js";
import { manifestPath, type Manifest } from "../model/bundle/manifest.js";

/**
 * Reads a registered bundle whole and verified.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT and its kin.
 */
export async function bundleOf(read: BundleReader, contentHash: string): Promise<BundleFiles> {
  const files = new Map<string, Uint8Array>();
  const { manifest } = await fromBundleFiles(async (path) => {
    const bytes = await read(path);
    if (bytes !== undefined) files.set(path, bytes);
    return bytes;
  });
  checkContent(manifest, contentHash);
  return files;
}

/**
 * A whole bundle in the place of another is no less wrong than a broken one.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT.
 */
export function checkContent({ contentHash: found }: Manifest, registered: string): void {
  if (found !== registered) {
    throw corrupt(manifestPath, `is of another model (${found.slice(0, 12)}) than was registered (${registered.slice(0, 12)})`);
  }
}
