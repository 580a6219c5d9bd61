import { ChurnkitError } from "../../base/errors.js";

const largestArena = 1024 ** 3;
/** A power of two. */
const frontPlaces = 64;

/** Four bytes a step: multiply to mix upwards, shift to mix downwards (after MurmurHash3). */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let i = start;
  for (const whole = end - 3; i < whole; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    hash = Math.imul(hash ^ Math.imul(word, 0xcc9e2d51), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}

/**
 * Numbers distinct byte sequences 0, 1, 2, ... in order of appearance, without making a string for any of them: an open
 * hash table over one buffer that holds each sequence once.
 */
export class ByteDictionary {
  /** How many distinct sequences there are. */
  size = 0;
  #arena = new Uint8Array(1024);
  #used = 0;
  /** Where each sequence ends in the arena; it starts where the one before ends. */
  #ends = new Uint32Array(64);
  #hashes = new Int32Array(64);
  /** Slots hold id + 1, 0 for free; a power of two, at most half full. */
  #slots = new Int32Array(128);
  readonly #capacity: number;
  /** The last number met for a length, first and last byte, + 1: most lookups need no hash. */
  readonly #front = new Int32Array(frontPlaces);

  /** @param capacity after this many sequences new ones are refused with -1. */
  constructor(capacity = Infinity) {
    this.#capacity = capacity;
  }

  /**
   * Returns the number of `bytes[start..end)`: the next free one if it is new, or -1 if it is new and there is no
   * room.
   */
  lookup(bytes: Uint8Array, start: number, end: number): number {
    const front = this.#front;
    // In a column of few texts these three tell them apart.
    const place =
      (((end - start) * 7) ^ (bytes[start] as number) ^ ((bytes[end - 1] as number) << 2)) & (frontPlaces - 1);
    const met = (front[place] as number) - 1;
    if (met >= 0 && this.#is(met, bytes, start, end)) return met;
    const id = this.#find(bytes, start, end);
    front[place] = id + 1;
    return id;
  }

  /** Returns whether a number's sequence is `bytes[start..end)`. */
  #is(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const arena = this.#arena;
    const from = id === 0 ? 0 : (this.#ends[id - 1] as number);
    if ((this.#ends[id] as number) - from !== end - start) return false;
    for (let i = start, at = from; i < end; i++, at++) if (arena[at] !== bytes[i]) return false;
    return true;
  }

  #find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (slots[slot] as number) - 1;
      if (id < 0) break;
      if (this.#hashes[id] === hash && this.#is(id, bytes, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    if (this.size >= this.#capacity) return -1;
    slots[slot] = this.size + 1;
    return this.#add(bytes, start, end, hash);
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const id = this.size++;
    const used = this.#used + end - start;
    if (used > this.#arena.length) {
      if (used > largestArena) {
        throw new ChurnkitError("INPUT_TOO_LARGE", "A column holds more than 1 GiB of distinct texts; leave it out.");
      }
      const grown = new Uint8Array(Math.min(largestArena, Math.max(used, this.#arena.length * 2)));
      grown.set(this.#arena.subarray(0, this.#used));
      this.#arena = grown;
    }
    for (let i = start, to = this.#used; i < end; i++, to++) this.#arena[to] = bytes[i] as number;
    this.#used = used;
    if (id >= this.#ends.length) {
      this.#ends = grow(this.#ends, new Uint32Array(id * 2));
      this.#hashes = grow(this.#hashes, new Int32Array(id * 2));
    }
    this.#ends[id] = used;
    this.#hashes[id] = hash;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = (this.#hashes[id] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

function grow<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
