import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ChurnkitError } from "../../../base/errors.js";
import { ioFailed, systemCode } from "../../../io/io-error.js";
import type { ObjectInfo, ObjectStore } from "../../../io/store/index.js";

/**
 * Files as a source of captured data: a prefix is a path, of a file or of a folder with everything below it, whatever
 * the names.
 *
 * @throws ChurnkitError (from `list`) INPUT_NOT_FOUND for a path that does not exist, IO_FAILED.
 */
export function capturedFiles(): Pick<ObjectStore, "list" | "getStream"> {
  return {
    async list(path) {
      const found = await stat(path).catch((error: unknown) => {
        if (systemCode(error) === "ENOENT")
          throw new ChurnkitError("INPUT_NOT_FOUND", `There is no captured data at ${path}.`, {
            where: { file: path },
          });
        throw ioFailed("read", path, error);
      });
      return found.isDirectory() ? filesBelow(path) : [{ key: path, size: found.size }];
    },
    async getStream(path) {
      try {
        const { size } = await stat(path);
        return { size, stream: partsOf(path) };
      } catch (error) {
        if (systemCode(error) === "ENOENT") return undefined;
        throw ioFailed("read", path, error);
      }
    },
  };
}

/** Opened by the first read: a stream that nobody reads would keep its file open. */
async function* partsOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}

async function filesBelow(folder: string): Promise<ObjectInfo[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return paths.sort().map((key) => ({ key, size: 0 }));
  } catch (error) {
    throw ioFailed("read", folder, error);
  }
}
