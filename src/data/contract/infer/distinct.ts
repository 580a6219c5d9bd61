import { log, powerOfTwo } from "../../../base/elementary.js";
import { mix32 } from "../../../base/random.js";

const indexBits = 12;
const registers = 1 << indexBits;

/** FNV-1a over UTF-16 units, scrambled: near texts get unrelated hashes. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix32(hash);
}

/** Counts distinct texts in 4 KB. */
export interface DistinctCounter {
  add(text: string): void;
  /** The number of distinct texts, with a standard error of about 1.6 %. */
  estimate(): number;
}

/**
 * A HyperLogLog counter (Flajolet, Fusy, Gandouet and Meunier 2007) with 4,096 registers, and linear counting while
 * registers are still empty.
 */
export function distinctCounter(): DistinctCounter {
  const ranks = new Uint8Array(registers);
  return {
    add(text) {
      const hash = hashText(text);
      const index = hash >>> (32 - indexBits);
      const rank = Math.min(Math.clz32(hash << indexBits), 32 - indexBits) + 1;
      if (rank > (ranks[index] as number)) ranks[index] = rank;
    },
    estimate() {
      let sum = 0;
      let empty = 0;
      for (const rank of ranks) {
        sum += powerOfTwo(-rank);
        if (rank === 0) empty++;
      }
      const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum;
      if (raw <= 2.5 * registers && empty > 0) return registers * log(registers / empty);
      return raw <= 2 ** 32 / 30 ? raw : -(2 ** 32) * log(1 - raw / 2 ** 32);
    },
  };
}
