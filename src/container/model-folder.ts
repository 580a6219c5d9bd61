import { rm } from "node:fs/promises";
import { join } from "node:path";
import { list, object, text } from "../base/json/index.js";
import { makeFolder, writeFileAtomic } from "../io/atomic.js";
import { ioFailed } from "../io/io-error.js";
import type { Artifact } from "../model/artifact.js";
import { isBundlePath, manifestPath, openBundle, toBundleFiles } from "../model/bundle/index.js";
import { jsonIfAny } from "./files.js";

/**
 * Makes the folder of a model ready: it exists, takes files and holds no bundle. Other files stay, since they may be somebody's.
 *
 * @throws ChurnkitError IO_FAILED.
 */
export async function clearModel(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    const manifest = await jsonIfAny(join(folder, manifestPath));
    if (manifest !== undefined)
      await removeFiles(
        folder,
        listed(manifest).files.map(({ path }) => path),
      );
    const probe = join(folder, ".probe");
    await writeFileAtomic(probe, "");
    await rm(probe);
  } catch (error) {
    throw ioFailed("write", folder, error);
  }
}

const listed = object({ files: list(object({ path: text() })) });

/**
 * Writes a bundle into a cleared folder. The folder stays, since it may be a mount, which nothing can be swapped with: the manifest comes
 * last, so that after a kill nobody takes the folder for a bundle, and an error leaves no file behind.
 */
export async function fillModel(folder: string, artifact: Artifact): Promise<void> {
  // A fixed date, so that the same training gives the same bytes.
  const files = await toBundleFiles(artifact, { createdAt: new Date(0) });
  await openBundle(files);
  const paths = [...files.keys()].sort((a, b) => Number(a === manifestPath) - Number(b === manifestPath));
  try {
    for (const path of paths) await writeFileAtomic(join(folder, path), files.get(path) as Uint8Array);
  } catch (error) {
    await removeFiles(folder, paths).catch(() => undefined);
    throw error;
  }
}

/** The manifest first: what is left of a bundle without it is none. */
async function removeFiles(folder: string, paths: readonly string[]): Promise<void> {
  await rm(join(folder, manifestPath), { force: true });
  for (const path of paths.filter(isBundlePath)) await rm(join(folder, path), { force: true });
}
