import { mix32 } from "../../base/random.js";
import type { RowFingerprints } from "../../data/table/index.js";

/**
 * A Bloom filter of rows (Bloom 1970), bounded in size: if there are too many rows, it has those whose hash is below
 * `share`, and only such rows can be looked up.
 */
export interface RowFilter {
  /** Rows that were put in. */
  readonly rows: number;
  /** Share of all rows that the filter covers, in (0, 1]. */
  readonly share: number;
  /** Share of the rows that equal another one in every feature: how often an unseen row equals one by chance. */
  readonly repeated: number;
  /** A power of two of bits, in bytes. */
  readonly bits: Uint8Array;
}

/** 128 KiB at most. */
const mostBits = 2 ** 20;
/** At 16 bits a row and 11 hashes, fewer than one row in 2,000 is mistaken for another. */
const bitsPerRow = 16;
const hashes = 11;
/** How often an absent row seems to be present: (1 - e^(-11/16))^11. */
export const falsePositives = 0.00046;

/** Calls `visit` with the positions of a row's bits, until it returns false. */
function everyBit(
  filter: Pick<RowFilter, "bits">,
  first: number,
  second: number,
  visit: (byte: number, mask: number) => boolean,
): boolean {
  const last = filter.bits.length * 8 - 1;
  const step = second | 1;
  for (let i = 0, place = mix32(first + 1); i < hashes; i++, place = (place + step) | 0) {
    const bit = place & last;
    if (!visit(bit >> 3, 1 << (bit & 7))) return false;
  }
  return true;
}

const isSpokenOf = ({ share }: Pick<RowFilter, "share">, first: number): boolean => first < share * 2 ** 32;

/** Puts rows into a filter. */
export function rowFilter(parts: readonly RowFingerprints[]): RowFilter {
  const rows = parts.reduce((sum, { first }) => sum + first.length, 0);
  const share = Math.min(1, mostBits / bitsPerRow / Math.max(1, rows));
  let size = 1024;
  while (size < Math.min(mostBits, rows * bitsPerRow)) size *= 2;
  const filter = { share, bits: new Uint8Array(size / 8) };
  const counts = new Map<number, number>();
  for (const { first, second } of parts) {
    first.forEach((hash, row) => {
      const other = second[row] as number;
      if (!isSpokenOf(filter, hash)) return;
      const key = hash * 2 ** 21 + (other >>> 11);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      everyBit(filter, hash, other, (byte, mask) => {
        filter.bits[byte] = (filter.bits[byte] as number) | mask;
        return true;
      });
    });
  }
  const held = [...counts.values()];
  const twins = held.reduce((sum, count) => sum + (count > 1 ? count : 0), 0);
  return {
    ...filter,
    rows,
    repeated:
      twins /
      Math.max(
        1,
        held.reduce((sum, count) => sum + count, 0),
      ),
  };
}

/**
 * Returns for each row 1 if it is (all but certainly) in the filter, 0 if it is not, -1 if the filter does not cover
 * it.
 */
export function inFilter(filter: RowFilter, { first, second }: RowFingerprints): Int8Array {
  return Int8Array.from(first, (hash, row) => {
    if (!isSpokenOf(filter, hash)) return -1;
    return everyBit(filter, hash, second[row] as number, (byte, mask) => ((filter.bits[byte] as number) & mask) !== 0)
      ? 1
      : 0;
  });
}
