import { stat } from "node:fs/promises";
import { once } from "node:events";
import { ChurnkitError } from "../base/errors.js";
import { writeFileAtomic } from "../io/atomic.js";
import { openResumable, type Counts, type Origins } from "../io/resumable-file.js";
import { openObject } from "./places.js";

/** Bytes of scored rows, and the counts that are true after them. */
export interface OutputPart {
  readonly bytes: Uint8Array;
  readonly counts: Counts;
}

/** Writes what `make` yields; `done` has the counts of a run that is continued. */
export type MakeParts = (done: Counts | undefined) => AsyncIterable<OutputPart>;

/** Errors after which a later run may succeed with the same input. */
const passing = ["IO_FAILED", "STORE_FAILED", "THREAD_FAILED"];

/**
 * Writes parts to a place: standard output, a device, an object as s3://bucket/key, or a file, which can be continued after
 * a kill and gets its name when it is whole.
 *
 * @throws ChurnkitError CHECKPOINT_MISMATCH, IO_FAILED, STORE_FAILED, OPTION_INVALID for --resume elsewhere.
 */
export async function writeParts(
  place: string | undefined,
  make: MakeParts,
  { resume, origins }: { readonly resume: boolean; readonly origins: Origins },
): Promise<void> {
  const isFile = place !== undefined && !place.startsWith("s3://") && !(await isOther(place));
  if (resume && !isFile)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Only a local file can be continued. Use --resume with --out FILE, and copy the file when it is whole.",
    );
  if (place === undefined) {
    for await (const { bytes } of make(undefined))
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
  } else if (place.startsWith("s3://")) {
    const { store, key } = await openObject(place);
    await store.putStream(key, bytesOf(make(undefined)));
  } else if (!isFile) await writeFileAtomic(place, bytesOf(make(undefined)));
  else {
    const file = await openResumable(place, origins, { resume });
    try {
      for await (const { bytes, counts } of make(file.done)) await file.append(bytes, counts);
      await file.finish();
    } catch (error) {
      await file.close(ChurnkitError.isInstance(error) && passing.includes(error.code));
      throw error;
    }
  }
}

async function* bytesOf(parts: AsyncIterable<OutputPart>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of parts) yield bytes;
}

/** Whether a path exists and is not a plain file: a device, or a folder, which is refused. */
async function isOther(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isFile(),
    () => false,
  );
}
