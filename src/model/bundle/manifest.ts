import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import {
  count,
  list,
  number,
  object,
  optional,
  text,
  JsonValue,
  utf8Text,
  readableJson,
  readableText,
} from "../../base/json/index.js";
import { version as churnkitVersion } from "../../base/version.js";
import type { TrainingRun } from "../artifact.js";
import { corrupt } from "../corrupt.js";

export const manifestPath = "manifest.json";
const formatName = "churnkit-bundle";
/** Raised when a reader of the previous version could not read the new one. */
const formatVersion = 1;
const maxFiles = 10_000;

/** One file of a bundle. */
export interface ManifestFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Description of a bundle: `manifest.json`. */
export interface Manifest {
  readonly format: "churnkit-bundle";
  readonly formatVersion: 1;
  /** The contract's name. */
  readonly name: string;
  /** ISO 8601. Only this and `trainingRun` do not follow from data, seed and version. */
  readonly createdAt: string;
  /** What the training took; absent if it is not known. */
  readonly trainingRun?: TrainingRun | undefined;
  /** SHA-256 over `<sha256>  <path>\n` of every file, sorted by path: equal for equal models. */
  readonly contentHash: string;
  readonly versions: { readonly churnkit: string };
  /** Sorted by path; all except the manifest. */
  readonly files: readonly ManifestFile[];
  /** SHA-256 of this file without this member, so that a changed manifest is detected too. */
  readonly manifestHash: string;
}

const pathPattern = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*\/){0,8}[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * Returns whether this is a valid path of a file in a bundle: relative, no `..`, nothing hidden, plain characters, at
 * most 200 of them.
 */
export function isBundlePath(path: string): boolean {
  return path.length <= 200 && pathPattern.test(path);
}

/** Describes files as a manifest. */
export async function createManifest(
  name: string,
  createdAt: string,
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  trainingRun?: TrainingRun,
): Promise<Manifest> {
  const listed = await Promise.all(
    [...files].map(async ([path, bytes]) => ({ path, bytes: bytes.length, sha256: await sha256Hex(bytes) })),
  );
  listed.sort(byPath);
  const body = {
    format: formatName,
    formatVersion,
    name,
    createdAt,
    trainingRun,
    contentHash: await hashFiles(listed),
    versions: { churnkit: churnkitVersion },
    files: listed,
  } as const;
  return { ...body, manifestHash: await sha256Hex(readableJson(body)) };
}

const described = object({
  name: text(),
  createdAt: text(),
  trainingRun: optional(
    object({
      seconds: number(0),
      processorSeconds: optional(number(0)),
      machine: optional(text()),
      rows: optional(text()),
    }),
  ),
  contentHash: text(),
  versions: object({ churnkit: text() }),
  files: list(object({ path: text(), bytes: count(), sha256: text() }), maxFiles),
  manifestHash: text(),
});

/**
 * Reads and checks `manifest.json`.
 *
 * @throws ChurnkitError BUNDLE_VERSION when it has another format or version, BUNDLE_CORRUPT when it was changed,
 * ARCHIVE_UNSAFE when it names a path outside the bundle.
 */
export async function parseManifest(bytes: Uint8Array): Promise<Manifest> {
  const written = utf8Text(bytes, manifestPath, corrupt);
  const root = JsonValue.parse(written, manifestPath, corrupt);
  const format = root.get("format").value;
  const version = root.get("formatVersion").value;
  if (format !== formatName || version !== formatVersion) {
    throw new ChurnkitError(
      "BUNDLE_VERSION",
      `The bundle has format ${JSON.stringify(format) ?? "unknown"}, version ${JSON.stringify(version) ?? "unknown"}; ` +
        `this churnkit ${churnkitVersion} reads ${formatName} ${formatVersion}. Use the churnkit that wrote it, or train again.`,
      { where: { file: manifestPath } },
    );
  }
  const manifest: Manifest = { format: formatName, formatVersion, ...described(root) };
  for (const { path } of manifest.files) {
    if (!isBundlePath(path) || path === manifestPath) throw unsafePath(path);
  }
  if (new Set(manifest.files.map(({ path }) => path)).size < manifest.files.length)
    throw corrupt(manifestPath, "lists a file twice");
  await checkManifest(manifest, written);
  return manifest;
}

/** Checks a manifest against its own hashes, and its text against the canonical form. */
async function checkManifest(manifest: Manifest, text: string): Promise<void> {
  const { manifestHash, contentHash, files } = manifest;
  // The hash covers all lines except its own.
  const body = text.replace(`  "manifestHash": "${manifestHash}",\n`, "");
  const unchanged =
    text === readableText(manifest) &&
    manifestHash === (await sha256Hex(new TextEncoder().encode(body))) &&
    contentHash === (await hashFiles(files));
  if (!unchanged) throw corrupt(manifestPath, "was changed since it was written");
}

async function hashFiles(files: readonly ManifestFile[]): Promise<string> {
  const lines = [...files].sort(byPath).map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  return sha256Hex(new TextEncoder().encode(lines.join("")));
}

function byPath(a: ManifestFile, b: ManifestFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Makes the error for a path that could leave the bundle's folder. */
export function unsafePath(path: string): ChurnkitError {
  return new ChurnkitError(
    "ARCHIVE_UNSAFE",
    `The bundle names the path ${JSON.stringify(path.slice(0, 80))}, which is not allowed: paths are relative, of letters, ` +
      "digits and ._-, and never lead upward. Don't use this bundle unless you trust its source.",
    { where: { file: path.slice(0, 80) } },
  );
}
