import { createHash } from "node:crypto";
import { closeSync, fsync, fstatSync, open, openSync, read, readSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import type { StoredStream } from "../object-store.js";

/**
 * Limit for files written without a separate thread, in bytes: copying them to the system's memory takes less time
 * than handing them over. The wait for the disk, which takes long, never blocks the process.
 */
const atOnce = 256 * 1024;

const [openLater, readLater, writeLater, fsyncLater] = [
  promisify(open),
  promisify(read),
  promisify(write),
  promisify(fsync),
];

/**
 * Writes an open file to the disk, hashes it on the way, and closes it. Returns the SHA-256 of its bytes, in
 * lowercase hex.
 */
export async function writeHashed(
  file: number,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = createHash("sha256");
  try {
    let length = 0;
    for await (const part of content) {
      hash.update(part);
      length += part.length;
      // A write may stop short without an error on a disk that is nearly full; the next write reports it.
      for (let at = 0; at < part.length;) {
        at += length > atOnce ? (await writeLater(file, part, at)).bytesWritten : writeSync(file, part, at);
      }
    }
    await fsyncLater(file);
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

const mostAtOnce = 2 ** 30;

/**
 * Reads the bytes of a file that is only ever replaced as a whole. A thread does everything that may wait for a
 * remote disk, but in two turns, where readFile takes four: a listing reads a hundred.
 */
export async function readObject(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await openLater(path, "r");
  try {
    // Ask for at least one byte, to distinguish a folder from an empty file.
    const bytes = new Uint8Array(Math.max(1, fstatSync(file).size));
    let length = 0;
    for (let more = 1; more > 0 && length < bytes.length; length += more) {
      more = (await readLater(file, bytes, length, Math.min(bytes.length - length, mostAtOnce), null)).bytesRead;
    }
    return length < bytes.length ? bytes.slice(0, length) : bytes;
  } finally {
    closeSync(file);
  }
}

/** Descriptors of streams that are still open. */
const opened = new FinalizationRegistry<number>(closeSync);

/**
 * Opens a file as a stream. It stays on the file it found, even if another takes its name in the meantime, and is closed at
 * its end, by a reader that stops before, or with the garbage: most callers read it, but one may fail before that.
 */
export async function openStream(path: string): Promise<StoredStream> {
  const file = await openLater(path, "r");
  const held = {};
  const stream = partsOf(file, held);
  opened.register(stream, file, held);
  return { size: fstatSync(file).size, stream };
}

async function* partsOf(file: number, held: object): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { bytesRead, buffer } = await readLater(file, Buffer.allocUnsafeSlow(atOnce), 0, atOnce, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    opened.unregister(held);
    closeSync(file);
  }
}

/** Computes the SHA-256 of a file, read in pieces, because objects may be large; it blocks the process. */
export function hashNow(path: string): string {
  const file = openSync(path, "r");
  try {
    const hash = createHash("sha256");
    const piece = Buffer.alloc(1 << 16);
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece))
      hash.update(piece.subarray(0, length));
    return hash.digest("hex");
  } finally {
    closeSync(file);
  }
}
