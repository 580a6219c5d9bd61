import type { Stats } from "node:fs";
import { constants, open, readFile } from "node:fs/promises";
import { ChurnkitError } from "../../base/errors.js";
import { hasher } from "../../base/hash.js";
import { ioFailed, systemCode } from "../../io/io-error.js";
import type { BundleFiles, BundleReader } from "./format.js";
import { corrupt } from "../corrupt.js";
import { manifestPath } from "./manifest.js";
import { openBundle, type Bundle, type OpenBundleOptions } from "./open.js";

/** How often a folder is read again if somebody replaces it during the read. */
const attempts = 5;

/**
 * Loads a bundle from a folder, a .tar.gz, or memory (files by path, or an archive's bytes): verifies every file,
 * compiles the model and reproduces its golden scores. If a killed save left the folder absent, it loads the previous
 * bundle.
 *
 * @typeParam Request the caller's type of a record to score: `loadBundle<RequestType<typeof customers>>("model")`.
 * @throws ChurnkitError BUNDLE_NOT_FOUND, BUNDLE_CORRUPT, BUNDLE_VERSION, BUNDLE_GOLDEN, ARCHIVE_UNSAFE, IO_FAILED.
 */
export async function loadBundle<Request = unknown>(
  source: string | BundleFiles | Uint8Array | ArrayBuffer,
  options: OpenBundleOptions = {},
): Promise<Bundle<Request>> {
  if (typeof source !== "string") return openBundle(source, options);
  if (statOf(source)?.isFile() === true) return loadArchive(source, options);
  for (let attempt = 1; ; attempt++) {
    const folder = await bundleFolder(source);
    if (folder === undefined) {
      // Between the two renames of a save the bundle has neither name.
      if (attempt < 3) continue;
      throw noBundle(source);
    }
    try {
      return await openBundle(folder.read, options);
    } catch (error) {
      if (attempt === attempts || (await folder.unchanged())) throw inFolder(error, source);
    }
  }
}

/**
 * A text that changes when another bundle is put at a path: the hash of a folder's manifest, the time and size of an archive.
 *
 * @throws ChurnkitError BUNDLE_NOT_FOUND, IO_FAILED.
 */
export async function bundleStamp(path: string): Promise<string> {
  const file = statOf(path);
  if (file?.isFile() === true) return `${file.mtimeMs} ${file.size}`;
  const manifest = await (await bundleFolder(path))?.read(manifestPath);
  if (manifest === undefined) throw noBundle(path);
  return hasher().update(manifest).hex();
}

const noBundle = (path: string): ChurnkitError =>
  new ChurnkitError(
    "BUNDLE_NOT_FOUND",
    `There is no bundle at ${path}. Make one with churnkit train, or check the path.`,
    { where: { file: path } },
  );

function statOf(path: string): Stats | undefined {
  try {
    return fs().statSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw ioFailed("read", path, error);
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
  /** Returns whether the manifest is still the one read first. */
  unchanged(): Promise<boolean>;
}

/** Returns the folder itself, or the newest of those that it replaced. */
async function bundleFolder(path: string): Promise<BundleFolder | undefined> {
  const itself = await openFolder(path);
  if (itself !== undefined) return itself;
  const { previousFolders } = await import("../../io/replace-directory.js");
  for (const folder of await previousFolders(path)) {
    const previous = await openFolder(folder);
    if (previous !== undefined) return previous;
  }
  return undefined;
}

async function openFolder(folder: string): Promise<BundleFolder | undefined> {
  const manifest = await readRegular(folder, manifestPath);
  if (manifest === undefined) return undefined;
  return {
    read: async (file) => (file === manifestPath ? manifest : readRegular(folder, file)),
    unchanged: async () => (await readRegular(folder, manifestPath).catch(() => undefined))?.equals(manifest) === true,
  };
}

/** Reads a plain file; never waits for a pipe or a device in its place. */
async function readRegular(folder: string, path: string): Promise<Buffer | undefined> {
  const place = `${folder}/${path}`;
  try {
    return readSmall(place, path) ?? (await readLarge(place, path));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return undefined;
    throw ioFailed("read", place, error);
  }
}

/** Not imported: an import statement makes Node load all of `node:fs`, including streams. */
const fs = () => process.getBuiltinModule("node:fs");
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Reads a file of at most 1 MiB at once: four trips through the thread pool would take longer than the file. */
function readSmall(place: string, path: string): Buffer | undefined {
  const { closeSync, fstatSync, openSync, readFileSync } = fs();
  const file = openSync(place, flags);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw corrupt(path, "is not a plain file");
    return found.size <= 2 ** 20 ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}

async function readLarge(place: string, path: string): Promise<Buffer> {
  const file = await open(place, flags);
  try {
    if (!(await file.stat()).isFile()) throw corrupt(path, "is not a plain file");
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Adds the bundle's name to an error inside it. */
function inFolder(error: unknown, path: string): unknown {
  if (!ChurnkitError.isInstance(error)) return error;
  return new ChurnkitError(error.code, `${path}: ${error.message}`, {
    where: { ...error.where, file: path },
    cause: error,
  });
}
