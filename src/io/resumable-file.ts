import type { FileHandle } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";
import { count, documentError, JsonValue, literal, object, record, text } from "../base/json/index.js";
import { node } from "../base/node.js";
import { makeFolder, removeCreated, syncFolder, writeFileAtomic } from "./atomic.js";
import { ioFailed, systemCode } from "./io-error.js";
import { ownedName, ownerState } from "./owner.js";

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
  /** Name of the run that writes it. */
  run: text(),
  bytes: count(),
  counts: record(count()),
  origins: record(text()),
});

const unusable = documentError("CHECKPOINT_MISMATCH", "The journal", "Begin again without --resume.");

/**
 * Begins a file, or continues one that a killed run left. The bytes go to `<path>.partial` until the file is whole; beside it
 * `<path>.partial.json` says how far it is known to be good. What is behind that is cut off, so the file ends up with the
 * bytes of an uninterrupted run. Of two runs at the same time, one fails.
 *
 * @param options.resume Continue a file that is there; without one, begin.
 * @throws ChurnkitError CHECKPOINT_MISMATCH if the part was made of something else, IO_FAILED, also where another run writes it.
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
  const noted = await readJournal(journal, resume);
  if (noted !== undefined && ownerState(noted.run) === "alive") throw taken(path, "Wait until it has ended.");
  if (resume && noted !== undefined) checkOrigins(partial, origins, noted.origins);
  const before = resume && noted !== undefined && (await sizeOf(partial)) >= noted.bytes ? noted : undefined;
  const folder = paths().dirname(target);
  const created = await makeFolder(folder);
  const run = ownedName();
  let file: FileHandle;
  try {
    // A new one, and not the old one emptied: another run may have it open.
    if (before === undefined) for (const one of [partial, journal]) await files().rm(one, { force: true });
    else await writeFileAtomic(journal, JSON.stringify({ ...before, run }));
    file = await files().open(partial, before === undefined ? "wx" : "r+");
    if (before !== undefined) await file.truncate(before.bytes);
  } catch (cause) {
    await removeCreated(folder, created);
    throw ioFailed("write", path, cause);
  }
  const { ino } = await file.stat();
  let written = before?.bytes ?? 0;
  let known = written;
  const whole = async (bytes: Uint8Array): Promise<void> => {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, from, bytes.length - from, written);
      from += bytesWritten;
      written += bytesWritten;
    }
  };
  /** Whether the name still leads to what this run writes. */
  const isOurs = (): Promise<boolean> =>
    files()
      .stat(partial)
      .then(
        (found) => found.ino === ino,
        () => false,
      );
  const checkOurs = async (): Promise<void> => {
    if (!(await isOurs())) throw taken(path, "Run this one again when that has ended.");
  };
  return {
    done: before?.counts,
    async append(bytes, counts) {
      try {
        await whole(bytes);
        if (written - known < journalBytes) return;
        await file.datasync();
        await checkOurs();
        const entry = { format: "churnkit-partial-1", run, bytes: written, counts, origins };
        await writeFileAtomic(journal, JSON.stringify(entry));
        known = written;
      } catch (cause) {
        throw ioFailed("write", path, cause);
      }
    },
    async finish() {
      try {
        await file.sync();
        await file.close();
        await checkOurs();
        await files().rm(journal, { force: true });
        await files().rename(partial, target);
        await syncFolder(folder);
      } catch (cause) {
        throw ioFailed("write", path, cause);
      }
    },
    async close(keep) {
      await file.close().catch(() => undefined);
      if ((keep && known > 0) || !(await isOurs())) return;
      for (const one of [partial, journal]) await files().rm(one, { force: true });
      await removeCreated(folder, created);
    },
  };
}

const taken = (path: string, what: string): ChurnkitError =>
  new ChurnkitError("IO_FAILED", `Cannot write ${path}, because another run writes it. ${what}`, {
    where: { file: path },
  });

const sizeOf = (path: string): Promise<number> =>
  files()
    .stat(path)
    .then(
      ({ size }) => size,
      () => -1,
    );

/** Undefined where a run was killed before the first entry, or after the last; and without `must` for one that cannot be read. */
async function readJournal(journal: string, must: boolean): Promise<ReturnType<typeof journalOf> | undefined> {
  try {
    return journalOf(JsonValue.parse(await files().readFile(journal), journal, unusable));
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || !must) return undefined;
    throw ioFailed("read", journal, cause);
  }
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
