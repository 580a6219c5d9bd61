import { createHash } from "node:crypto";
import { openSync, renameSync, rmSync, type Dirent } from "node:fs";
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ChurnkitError } from "../../../base/errors.js";
import { makeFolder, removeLeftovers, syncFolder } from "../../atomic.js";
import { groupCommit } from "./group-commit.js";
import { ioFailed, systemCode } from "../../io-error.js";
import { checkKey, conflict, type ObjectInfo, type ObjectStore, type PutOptions } from "../object-store.js";
import { hashNow, openStream, readObject, writeHashed } from "./object-file.js";
import { ownedName } from "../../owner.js";
import { keyedQueue } from "../../../base/async/index.js";

/** Folder for the store's lock and half-written objects; hidden, so that no key can name it. */
const workFolder = ".store";

/**
 * An object store in a folder, one file for each object under its own name. Processes on one machine may share it: a
 * write takes effect in one rename under the store's lock, and a kill at any moment leaves the old object or the new.
 * An object's version is the SHA-256 of its bytes.
 *
 * @param folder made by the first write.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { filesStore } from "churnkit/io";
 *
 * const store = filesStore(await mkdtemp("churnkit-"));
 * await store.put("models/a.json", new TextEncoder().encode("{}"));
 * console.assert((await store.list("models/")).length === 1);
 * ```
 */
export function filesStore(folder: string): ObjectStore {
  const root = resolve(folder);
  const name = `files at ${folder}`;
  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split("/"));
  };
  const halfWritten = join(root, workFolder, "tmp");
  const names = groupCommit(root, join(root, workFolder, "lock"));
  const putInTurn = keyedQueue();

  async function prepare(): Promise<void> {
    const made = await makeFolder(halfWritten);
    for (let path = root; made !== undefined && path.length >= made.length; path = dirname(path))
      await syncFolder(dirname(path));
    await removeLeftovers(halfWritten, "", "");
  }
  let prepared: Promise<void> | undefined;

  /** A new file to write to. */
  async function openNew(path: string): Promise<number> {
    try {
      await (prepared ??= prepare());
      return openSync(path, "wx");
    } catch (error) {
      if (systemCode(error) !== "ENOENT") {
        prepared = undefined;
        throw error;
      }
      // Somebody removed the folder in the meantime.
      await (prepared = prepare());
      return openSync(path, "wx");
    }
  }

  async function putStream(
    key: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<{ version: string }> {
    const target = pathOf(key);
    const temporary = join(halfWritten, ownedName());
    const checkVersion = (): void => {
      if (options.ifVersion !== undefined && versionOf(target) !== options.ifVersion) throw conflict(name, key);
    };
    try {
      // A first look avoids writing an object that comes too late anyway; the one under the lock decides.
      checkVersion();
      const version = await names.preparing(async () => writeHashed(await openNew(temporary), content));
      await names.commit(dirname(target), () => {
        checkVersion();
        renameInto(temporary, target, names.makeFolder);
      });
      return { version };
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw storeFailed("write", target, error);
    }
  }

  return {
    name,
    capabilities: { compareAndSwap: true, durable: true },
    putStream,
    // One after the other for each key: late writers hear of the conflict before they write anything.
    put: (key, bytes, options) => putInTurn(key, () => putStream(key, [bytes], options)),
    async get(key) {
      const path = pathOf(key);
      try {
        const bytes = await readObject(path);
        return { bytes, version: createHash("sha256").update(bytes).digest("hex") };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw storeFailed("read", path, error);
      }
    },
    async getStream(key) {
      const path = pathOf(key);
      try {
        return await openStream(path);
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw storeFailed("read", path, error);
      }
    },
    async list(prefix) {
      if (prefix.split("/").some((part) => part.startsWith("."))) return [];
      const found = await listFolder(root, prefix.slice(0, prefix.lastIndexOf("/") + 1));
      return found.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async delete(key) {
      const path = pathOf(key);
      try {
        await names.commit(dirname(path), () => rmSync(path, { force: true }));
        await removeEmpty(dirname(path), root);
      } catch (error) {
        if (!isAbsent(error)) throw storeFailed("delete", path, error);
      }
    },
  };
}

const isAbsent = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(systemCode(error));

function storeFailed(action: string, path: string, cause: unknown): ChurnkitError {
  if (ChurnkitError.isInstance(cause) && cause.code === "STORE_CONFLICT") return cause;
  const { message } = ioFailed(action, path, cause);
  return new ChurnkitError("STORE_FAILED", message, { where: { file: path }, cause });
}

/** Returns the version of the object at a path, null without an object. */
function versionOf(path: string): string | null {
  try {
    return hashNow(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function renameInto(from: string, to: string, makeFolder: (folder: string) => void, attempt = 0): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // A folder that did not exist yet, or that a delete has just removed as empty.
    if (systemCode(error) !== "ENOENT" || attempt === 5) throw error;
    makeFolder(dirname(to));
    renameInto(from, to, makeFolder, attempt + 1);
  }
}

async function listFolder(root: string, below: string): Promise<ObjectInfo[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, below), { recursive: true, withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw storeFailed("list", join(root, below), error);
  }
  const hidden = join(root, workFolder);
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.startsWith(hidden));
  const infos = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      // An object deleted after it was listed is left out.
      const found = await stat(path).catch(() => undefined);
      return found === undefined
        ? []
        : [{ key: relative(root, path).split(sep).join("/"), size: found.size, modified: found.mtime }];
    }),
  );
  return infos.flat();
}

async function removeEmpty(folder: string, root: string): Promise<void> {
  for (let path = folder; path.length > root.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
  }
}
