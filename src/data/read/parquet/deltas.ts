import type { Cursor } from "./runs.js";
import { Damaged } from "./thrift.js";

/**
 * Walks whole numbers in Parquet's delta encoding and checks that the bytes have `count` of them.
 *
 * @param mostBits of a number: 32 or 64.
 * @throws Damaged.
 */
export function skipDeltas(cursor: Cursor, count: number, mostBits: 32 | 64): void {
  walkDeltas(cursor, count, mostBits, (bits, values) => cursor.skip((bits * values) / 8));
}

/** Lengths in the same encoding: their numbers, all nonnegative. */
export function readLengths(cursor: Cursor, count: number): Int32Array {
  const lengths = new Int32Array(count);
  let filled = 0;
  let last = 0n;
  const add = (delta: bigint): void => {
    if (filled === count) return;
    last = BigInt.asIntN(32, last + delta);
    if (last < 0n) throw new Damaged(`a page declares a text of ${last} bytes`);
    lengths[filled++] = Number(last);
  };
  walkDeltas(
    cursor,
    count,
    32,
    (bits, values, least) => {
      const start = cursor.at;
      cursor.skip((bits * values) / 8);
      for (let i = 0; i < values && filled < count; i++) add(least + bitsAt(cursor.bytes, start, i * bits, bits));
    },
    add,
  );
  return lengths;
}

/** The blocks of a delta-encoded list: `block` takes each small block that is in use, with its width, values and least delta. */
function walkDeltas(
  cursor: Cursor,
  count: number,
  mostBits: number,
  block: (bits: number, values: number, least: bigint) => void,
  first: (value: bigint) => void = () => undefined,
): void {
  const size = cursor.count();
  const parts = cursor.count();
  const total = cursor.count();
  const values = size / parts;
  // As the format says: blocks of a multiple of 128 numbers, in parts of a multiple of 32.
  if (size === 0 || size % 128 !== 0 || !Number.isInteger(values) || values % 32 !== 0)
    throw new Damaged(`a page splits ${size} numbers into ${parts}`);
  if (total !== count) throw new Damaged(`a page declares ${total} numbers, but ${count} are needed`);
  const start = cursor.zigzag();
  if (count > 0) first(start);
  for (let seen = 1; seen < count;) {
    const least = cursor.zigzag();
    const widths = cursor.at;
    cursor.skip(parts);
    for (let i = 0; i < parts && seen < count; i++, seen += values) {
      const bits = cursor.bytes[widths + i] as number;
      if (bits > mostBits) throw new Damaged(`a page packs numbers in ${bits} bits`);
      block(bits, values, least);
    }
  }
}

/** Up to 32 bits, the lowest first. */
function bitsAt(bytes: Uint8Array, start: number, bit: number, bits: number): bigint {
  let value = 0n;
  for (let have = 0; have < bits;) {
    const at = bit + have;
    const taken = Math.min(8 - (at % 8), bits - have);
    const part = ((bytes[start + Math.floor(at / 8)] as number) >> (at % 8)) & ((1 << taken) - 1);
    value |= BigInt(part) << BigInt(have);
    have += taken;
  }
  return value;
}
