import { mix32 } from "../../base/random.js";

/** An entry of a {@link BottomSample}. */
export interface Sampled {
  /** A hash of the id, 0 to 2^53 - 1. */
  readonly key: number;
  readonly id: string;
}

/**
 * Returns the key of an id in samples with one seed: the same in every process, so that samples of shards fit
 * together.
 */
export function sampleKey(id: string, seed: number): number {
  let a = mix32(seed);
  let b = mix32(seed ^ 0x5bd1e995);
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
    b ^= b >>> 15;
  }
  return mix32(a ^ id.length) * 0x200000 + (mix32(b) >>> 11);
}

/** Identifies entries; those with one identity are combined. */
type Identity<Entry> = (entry: Entry) => string;

/**
 * A uniform sample of ids in constant memory that merges exactly: the entries with the smallest keys (bottom-k
 * sampling, Cohen and Kaplan 2007). Whatever the order, and however the ids are spread over shards, the same ones are
 * kept. Samples of predictions and of labels with one seed keep the same ids, so that they can be joined.
 */
export class BottomSample<Entry extends Sampled> {
  readonly #capacity: number;
  readonly #combine: (a: Entry, b: Entry) => Entry;
  readonly #identity: Identity<Entry>;
  #entries = new Map<string, Entry>();
  /** Larger keys are no longer accepted. */
  #limit = Infinity;

  /**
   * @param combine two entries of one identity; must not depend on their order.
   * @param identity the id alone by default.
   */
  constructor(capacity: number, combine: (a: Entry, b: Entry) => Entry, identity: Identity<Entry> = ({ id }) => id) {
    this.#capacity = capacity;
    this.#combine = combine;
    this.#identity = identity;
  }

  /** Returns false if an entry with this key would not be kept, so that callers need not make it. */
  wants(key: number): boolean {
    return key <= this.#limit && this.#capacity > 0;
  }

  add(entry: Entry): void {
    if (!this.wants(entry.key)) return;
    const identity = this.#identity(entry);
    const before = this.#entries.get(identity);
    this.#entries.set(identity, before === undefined ? entry : this.#combine(before, entry));
    // Cut only occasionally, because a cut sorts.
    if (this.#entries.size > 2 * this.#capacity + 64) this.#cut();
  }

  /** The kept entries, in the order of their keys. */
  entries(): readonly Entry[] {
    return this.#cut();
  }

  /** Replaces a kept entry with another. */
  replace(entry: Entry): void {
    const identity = this.#identity(entry);
    if (this.#entries.has(identity)) this.#entries.set(identity, entry);
  }

  /** Removes entries permanently; their places are free again. */
  keepOnly(test: (entry: Entry) => boolean): void {
    const kept = this.#cut().filter(test);
    if (kept.length === this.#entries.size) return;
    this.#entries = new Map(kept.map((entry) => [this.#identity(entry), entry]));
    this.#limit = Infinity;
  }

  #cut(): readonly Entry[] {
    const sorted = [...this.#entries]
      .sort(([a, one], [b, other]) => one.key - other.key || (a < b ? -1 : 1))
      .map(([, entry]) => entry);
    if (sorted.length <= this.#capacity) return sorted;
    const kept = sorted.slice(0, this.#capacity);
    this.#limit = kept[kept.length - 1]?.key ?? -1;
    this.#entries = new Map(kept.map((entry) => [this.#identity(entry), entry]));
    return kept;
  }
}

/** The entries of the smallest keys of two samples. */
export function mergeSamples<Entry extends Sampled>(
  a: readonly Entry[],
  b: readonly Entry[],
  capacity: number,
  combine: (a: Entry, b: Entry) => Entry,
): readonly Entry[] {
  const sample = new BottomSample<Entry>(capacity, combine);
  for (const entry of [...a, ...b]) sample.add(entry);
  return sample.entries();
}
