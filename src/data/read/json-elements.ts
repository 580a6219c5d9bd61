import { parseJson } from "../../base/json/index.js";
import { HeldBytes } from "./held-bytes.js";
import { RecordErrors } from "./record-errors.js";
import type { ResolvedOptions } from "./options.js";

const opening = /^(?:\uFEFF)?\s*(?:\[|\{\s*"(?:records|data|rows|instances)"\s*:\s*\[(?=\s*[{\]]))/;

/**
 * Returns how many bytes open a JSON array of records, alone or under a key such as `records`; 0 if the text is not
 * one.
 */
export function arrayOpening(head: Uint8Array): number {
  return (
    opening.exec(new TextDecoder("latin1").decode(head.subarray(0, 1024)).replace(/^ï»¿/, "\uFEFF  "))?.[0].length ?? 0
  );
}

/** Cuts a JSON array, after its opening bracket, into the texts of its elements, whatever pieces its bytes come in. */
export class ElementSplitter {
  readonly #take: (bytes: Uint8Array, line: number) => void;
  readonly #errors: RecordErrors;
  readonly #wrapped: boolean;
  readonly #held: HeldBytes;
  #depth = 0;
  #inText = false;
  #escaped = false;
  #closed = false;
  #line = 1;
  #elements = 0;

  /** @param wrapped whether the array is under a key of an object. */
  constructor(options: ResolvedOptions, wrapped: boolean, take: (bytes: Uint8Array, line: number) => void) {
    this.#take = take;
    this.#wrapped = wrapped;
    this.#held = new HeldBytes(options.limits.lineBytes);
    this.#errors = new RecordErrors(options);
  }

  /** @throws ChurnkitError INPUT_TOO_LARGE for an element over the limit of a line; and the errors of `take`. */
  push(chunk: Uint8Array): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === 10) this.#line++;
      if (this.#closed) continue;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === 92) this.#escaped = true;
        else if (byte === 34) this.#inText = false;
      } else if (byte === 34) this.#inText = true;
      else if (byte === 123 || byte === 91) this.#depth++;
      else if (this.#depth > 0) {
        if (byte === 125 || byte === 93) this.#depth--;
      } else if (byte === 44 || byte === 93) {
        this.#hold(chunk.subarray(from, i));
        this.#hand(byte === 93);
        this.#closed = byte === 93;
        from = i + 1;
      }
    }
    this.#hold(chunk.subarray(from));
  }

  /** @throws ChurnkitError INPUT_MALFORMED where the array was never closed, or something follows it. */
  end(): void {
    const at = { row: this.#elements, line: this.#line, cell: 0 };
    if (!this.#closed) throw this.#errors.malformed(at, "the JSON array is never closed; the file may be cut off.");
    const tail = new TextDecoder().decode(this.#held.take());
    try {
      parseJson(`${this.#wrapped ? '{"":[]' : "[]"}${tail}`);
    } catch (cause) {
      throw this.#errors.malformed(at, `unexpected text follows the JSON array (${String(cause).slice(0, 80)}).`);
    }
  }

  /** Passes on the collected element; an empty array has none. */
  #hand(last: boolean): void {
    const element = this.#held.take();
    const blank = element.every((byte) => byte <= 32);
    if (!blank) this.#take(element, this.#line);
    else if (!last || this.#elements > 0)
      throw this.#errors.malformed(
        { row: this.#elements, line: this.#line, cell: 0 },
        "a comma in the JSON array has no record next to it; remove it.",
      );
    this.#elements++;
  }

  #hold(bytes: Uint8Array): void {
    if (!this.#held.add(bytes)) throw this.#errors.lineTooLong({ row: this.#elements, line: this.#line, cell: 0 });
  }
}
