import { ChurnkitError } from "../../base/errors.js";

/**
 * Bytes to read: all at once, or in chunks of any size. A chunk is used before the next one is requested, so a source
 * may fill one buffer again and again.
 */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Any source as a stream of chunks. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else yield* source;
}

/** Runs a reader that stops now and then to its end. */
export async function drained(steps: AsyncGenerator<number>): Promise<void> {
  while ((await steps.next()).done !== true);
}

/** Bytes of a text that are examined to detect its format and delimiter. */
const headBytes = 65_536;

const gzipMagic = [0x1f, 0x8b];

/** First bytes of files that people give instead of text, and advice for each. */
const foreignFormats: readonly { readonly magic: readonly number[]; readonly is: string }[] = [
  { magic: [0x50, 0x41, 0x52, 0x31], is: "a Parquet file; give it a name that ends in .parquet" },
  { magic: [0x50, 0x4b, 0x03, 0x04], is: "a zip archive or an Excel workbook; save the sheet as CSV (UTF-8)" },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], is: "an old Excel workbook; save the sheet as CSV (UTF-8)" },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], is: "compressed with zstd; compress it with gzip or not at all" },
  { magic: [0x42, 0x5a, 0x68], is: "compressed with bzip2; compress it with gzip or not at all" },
];

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => bytes[i] === byte);

/** Returns whether this is the start of a gzip stream. */
export const isGzip = (head: Uint8Array): boolean => startsWith(head, gzipMagic);

/**
 * Refuses bytes that cannot be the start of a text file.
 *
 * @throws ChurnkitError INPUT_UNSUPPORTED for a known other format, INPUT_NOT_TEXT for NUL bytes.
 */
export function checkTextHead(head: Uint8Array, source: string): void {
  const foreign = foreignFormats.find(({ magic }) => startsWith(head, magic));
  if (foreign !== undefined) {
    // "BZh" could be the start of a header, so it must also have a byte that no text has.
    const sure =
      foreign.magic.some((byte) => byte > 127) || head.subarray(0, 64).some((byte) => byte < 9 || byte > 127);
    if (sure) {
      throw new ChurnkitError("INPUT_UNSUPPORTED", `${source}: this is ${foreign.is}.`, { where: { file: source } });
    }
  }
  if (head.includes(0)) {
    const message = `${source}: the file holds NUL bytes, so it is binary, UTF-32, or UTF-16 without a byte order mark; save it as UTF-8.`;
    throw new ChurnkitError("INPUT_NOT_TEXT", message, { where: { file: source } });
  }
}

/** Returns the encoding that a byte order mark names, unless it is UTF-8. */
const utf16Of = (head: Uint8Array): "utf-16le" | "utf-16be" | undefined =>
  startsWith(head, [0xff, 0xfe]) ? "utf-16le" : startsWith(head, [0xfe, 0xff]) ? "utf-16be" : undefined;

/** UTF-16 text as UTF-8. */
async function* fromUtf16(
  chunks: AsyncIterable<Uint8Array>,
  encoding: "utf-16le" | "utf-16be",
  source: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const encoder = new TextEncoder();
  const decode = (chunk?: Uint8Array): Uint8Array => {
    try {
      return encoder.encode(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch (cause) {
      const message = `${source}: the byte order mark says UTF-16, but the file has invalid bytes or ends inside a character; save it as UTF-8.`;
      throw new ChurnkitError("INPUT_NOT_TEXT", message, { where: { file: source }, cause });
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<Uint8Array> {
  const compressed = chunks[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const next = await compressed.next();
        // Queued chunks outlive the source's buffer, so each is a copy.
        if (next.done === true) controller.close();
        else controller.enqueue(new Uint8Array(next.value));
      },
      async cancel() {
        await compressed.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  const reader = stream.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) return;
      yield next.value;
    }
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    const message = `${source}: the gzip data are damaged or cut off; compress the file again.`;
    throw new ChurnkitError("INPUT_MALFORMED", message, { where: { file: source }, cause });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Merges small first chunks, so that the first one has at least `size` bytes or everything. */
async function* withHead(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const head = new Uint8Array(size);
  let used = 0;
  for await (const chunk of chunks) {
    if (used < 0 || (used === 0 && chunk.length >= size)) {
      used = -1;
      yield chunk;
      continue;
    }
    const fitting = Math.min(chunk.length, size - used);
    head.set(chunk.subarray(0, fitting), used);
    used += fitting;
    if (used < size) continue;
    used = -1;
    yield head;
    if (fitting < chunk.length) yield chunk.subarray(fitting);
  }
  if (used > 0) yield head.subarray(0, used);
}

/** A stream, and its first bytes ahead of it. */
async function peeked(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly chunks: AsyncIterable<Uint8Array> }> {
  const input = withHead(chunks, headBytes);
  const first = await input.next();
  async function* again(): AsyncGenerator<Uint8Array> {
    if (first.done === true) return;
    try {
      yield first.value;
      yield* input;
    } finally {
      // A reader that stops at the head closes the source as well.
      await input.return(undefined);
    }
  }
  return { head: first.done === true ? new Uint8Array() : first.value, chunks: again() };
}

async function* limited(chunks: AsyncIterable<Uint8Array>, limit: number, source: string): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > limit) {
      const message = `${source}: more than ${limit} bytes of text; raise limits.totalBytes if you need more.`;
      throw new ChurnkitError("INPUT_TOO_LARGE", message, { where: { file: source } });
    }
    yield chunk;
  }
}

async function* checked(chunks: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const chunk of chunks) {
    if (first) {
      checkTextHead(chunk.subarray(0, headBytes), source);
      first = false;
    }
    yield chunk;
  }
}

/**
 * Yields the text bytes of a source: unpacked where the content is gzip, whatever its name, converted to UTF-8 where
 * a byte order mark declares UTF-16, and checked not to be a binary format.
 *
 * @throws ChurnkitError INPUT_UNSUPPORTED, INPUT_NOT_TEXT, INPUT_MALFORMED (damaged gzip) or INPUT_TOO_LARGE while read.
 */
export async function* textChunks(
  bytes: ByteSource,
  { source, limit }: { source: string; limit: number },
): AsyncGenerator<Uint8Array> {
  const packed = await peeked(chunksOf(bytes));
  const text = isGzip(packed.head) ? await peeked(gunzip(packed.chunks, source)) : packed;
  const encoding = utf16Of(text.head);
  const utf8 = encoding === undefined ? text.chunks : withHead(fromUtf16(text.chunks, encoding, source), headBytes);
  yield* checked(limited(utf8, limit, source), source);
}
