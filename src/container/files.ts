import { constants, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join, relative, sep } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { documentError, JsonValue } from "../base/json/index.js";
import { ioFailed, systemCode } from "../io/io-error.js";

const malformed = documentError("INPUT_MALFORMED", "The file", "Correct the file.");

/** A file's bytes. */
export async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw ioFailed("read", path, error);
  }
}

/**
 * What comes through a named pipe. It is opened without waiting for a writer: a thread that waits cannot be called off, and would keep the
 * process from ending.
 */
export async function bytesOfPipe(path: string): Promise<Buffer> {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const parts: Buffer[] = [];
    for await (const part of new Socket({ fd, readable: true, writable: false }) as AsyncIterable<Buffer>)
      parts.push(part);
    return Buffer.concat(parts);
  } catch (error) {
    throw ioFailed("read", path, error);
  }
}

/** A file's JSON. */
export const jsonFile = async (path: string): Promise<JsonValue> =>
  JsonValue.parse(await bytesOf(path), path, malformed);

/** A file's JSON; undefined if there is no such file. */
export async function jsonIfAny(path: string): Promise<JsonValue | undefined> {
  try {
    return JsonValue.parse(await readFile(path), path, malformed);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw ioFailed("read", path, error);
  }
}

/** The files below a folder, as paths with `/` in the order of their code units. Hidden ones, and markers such as `_SUCCESS`, are left out. */
export async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .filter((path) => !path.split("/").some((part) => /^[._]/.test(part)))
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw ioFailed("read", folder, error);
  }
}

/** The names of the folders in a folder. */
export async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw ioFailed("read", folder, error);
  }
}

/**
 * The only file of a folder.
 *
 * @throws ChurnkitError INPUT_EMPTY for none, OPTION_INVALID for several.
 */
export async function onlyFile(folder: string): Promise<string> {
  const [first, second] = await filesIn(folder);
  if (first !== undefined && second === undefined) return join(folder, first);
  throw first === undefined
    ? new ChurnkitError("INPUT_EMPTY", `${folder} has no file. Check the S3Uri of the input.`, {
        where: { file: folder },
      })
    : new ChurnkitError("OPTION_INVALID", `${folder} holds ${first} and ${second}. Give one file.`, {
        where: { file: folder },
      });
}
