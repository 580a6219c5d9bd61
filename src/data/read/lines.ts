import { HeldBytes } from "./held-bytes.js";
import type { ResolvedOptions } from "./options.js";
import { RecordErrors } from "./record-errors.js";

/** Cuts bytes into lines (LF or CRLF, not included), whatever pieces they come in. */
export class LineSplitter {
  readonly #onLine: (bytes: Uint8Array, line: number) => void;
  readonly #limit: number;
  readonly #errors: RecordErrors;
  readonly #held: HeldBytes;
  #line = 1;

  /** @param onLine gets each line with its number from 1; the bytes are valid during the call only. */
  constructor(options: ResolvedOptions, onLine: (bytes: Uint8Array, line: number) => void) {
    this.#onLine = onLine;
    this.#limit = options.limits.lineBytes;
    this.#held = new HeldBytes(this.#limit);
    this.#errors = new RecordErrors(options);
  }

  /** @throws ChurnkitError INPUT_TOO_LARGE for a line over the limit; and the errors of `onLine`. */
  push(chunk: Uint8Array): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (this.#held.length === 0) {
        this.#check(end - from);
        this.#onLine(chunk.subarray(from, end), this.#line);
      } else {
        this.#hold(chunk.subarray(from, end));
        this.#onLine(this.#held.take(), this.#line);
      }
      this.#line++;
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  /** Hands over a last line without a line end. */
  end(): void {
    if (this.#held.length > 0) this.#onLine(this.#held.take(), this.#line);
  }

  #hold(bytes: Uint8Array): void {
    if (!this.#held.add(bytes)) throw this.#tooLong();
  }

  #check(length: number): void {
    if (length > this.#limit) throw this.#tooLong();
  }

  #tooLong(): Error {
    return this.#errors.lineTooLong({ row: this.#line - 1, line: this.#line, cell: 0 });
  }
}
