import { csvCell } from "../../data/table/index.js";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Collects text as UTF-8, in one buffer that grows. */
export class LineWriter {
  #bytes = new Uint8Array(64 * 1024);
  #used = 0;

  #makeRoom(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#used + more, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }

  /** Writes `bytes[start..end)` unchanged. */
  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#makeRoom(end - start);
    const to = this.#bytes;
    let used = this.#used;
    for (let i = start; i < end; i++) to[used++] = bytes[i] as number;
    this.#used = used;
  }

  text(text: string): void {
    this.raw(encoder.encode(text));
  }

  /** Writes a number as JavaScript and JSON do. */
  number(value: number): void {
    const text = String(value);
    this.#makeRoom(text.length);
    const to = this.#bytes;
    let used = this.#used;
    for (let i = 0; i < text.length; i++) to[used++] = text.charCodeAt(i);
    this.#used = used;
  }

  /** Writes a text as a cell of a CSV line. */
  csv(bytes: Uint8Array, start: number, end: number): void {
    if (isPlainCell(bytes, start, end)) this.raw(bytes, start, end);
    else this.text(csvCell(decoder.decode(bytes.subarray(start, end))));
  }

  /** Writes a text as JSON; the empty one is null. */
  json(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return this.text("null");
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte < 32 || byte === 34 || byte === 92)
        return this.text(JSON.stringify(decoder.decode(bytes.subarray(start, end))));
    }
    this.raw(quote);
    this.raw(bytes, start, end);
    this.raw(quote);
  }

  /** Takes the bytes written since the last call, as a copy. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    return bytes;
  }
}

const quote = Uint8Array.of(34);

/** Whether a CSV cell is certainly written without quotes: visible ASCII at its ends, no comma, quote or line end in it. */
function isPlainCell(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  const first = bytes[start] as number;
  const last = bytes[end - 1] as number;
  if (first <= 32 || first > 126 || last <= 32 || last > 126) return false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === 44 || byte === 34 || byte === 10 || byte === 13) return false;
  }
  return true;
}
