import { constants } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ChurnkitError } from "../../base/errors.js";
import { ioFailed, systemCode } from "../../io/io-error.js";
import { previousFolders } from "../../io/replace-directory.js";
import type { BundleFiles, BundleReader } from "./format.js";
import { corrupt } from "./json.js";
import { manifestPath } from "./manifest.js";
import { openBundle, type Bundle, type OpenBundleOptions } from "./open.js";

/** How often a folder that somebody replaces while it is read is read again. */
const attempts = 5;

/**
 * Loads a bundle from a folder, a .tar.gz, or memory (files by path, or an archive's bytes): verifies every file,
 * compiles the model and reproduces its golden scores. Where a killed save left a folder's place empty, the bundle
 * that was there before is loaded.
 *
 * @throws ChurnkitError BUNDLE_NOT_FOUND, BUNDLE_CORRUPT, BUNDLE_VERSION, BUNDLE_GOLDEN, ARCHIVE_UNSAFE, IO_FAILED.
 */
export async function loadBundle(
  source: string | BundleFiles | Uint8Array | ArrayBuffer,
  options: OpenBundleOptions = {},
): Promise<Bundle> {
  if (typeof source !== "string") return openBundle(source, options);
  const found = await stat(source).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw ioFailed("read", source, error);
  });
  if (found?.isFile() === true) return loadArchive(source, options);
  for (let attempt = 1; ; attempt++) {
    const folder = await bundleFolder(source);
    if (folder === undefined) {
      // In the moment between the two renames of a save the bundle has neither name.
      if (attempt < 3) continue;
      throw new ChurnkitError("BUNDLE_NOT_FOUND", `There is no bundle at ${source}. Make one with churnkit train, or check the path.`, {
        where: { file: source },
      });
    }
    try {
      return await openBundle(folder.read, options);
    } catch (error) {
      if (attempt === attempts || (await folder.unchanged())) throw inFolder(error, source);
    }
  }
}

async function loadArchive(path: string, options: OpenBundleOptions): Promise<Bundle> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw ioFailed("read", path, error);
  });
  return openBundle(bytes, options).catch((error: unknown) => {
    throw inFolder(error, path);
  });
}

interface BundleFolder {
  readonly read: BundleReader;
  /** Is the manifest still the one that was read first? */
  unchanged(): Promise<boolean>;
}

/** The folder itself, or the newest of those that it replaced. */
async function bundleFolder(path: string): Promise<BundleFolder | undefined> {
  for (const folder of [path, ...(await previousFolders(path))]) {
    const manifest = await readRegular(folder, manifestPath);
    if (manifest === undefined) continue;
    return {
      read: async (file) => (file === manifestPath ? manifest : readRegular(folder, file)),
      unchanged: async () => (await readRegular(folder, manifestPath).catch(() => undefined))?.equals(manifest) === true,
    };
  }
  return undefined;
}

/** Reads a plain file; never waits for a pipe or a device that stands in its place. */
async function readRegular(folder: string, path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(join(folder, path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!(await file.stat()).isFile()) throw corrupt(path, "is not a plain file");
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return undefined;
    throw ioFailed("read", join(folder, path), error);
  }
}

/** Says of an error inside a bundle which bundle it is. */
function inFolder(error: unknown, path: string): unknown {
  if (!ChurnkitError.isInstance(error)) return error;
  return new ChurnkitError(error.code, `${path}: ${error.message}`, { where: { ...error.where, file: path }, cause: error });
}
