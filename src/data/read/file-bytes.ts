import type { FileHandle } from "node:fs/promises";
import { ChurnkitError } from "../../base/errors.js";
import { node } from "../../base/node.js";
import { Damaged } from "./parquet/thrift.js";

const chunkBytes = 256 * 1024;

/** Bytes that can be read from anywhere. */
export interface RangedBytes {
  readonly size: number;
  /** @throws ChurnkitError where they cannot be read; Damaged where they end before. */
  at(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file to read it from anywhere. */
export async function rangedFile(path: string): Promise<RangedBytes & { close(): Promise<void> }> {
  const handle = await openToRead(path);
  const { size } = await handle.stat();
  return {
    size,
    async at(start, length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const { bytesRead } = await handle.read(bytes, at, length - at, start + at).catch((cause: unknown) => {
          throw notReadable(path, cause);
        });
        if (bytesRead === 0) throw new Damaged("it became shorter while it was read");
        at += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Opens a file for reading. */
async function openToRead(path: string): Promise<FileHandle> {
  const { open } = node().getBuiltinModule("node:fs/promises");
  try {
    return await open(path, "r");
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

/** Returns the error for a failed read of a file. */
function notReadable(path: string, cause: unknown): ChurnkitError {
  const code = (cause as { code?: unknown } | null)?.code;
  const reasons = new Map<unknown, string>([
    ["ENOENT", "the file does not exist; check the path"],
    ["ENOTDIR", "the file does not exist; check the path"],
    ["EISDIR", "this is a folder; name a file in it"],
    ["EACCES", "no permission to read the file; check its permissions"],
    ["EPERM", "no permission to read the file; check its permissions"],
  ]);
  const reason = reasons.get(code);
  const where = { file: path };
  if (reason !== undefined) return new ChurnkitError("INPUT_NOT_FOUND", `${path}: ${reason}.`, { where, cause });
  return new ChurnkitError("IO_FAILED", `${path}: cannot be read (${String(code ?? cause)}).`, { where, cause });
}

/**
 * Yields the bytes of a file in chunks. The same buffer is filled again and again, so use a chunk before you request
 * the next. The file is closed after the last chunk or when the reader stops early.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND if the file does not exist, is a folder or is not readable; IO_FAILED.
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const handle = await openToRead(path);
  try {
    const buffer = new Uint8Array(chunkBytes);
    for (;;) {
      let size: number;
      try {
        size = (await handle.read(buffer, 0, chunkBytes, null)).bytesRead;
      } catch (cause) {
        throw notReadable(path, cause);
      }
      if (size === 0) return;
      yield buffer.subarray(0, size);
    }
  } finally {
    await handle.close();
  }
}
