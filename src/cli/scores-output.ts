import { stat } from "node:fs/promises";
import { once } from "node:events";
import { ChurnkitError } from "../base/errors.js";
import { writeFileAtomic } from "../io/atomic.js";
import { openResumable, type Counts, type Origins, writeResumable } from "../io/resumable-file.js";
import type { OutputPart } from "../model/batch/index.js";
import { openObject } from "./places.js";

/** Writes what `make` yields; `done` has the counts of a run that is continued. */
export type MakeParts = (done: Counts | undefined) => AsyncIterable<OutputPart>;

/**
 * Writes parts to a place: standard output, a device, an object as s3://bucket/key, or a file. An object and a file can be continued
 * after a kill, and get their name when they are whole.
 *
 * @throws ChurnkitError CHECKPOINT_MISMATCH, IO_FAILED, STORE_FAILED, OPTION_INVALID for --resume elsewhere.
 */
export async function writeParts(
  place: string | undefined,
  make: MakeParts,
  { resume, origins }: { readonly resume: boolean; readonly origins: Origins },
): Promise<void> {
  const inS3 = place?.startsWith("s3://") ?? false;
  if (resume && (place === undefined || (!inS3 && (await isOther(place)))))
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Only a file or an object of S3 can be continued. Use --resume with --out FILE or --out s3://bucket/key.",
    );
  if (place === undefined) {
    for await (const { bytes } of make(undefined))
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
  } else if (inS3) {
    const { objects, key } = await openObject(place);
    await writeResumable(await objects.resumable(key, origins, { resume }), make);
  } else if (await isOther(place)) await writeFileAtomic(place, bytesOf(make(undefined)));
  else await writeResumable(await openResumable(place, origins, { resume }), make);
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
