import type { ParsedTarEntry } from "modern-tar";
import { ChurnkitError } from "../../base/errors.js";
import type { BundleFiles } from "./format.js";
import { isBundlePath, unsafePath } from "./manifest.js";
import { packSource } from "./pack-source.js";
import { collected, sourceOfFiles } from "./source.js";

/** Limits on what an archive may unpack to, whatever sizes it declares. */
export interface ArchiveLimits {
  /** Bytes of all files together. Default 512 MiB. */
  readonly bytes?: number | undefined;
  /** Number of files. Default 10,000. */
  readonly files?: number | undefined;
}

const defaultBytes = 512 * 2 ** 20;
const defaultFiles = 10_000;
/** Bytes that the archive's headers and padding may add to each file. */
const overheadPerFile = 4096;

/** Packs a bundle's files as .tar.gz, in memory. */
export async function packArchive(files: BundleFiles): Promise<Uint8Array<ArrayBuffer>> {
  return collected(packSource(await sourceOfFiles(files)));
}

/**
 * Unpacks an archive (.tar.gz or .tar) in memory. Only plain files with plain relative paths are accepted.
 *
 * @throws ChurnkitError ARCHIVE_UNSAFE for a path that leads out, a link, a device, a repeated file, or more bytes or
 * files than the limits; BUNDLE_CORRUPT when it cannot be read at all.
 */
export async function unpackArchive(
  archive: Uint8Array,
  limits: ArchiveLimits = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  // Loaded here, so that opening a folder does not wait for it.
  const { createTarDecoder } = await import("modern-tar");
  const maxBytes = limits.bytes ?? defaultBytes;
  const maxFiles = limits.files ?? defaultFiles;
  const bytes = new Blob([archive as Uint8Array<ArrayBuffer>]).stream();
  const zipped = archive[0] === 0x1f && archive[1] === 0x8b;
  const tar = zipped ? bytes.pipeThrough(new DecompressionStream("gzip")) : bytes;
  const entries = tar
    .pipeThrough(limited(maxBytes + maxFiles * overheadPerFile))
    .pipeThrough(createTarDecoder({ strict: true }))
    .getReader();
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let total = 0;
  try {
    for (let next = await entries.read(); !next.done; next = await entries.read()) {
      const { header, body } = next.value;
      const path = checkEntry(next.value, files);
      if (path === undefined) {
        await body.cancel();
        continue;
      }
      if (files.size >= maxFiles) throw unsafe(`holds more than ${maxFiles} files`);
      if (!Number.isSafeInteger(header.size) || (total += header.size) > maxBytes) throw tooLarge(maxBytes);
      files.set(path, new Uint8Array(await new Response(body).arrayBuffer()));
    }
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    throw new ChurnkitError(
      "BUNDLE_CORRUPT",
      "This is not a readable bundle: it is not a .tar.gz, or it was cut short or changed. If a command takes a bundle and a file, give the bundle first.",
      { cause },
    );
  } finally {
    await entries.cancel().catch(() => undefined);
  }
  return files;
}

/** Returns the path of a plain file, undefined for a folder's own entry. */
function checkEntry({ header }: ParsedTarEntry, files: ReadonlyMap<string, unknown>): string | undefined {
  const path = header.name.replace(/^(\.\/)+/, "");
  if (header.type === "directory") {
    const folder = path.replace(/\/+$/, "");
    if (folder !== "" && folder !== "." && !isBundlePath(folder)) throw unsafePath(header.name);
    return undefined;
  }
  if (header.type !== "file")
    throw unsafe(`holds a ${header.type ?? "thing"} named ${JSON.stringify(header.name.slice(0, 80))}`);
  if (!isBundlePath(path)) throw unsafePath(header.name);
  if (files.has(path)) throw unsafe(`holds ${path} twice`);
  return path;
}

function limited(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let total = 0;
  return new TransformStream({
    transform(chunk, controller) {
      total += chunk.length;
      if (total > maxBytes) controller.error(tooLarge(maxBytes));
      else controller.enqueue(chunk);
    },
  });
}

const tooLarge = (maxBytes: number): ChurnkitError =>
  unsafe(`unpacks to more than ${Math.round(maxBytes / 2 ** 20)} MB (raise limits.bytes if you need more)`);

function unsafe(what: string): ChurnkitError {
  return new ChurnkitError(
    "ARCHIVE_UNSAFE",
    `The archive ${what}, which a bundle never does. Don't use it unless you trust its source.`,
  );
}
