import { tooLarge, usualBodyBytes, type ServeRequest } from "../http.js";
import { decompressed, formatOf } from "./encoding.js";

/** How many times a stream of lines may grow when it is decompressed; JSON lines grow 10 to 50 times. */
const mostGrowth = 100;

/**
 * A request's body, decompressed.
 *
 * @throws ChurnkitError INPUT_TOO_LARGE for a body that is larger than the carrier's limit, before or after decompression;
 * REQUEST_INVALID for an encoding that is not read, or that the bytes are not in.
 */
export function readBody(request: ServeRequest): Uint8Array | Promise<Uint8Array> {
  const format = formatOf(request.headers["content-encoding"]);
  if (format === undefined) return request.body();
  const { maxBodyBytes: limit = usualBodyBytes } = request;
  return collected(decompressed(whole(request), format), limit);
}

/** A request's body as it arrives, decompressed. */
export async function* bodyChunks(request: ServeRequest): AsyncGenerator<Uint8Array> {
  const { headers, maxBodyBytes: limit = usualBodyBytes, chunks = () => whole(request) } = request;
  const format = formatOf(headers["content-encoding"]);
  if (format === undefined) {
    yield* chunks();
    return;
  }
  let sent = 0;
  let grown = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks()) {
      sent += chunk.length;
      yield chunk;
    }
  }
  for await (const chunk of decompressed(counted(), format)) {
    grown += chunk.length;
    if (grown > Math.max(limit, sent * mostGrowth)) throw tooLarge(limit);
    yield chunk;
  }
}

async function* whole({ body }: ServeRequest): AsyncGenerator<Uint8Array> {
  yield await body();
}

/**
 * The bytes of all chunks.
 *
 * @throws ChurnkitError INPUT_TOO_LARGE for more than the limit, as soon as it is passed.
 */
export async function collected(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    kept.push(chunk);
  }
  const [only] = kept;
  if (only !== undefined && kept.length === 1) return only;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of kept) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
