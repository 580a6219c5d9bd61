import type { FileHandle } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";
import { count, documentError, JsonValue, literal, object, record, text } from "../base/json/index.js";
import { node } from "../base/node.js";
import { makeFolder, removeCreated, syncFolder, writeFileAtomic } from "./atomic.js";
import { ioFailed, systemCode } from "./io-error.js";

const files = () => node().getBuiltinModule("node:fs/promises");
const paths = () => node().getBuiltinModule("node:path");

/** Bytes between two journal entries: what a kill loses, at most, and what a disk writes well at once. */
const journalBytes = 4 * 1024 * 1024;

/** Counts that continue with the file, such as the rows written. */
export type Counts = Readonly<Record<string, number>>;

/** Hashes of the inputs of a file, by name. A file is continued only if all are equal. */
export type Origins = Readonly<Record<string, string>>;

/** A file or object that grows by the end, and is continued after a kill. */
export interface ResumableFile {
  /** Counts of the part that is already there; undefined for a new file. */
  readonly done: Counts | undefined;
  /** Appends bytes. @param counts what is true after them. */
  append(bytes: Uint8Array, counts: Counts): Promise<void>;
  /** Gives it its name. */
  finish(): Promise<void>;
  /** Leaves the part for a later run, or removes it. */
  close(keep: boolean): Promise<void>;
}

/** Errors after which a later run may succeed with the same input. */
const passing = ["IO_FAILED", "STORE_FAILED", "THREAD_FAILED", "TOO_BUSY"];

/**
 * Writes the parts that `make` yields and finishes, or leaves what was written for a later run where one may succeed.
 *
 * @param make gets the counts of a run that is continued.
 * @returns the counts after the last part.
 */
export async function writeResumable(
  file: ResumableFile,
  make: (done: Counts | undefined) => AsyncIterable<{ readonly bytes: Uint8Array; readonly counts: Counts }>,
): Promise<Counts> {
  let last = file.done ?? {};
  try {
    for await (const { bytes, counts } of make(file.done)) {
      await file.append(bytes, counts);
      last = counts;
    }
    await file.finish();
    return last;
  } catch (error) {
    await file.close(ChurnkitError.isInstance(error) && passing.includes(error.code));
    throw error;
  }
}

const journalOf = object({
  format: literal("churnkit-partial-1"),
  bytes: count(),
  counts: record(count()),
  origins: record(text()),
});

const unusable = documentError("CHECKPOINT_MISMATCH", "The journal", "Begin again without --resume.");

/**
 * Begins a file, or continues one that a killed run left. The bytes go to `<path>.partial` until the file is whole; beside it
 * `<path>.partial.json` says how far it is known to be good. What is behind that is cut off, so the file ends up with the
 * bytes of an uninterrupted run.
 *
 * @param options.resume Continue a file that is there; without one, begin.
 * @throws ChurnkitError CHECKPOINT_MISMATCH if the part was made of something else, IO_FAILED.
 */
export async function openResumable(
  path: string,
  origins: Origins,
  { resume }: { readonly resume: boolean },
): Promise<ResumableFile> {
  const target = await files()
    .realpath(path)
    .catch(() => path);
  const partial = `${target}.partial`;
  const journal = `${partial}.json`;
  const before = resume ? await readJournal(journal, partial, origins) : undefined;
  const folder = paths().dirname(target);
  const created = await makeFolder(folder);
  let file: FileHandle;
  try {
    if (before === undefined) await files().rm(journal, { force: true });
    file = await files().open(partial, before === undefined ? "w" : "r+");
    if (before !== undefined) await file.truncate(before.bytes);
  } catch (cause) {
    await removeCreated(folder, created);
    throw ioFailed("write", path, cause);
  }
  let written = before?.bytes ?? 0;
  let noted = written;
  const whole = async (bytes: Uint8Array): Promise<void> => {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, from, bytes.length - from, written);
      from += bytesWritten;
      written += bytesWritten;
    }
  };
  return {
    done: before?.counts,
    async append(bytes, counts) {
      try {
        await whole(bytes);
        if (written - noted < journalBytes) return;
        await file.datasync();
        const entry = { format: "churnkit-partial-1", bytes: written, counts, origins };
        await writeFileAtomic(journal, JSON.stringify(entry));
        noted = written;
      } catch (cause) {
        throw ioFailed("write", path, cause);
      }
    },
    async finish() {
      try {
        await file.sync();
        await file.close();
        await files().rm(journal, { force: true });
        await files().rename(partial, target);
        await syncFolder(folder);
      } catch (cause) {
        throw ioFailed("write", path, cause);
      }
    },
    async close(keep) {
      await file.close().catch(() => undefined);
      if (keep && noted > 0) return;
      for (const one of [partial, journal]) await files().rm(one, { force: true });
      await removeCreated(folder, created);
    },
  };
}

async function readJournal(
  journal: string,
  partial: string,
  origins: Origins,
): Promise<{ readonly bytes: number; readonly counts: Counts } | undefined> {
  let read: ReturnType<typeof journalOf>;
  try {
    const size = (await files().stat(partial)).size;
    read = journalOf(JsonValue.parse(await files().readFile(journal), journal, unusable));
    if (size < read.bytes) return undefined;
  } catch (cause) {
    // Killed before the first entry, or after the last: there is nothing to continue.
    if (systemCode(cause) === "ENOENT") return undefined;
    throw ioFailed("read", journal, cause);
  }
  checkOrigins(partial, origins, read.origins);
  return read;
}

/** @throws ChurnkitError CHECKPOINT_MISMATCH if what was begun was made of something else. */
export function checkOrigins(begun: string, origins: Origins, before: Origins): void {
  const changed = Object.keys({ ...origins, ...before }).filter((name) => origins[name] !== before[name]);
  if (changed.length === 0) return;
  throw new ChurnkitError(
    "CHECKPOINT_MISMATCH",
    `${begun} was begun with ${changed.map((name) => `another ${name}`).join(" and ")}. Begin again without --resume, or restore what it was begun with.`,
    { where: { file: begun } },
  );
}
