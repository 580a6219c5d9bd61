type Values = Float64Array | Int32Array | Uint32Array;

const firstChunk = 256;
const largestChunk = 65_536;

/**
 * A column that grows by whole chunks: nothing is copied while it grows, and {@link Chunked.finish} frees each chunk
 * as soon as it is copied into the one array.
 */
export class Chunked<T extends Values> {
  readonly #make: (length: number) => T;
  #chunks: T[] = [];
  /** The chunk being filled, and how far. */
  #last: T;
  #used = 0;
  #length = 0;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#last = make(0);
  }

  /** Appends the first `count` of `values`. */
  append(values: T, count: number): void {
    let from = 0;
    while (from < count) {
      if (this.#used === this.#last.length) {
        this.#chunks.push(this.#last);
        this.#last = this.#make(Math.min(largestChunk, Math.max(firstChunk, this.#last.length * 2)));
        this.#used = 0;
      }
      const size = Math.min(count - from, this.#last.length - this.#used);
      this.#last.set(values.subarray(from, from + size), this.#used);
      this.#used += size;
      from += size;
    }
    this.#length += count;
  }

  /** All values in one array; what is appended afterward begins anew. */
  finish(): T {
    const all = this.#make(this.#length);
    let at = 0;
    this.#chunks.push(this.#last.subarray(0, this.#used) as T);
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.#last = this.#make(0);
    this.#used = this.#length = 0;
    return all;
  }
}
