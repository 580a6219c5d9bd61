import { Damaged } from "./thrift.js";

/** Reads whole numbers from a byte range, and never past its end. */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  skip(bytes: number): void {
    if (!(bytes >= 0 && bytes <= this.left))
      throw new Damaged(`a page needs ${bytes} bytes, but ${this.left} are left`);
    this.at += bytes;
  }

  byte(): number {
    this.skip(1);
    return this.bytes[this.at - 1] as number;
  }

  /** Four bytes, the lowest first. */
  uint32(): number {
    return this.byte() + this.byte() * 256 + this.byte() * 65_536 + this.byte() * 16_777_216;
  }

  /** Seven bits a byte, the lowest first. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new Damaged("a page holds a number of more than ten bytes");
  }

  /** A varint that counts items in memory. */
  count(): number {
    const value = this.varint();
    if (value > 0x7fff_ffffn) throw new Damaged(`a page names ${value} values`);
    return Number(value);
  }

  zigzag(): bigint {
    const value = this.varint();
    return (value >> 1n) ^ -(value & 1n);
  }
}

/** Wider than any dictionary index; the decoder works with 32 bits. */
const mostBits = 24;

/**
 * Walks `count` values in runs: repeated ones and bit-packed ones, the encoding of levels, flags and positions in a
 * dictionary.
 *
 * @param each called with each value and the number of its repetitions.
 * @throws Damaged if the runs are longer than the values, or than the bytes.
 */
export function walkRuns(
  cursor: Cursor,
  bits: number,
  count: number,
  each: (value: number, times: number) => void,
): void {
  if (bits > mostBits) throw new Damaged(`a page packs values in ${bits} bits`);
  const width = Math.ceil(bits / 8);
  for (let seen = 0; seen < count;) {
    const head = cursor.count();
    const times = Math.floor(head / 2);
    if (head % 2 === 0) {
      if (times === 0 || times > count - seen)
        throw new Damaged(`a page repeats a value ${times} times, but ${count - seen} are needed`);
      let value = 0;
      for (let i = 0, scale = 1; i < width; i++, scale *= 256) value += cursor.byte() * scale;
      each(value, times);
      seen += times;
    } else {
      // Groups of eight; the last one may be padded. If a dictionary has one entry, they take no bits.
      if (times === 0 || (times - 1) * 8 >= count - seen)
        throw new Damaged(`a page packs ${times * 8} values, but ${count - seen} are needed`);
      const start = cursor.at;
      cursor.skip(times * bits);
      const inUse = Math.min(times * 8, count - seen);
      unpack(cursor.bytes, start, bits, inUse, each);
      seen += inUse;
    }
  }
}

function unpack(
  bytes: Uint8Array,
  start: number,
  bits: number,
  count: number,
  each: (value: number, times: number) => void,
): void {
  const mask = bits === 0 ? 0 : 0xffffffff >>> (32 - bits);
  let at = start;
  let held = 0;
  let have = 0;
  for (let i = 0; i < count; i++) {
    while (have < bits) {
      held |= (bytes[at++] as number) << have;
      have += 8;
    }
    each(held & mask, 1);
    held >>>= bits;
    have -= bits;
  }
}
