import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, openSync, readSync, renameSync, rmSync, type Dirent } from "node:fs";
import { mkdir, open, readdir, readFile, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { removeLeftovers, syncFolder, writeParts } from "./atomic.js";
import { withFileLock } from "./file-lock.js";
import { ioFailed, systemCode } from "./io-error.js";
import { checkKey, conflict, type ObjectInfo, type ObjectStore, type PutOptions } from "./object-store.js";
import { ownedName } from "./owner.js";

/** Holds the store's locks and half-written objects; hidden, so that no key can name it. */
const workFolder = ".store";

/**
 * An object store in a folder, one file for each object under its own name. Processes on one machine may share it: a
 * write takes effect in one rename under a lock of its key, and a kill at any moment leaves the old object or the new.
 * An object's version is the SHA-256 of its bytes.
 *
 * @param folder made at the first write.
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
  let swept: Promise<void> | undefined;
  const turns = new Map<string, Promise<unknown>>();

  async function putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<{ version: string }> {
    const target = pathOf(key);
    const temporary = join(root, workFolder, "tmp", ownedName());
    const checkVersion = (): void => {
      if (options.ifVersion !== undefined && versionOf(target) !== options.ifVersion) throw conflict(name, key);
    };
    try {
      // A first look spares the writing of what comes too late anyway; the one under the lock decides.
      checkVersion();
      await mkdir(dirname(temporary), { recursive: true });
      await (swept ??= removeLeftovers(dirname(temporary), "", ""));
      const version = await writeHashed(temporary, content);
      await withFileLock(lockOf(root, key), () => {
        checkVersion();
        renameInto(temporary, target);
      });
      await syncFolder(dirname(target));
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
    put(key, bytes, options) {
      // One after the other for each key: those who come too late are told so before they write anything.
      const turn = (turns.get(key) ?? Promise.resolve()).then(() => putStream(key, once(bytes), options));
      const over: Promise<unknown> = turn.then(noop, noop).then(() => turns.get(key) === over && turns.delete(key));
      turns.set(key, over);
      return turn;
    },
    async get(key) {
      const path = pathOf(key);
      try {
        const bytes = await readFile(path);
        return { bytes, version: createHash("sha256").update(bytes).digest("hex") };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw storeFailed("read", path, error);
      }
    },
    async getStream(key) {
      const path = pathOf(key);
      try {
        // The descriptor stays on the object it found, also when another takes its name meanwhile.
        const file = await open(path, "r");
        const { size } = await file.stat();
        return { size, stream: createReadStream(path, { fd: file }) as AsyncIterable<Uint8Array> };
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
        await withFileLock(lockOf(root, key), () => rmSync(path, { force: true }));
        await removeEmpty(dirname(path), root);
      } catch (error) {
        if (!isAbsent(error)) throw storeFailed("delete", path, error);
      }
    },
  };
}

const lockOf = (root: string, key: string): string =>
  join(root, workFolder, "locks", createHash("sha256").update(key).digest("hex").slice(0, 32));

const noop = (): undefined => undefined;

const isAbsent = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(systemCode(error));

function storeFailed(action: string, path: string, cause: unknown): ChurnkitError {
  if (ChurnkitError.isInstance(cause) && cause.code === "STORE_CONFLICT") return cause;
  const { message } = ioFailed(action, path, cause);
  return new ChurnkitError("STORE_FAILED", message, { where: { file: path }, cause });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function writeHashed(path: string, content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  try {
    await writeParts(file, hashing(content, hash));
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

async function* hashing(content: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const part of content) {
    hash.update(part);
    yield part;
  }
}

/** The version of the object at a path, null where there is none; read in pieces, since objects may be large. */
function versionOf(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
  try {
    const hash = createHash("sha256");
    const piece = Buffer.alloc(1 << 16);
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) hash.update(piece.subarray(0, read));
    return hash.digest("hex");
  } finally {
    closeSync(file);
  }
}

function renameInto(from: string, to: string, attempt = 0): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // A folder that was not there yet, or that a delete has just removed as empty.
    if (systemCode(error) !== "ENOENT" || attempt === 5) throw error;
    mkdirSync(dirname(to), { recursive: true });
    renameInto(from, to, attempt + 1);
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
      // An object deleted since it was listed is no longer there to be named.
      const size = await stat(path).then((found) => found.size, () => undefined);
      return size === undefined ? [] : [{ key: relative(root, path).split(sep).join("/"), size }];
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
