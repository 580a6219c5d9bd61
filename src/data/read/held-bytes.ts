/** Bytes collected from pieces, in one reusable buffer that grows up to a limit. */
export class HeldBytes {
  readonly #limit: number;
  #bytes = new Uint8Array(64 * 1024);
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#used;
  }

  /** Adds bytes; returns false, without adding, if they would exceed the limit. */
  add(bytes: Uint8Array): boolean {
    const used = this.#used + bytes.length;
    if (used > this.#limit) return false;
    if (used > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(used, Math.min(this.#limit, this.#bytes.length * 2)));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#used);
    this.#used = used;
    return true;
  }

  /** Returns the held bytes and forgets them; valid until more is added. */
  take(): Uint8Array {
    const held = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return held;
  }
}
