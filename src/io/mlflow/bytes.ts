/** Bytes to send; each attempt opens them again. */
export interface Upload {
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

/** Sends bytes that are in memory. */
export const uploadOf = (bytes: Uint8Array): Upload => ({
  size: bytes.length,
  async *open() {
    yield await Promise.resolve(bytes);
  },
});

/** Returns all bytes of a stream; undefined if there are more than allowed. */
export async function wholeOf(
  stream: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > limit) return undefined;
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
