const newline = 10;
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A line of a text, or the reason for its absence. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: "tooLong" | "notText" };

/** Cuts a stream of bytes into lines. A line that is too long is skipped without being kept in memory. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let number = 0;
  const end = (): Line | undefined => {
    number++;
    const length = size;
    const held = parts;
    parts = [];
    size = 0;
    if (length > limit) return { number, problem: "tooLong" };
    if (length === 0) return undefined;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of held) {
      bytes.set(part, at);
      at += part.length;
    }
    try {
      const text = decoder.decode(bytes).trim();
      return text === "" ? undefined : { number, text };
    } catch {
      return { number, problem: "notText" };
    }
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(newline, from);
      const until = at < 0 ? chunk.length : at;
      size += until - from;
      // Copied, because a source may reuse its buffer.
      if (size <= limit) parts.push(chunk.slice(from, until));
      else parts = [];
      if (at < 0) break;
      const line = end();
      if (line !== undefined) yield line;
      from = at + 1;
    }
  }
  const last = size > 0 ? end() : undefined;
  if (last !== undefined) yield last;
}
