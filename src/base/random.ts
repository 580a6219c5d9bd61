/**
 * Scrambles a 32-bit integer so that near inputs give unrelated outputs (the finalizer of MurmurHash3).
 *
 * @returns an unsigned 32-bit integer.
 */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A seeded generator of uniform numbers in [0, 1), by hashing a counter: the same seed gives the same sequence on every
 * runtime, because only exact integer operations are used.
 */
export function uniform(seed: number): () => number {
  const key = mix32(seed + 0x9e3779b9);
  let counter = 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    return mix32(mix32(counter) ^ key) / 4294967296;
  };
}

/** The integers 0..n-1 in a seeded random order (Fisher-Yates). */
export function permutation(n: number, seed: number): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  shuffle(order, seed);
  return order;
}

/** Shuffles in place with a seed (Fisher-Yates). */
function shuffle(order: Uint32Array, seed: number): void {
  const random = uniform(seed);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = held;
  }
}
