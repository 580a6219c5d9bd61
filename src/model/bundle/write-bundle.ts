import { access, constants, readFile, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ChurnkitError } from "../../base/errors.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { ioFailed, systemCode } from "../../io/io-error.js";
import { replaceDirectory } from "../../io/replace-directory.js";
import type { Artifact } from "../artifact.js";
import type { Saved } from "./save.js";
import { packArchive } from "./archive.js";
import { toBundleFiles, type BundleOptions } from "./format.js";
import { manifestPath, type Manifest } from "./manifest.js";
import { openBundle } from "./open.js";
import { parseJson } from "../../base/json/index.js";

/** Returns whether this path is saved as one archive rather than as a folder. */
const isArchivePath = (path: string): boolean => /\.(tar\.gz|tgz)$/.test(path);

/** Implements `saveBundle`. */
export async function writeBundle(
  model: Artifact | Saved,
  path: string,
  options: BundleOptions = {},
): Promise<Manifest> {
  const { artifact, trainingRun }: Saved = "artifact" in model ? model : { artifact: model };
  const archive = isArchivePath(path);
  if (!archive) await checkTarget(path);
  const files = await toBundleFiles(artifact, { trainingRun, ...options });
  const opened = await openBundle(files);
  // Reads every part, including those that opening leaves for later.
  Object.values(opened.artifact);
  if (archive) await writeFileAtomic(path, await packArchive(files));
  else await replaceDirectory(path, files);
  return opened.manifest;
}

/** Implements `checkBundleTarget`. */
export async function checkTarget(path: string): Promise<void> {
  await checkWritable(path);
  if (isArchivePath(path)) {
    if (
      !(await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      ))
    )
      return;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${path} is a folder. Name a file for the archive, or a folder of another name for the bundle.`,
      {
        where: { file: path },
      },
    );
  }
  const names = await namesIn(path);
  if (names.length === 0) return;
  const listed = await listedFiles(path);
  if (listed === undefined) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${path} is not empty and is not a bundle, so it was not replaced. Choose another folder or empty this one.`,
      {
        where: { file: path },
      },
    );
  }
  const known = new Set([manifestPath, ...listed.map((file) => file.split("/")[0])]);
  const foreign = names.find((name) => !known.has(name) && !name.startsWith("."));
  if (foreign !== undefined) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${path} contains a bundle and also ${foreign}, which replacing the bundle would delete. Move it elsewhere.`,
      { where: { file: join(path, foreign) } },
    );
  }
}

/** Checks whether the nearest existing folder above is writable. */
async function checkWritable(path: string): Promise<void> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    try {
      return await access(folder, constants.W_OK);
    } catch (error) {
      if (systemCode(error) !== "ENOENT" || dirname(folder) === folder) throw ioFailed("write", path, error);
    }
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    if ((await stat(path)).isDirectory()) return await readdir(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw ioFailed("use", path, error);
  }
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${path} is a file. Name a folder for the bundle, or a file ending in .tar.gz.`,
    {
      where: { file: path },
    },
  );
}

/** Returns the files that a bundle's manifest lists, for any format version; undefined without a bundle. */
async function listedFiles(path: string): Promise<string[] | undefined> {
  try {
    const manifest = parseJson(await readFile(join(path, manifestPath), "utf8")) as Partial<Manifest> | null;
    if (manifest?.format !== "churnkit-bundle" || !Array.isArray(manifest.files)) return undefined;
    return manifest.files.map((file) => String((file as { path?: unknown } | null)?.path));
  } catch {
    return undefined;
  }
}
