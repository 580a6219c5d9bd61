import { open, stat } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";
import { hasher } from "../base/hash.js";
import type { NamedBytes } from "../data/read/index.js";
import { openObject } from "./places.js";

/** Rows to read: a path, or bytes from elsewhere. */
export interface RowsSource {
  readonly from: string | NamedBytes;
  /** Changes if the rows do, as far as can be told without reading them all. */
  readonly identity: string;
}

const headBytes = 65_536;

/**
 * Opens a file, or an object as s3://bucket/key.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND, STORE_FAILED, PEER_MISSING.
 */
export async function openRows(place: string): Promise<RowsSource> {
  if (!place.startsWith("s3://")) return { from: place, identity: await fileIdentity(place) };
  const { objects, key } = await openObject(place);
  const found = await objects.open(key);
  if (found === undefined)
    throw new ChurnkitError("INPUT_NOT_FOUND", `${place} does not exist; check the bucket and the key.`, {
      where: { file: place },
    });
  return {
    from: { name: place, bytes: found.stream, ranged: found },
    identity: `${found.size} bytes of ${found.version}`,
  };
}

/** Size, time and a hash of the first bytes; a file that cannot be read is reported by its reader. */
async function fileIdentity(path: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path);
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0);
      return `${size} bytes of ${mtimeMs}, ${hasher().update(buffer.subarray(0, bytesRead)).hex()}`;
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}
