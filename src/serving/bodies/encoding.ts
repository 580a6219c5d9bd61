import { builtins } from "../../base/node.js";
import { ChurnkitError } from "../../base/errors.js";

/** Encodings of a body that are read, by their names in `content-encoding`. */
const encodings = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate", br: "brotli" } as const;
type Format = (typeof encodings)[keyof typeof encodings];

/** The format of a compressed body; undefined for one that is not compressed. */
export function formatOf(encoding: string | undefined): Format | undefined {
  const name = encoding?.trim().toLowerCase() ?? "";
  if (name === "" || name === "identity") return undefined;
  if (Object.hasOwn(encodings, name)) return encodings[name as keyof typeof encodings];
  throw unreadable(name);
}

const unreadable = (name: string): ChurnkitError =>
  new ChurnkitError(
    "REQUEST_INVALID",
    `The body is encoded as ${name.slice(0, 40)}. Send it as gzip, deflate or br, or without encoding.`,
  );

/**
 * Decompresses a body as it is read: by Node's zlib where there is one, else by the platform's DecompressionStream. No more is
 * decompressed than was asked for.
 *
 * @throws ChurnkitError REQUEST_INVALID for bytes that are not of the format; the errors of `chunks`.
 */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>, format: Format): AsyncGenerator<Uint8Array> {
  const builtin = builtins();
  try {
    yield* builtin === undefined ? byPlatform(chunks, format) : byNode(builtin, chunks, format);
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    throw new ChurnkitError("REQUEST_INVALID", `The body is not valid ${format}, or is not whole.`, { cause });
  }
}

async function* byNode(
  builtin: NodeJS.Process["getBuiltinModule"],
  chunks: AsyncIterable<Uint8Array>,
  format: Format,
): AsyncGenerator<Uint8Array> {
  const zlib = builtin("node:zlib");
  const { pipeline } = builtin("node:stream");
  const streams = { gzip: zlib.createGunzip, deflate: zlib.createInflate, brotli: zlib.createBrotliDecompress };
  const unpacked = streams[format]();
  // Errors of both reach the loop below.
  pipeline(chunks, unpacked, () => undefined);
  for await (const chunk of unpacked) yield chunk as Uint8Array;
}

async function* byPlatform(chunks: AsyncIterable<Uint8Array>, format: Format): AsyncGenerator<Uint8Array> {
  const { readable, writable } = streamOf(format);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let failed: unknown;
  const write = async (): Promise<void> => {
    try {
      for await (const chunk of chunks) await writer.write(chunk as Uint8Array<ArrayBuffer>);
      await writer.close();
    } catch (error) {
      failed ??= error;
      await writer.abort(error).catch(() => undefined);
    }
  };
  const written = write();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (error) {
    throw failed ?? error;
  } finally {
    await reader.cancel().catch(() => undefined);
    await written;
  }
}

function streamOf(format: Format): DecompressionStream {
  try {
    return new DecompressionStream(format as CompressionFormat);
  } catch {
    throw unreadable(format);
  }
}
