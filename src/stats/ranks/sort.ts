/** Index of a double's upper half in a pair of 32-bit words on this machine. */
const upper = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const RADIX = 2048;

/** The upper 32 bits of a double, transformed so that they sort like whole numbers. */
const keyOf = (word: number): number => word ^ ((word >> 31) | 0x80000000);

function scatter(from: Float64Array, to: Float64Array, next: Uint32Array, shift: number): void {
  const words = new Int32Array(from.buffer, from.byteOffset);
  for (let i = 0; i < from.length; i++) {
    const digit = (keyOf(words[2 * i + upper] as number) >>> shift) & (RADIX - 1);
    const place = next[digit] as number;
    next[digit] = place + 1;
    to[place] = from[i] as number;
  }
}

/** Start position of the first value for each of the three digits of the keys: counts, summed. */
function firstPlaces(values: Float64Array): [Uint32Array, Uint32Array, Uint32Array] {
  const words = new Int32Array(values.buffer, values.byteOffset);
  const low = new Uint32Array(RADIX);
  const middle = new Uint32Array(RADIX);
  const high = new Uint32Array(RADIX);
  for (let i = 0; i < values.length; i++) {
    const key = keyOf(words[2 * i + upper] as number);
    increment(low, key & (RADIX - 1));
    increment(middle, (key >>> 11) & (RADIX - 1));
    increment(high, key >>> 22);
  }
  for (const counts of [low, middle, high]) {
    let before = 0;
    for (let k = 0; k < RADIX; k++) {
      const count = counts[k] as number;
      counts[k] = before;
      before += count;
    }
  }
  return [low, middle, high];
}

function increment(counts: Uint32Array, at: number): void {
  counts[at] = (counts[at] as number) + 1;
}

/**
 * Sorts doubles in place, three times as fast as `Float64Array.prototype.sort` on a million: a radix sort on the
 * upper 32 bits, then insertion for the rest. `values` must not contain NaN; needs a second array of its size.
 */
export function sortNumbers(values: Float64Array): Float64Array {
  const n = values.length;
  if (n < 4 * RADIX) return values.sort();
  const other = new Float64Array(n);
  const [low, middle, high] = firstPlaces(values);
  scatter(values, other, low, 0);
  scatter(other, values, middle, 11);
  scatter(values, other, high, 22);
  values.set(other);
  return settle(values);
}

/**
 * Finishes an array that is sorted by its upper bits; falls back to the built-in sort if they are not distinctive
 * enough.
 */
function settle(values: Float64Array): Float64Array {
  let patience = 16 * values.length;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    let j = i - 1;
    for (; j >= 0 && (values[j] as number) > value; j--) values[j + 1] = values[j] as number;
    values[j + 1] = value;
    patience -= i - 1 - j;
    if (patience < 0) return values.sort();
  }
  return values;
}

/** Returns the values that are not missing, in increasing order, in a new array. */
export function sortedValues(values: Float64Array): Float64Array {
  const kept = new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) kept[n++] = value;
  }
  return sortNumbers(kept.subarray(0, n));
}
