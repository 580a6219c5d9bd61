import { log, square } from "../../../base/elementary.js";
import type { FrequencyBlock } from "../recipe.js";

/** Limit on the levels kept, the most frequent ones; others are encoded as unknown. */
export const maxLevels = 10_000;

/** Codes of the levels a block keeps, increasing. */
export function keptCodes(counts: Uint32Array): number[] {
  const seen: number[] = [];
  counts.forEach((count, code) => count > 0 && seen.push(code));
  if (seen.length <= maxLevels) return seen;
  seen.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  return seen.slice(0, maxLevels).sort((a, b) => a - b);
}

/** Returns the logarithm of each level's share, standardized over the training rows; undefined if all are equal. */
export function frequencyBlock(
  input: string,
  labels: readonly string[],
  counts: Uint32Array,
  missing: number,
): FrequencyBlock | undefined {
  const codes = keptCodes(counts);
  const present = codes.map((code) => counts[code] as number);
  const groups = missing > 0 ? [...present, missing] : present;
  const rows = groups.reduce((a, b) => a + b, 0);
  const mean = groups.reduce((total, count) => total + count * log(count), 0) / rows;
  const variance = groups.reduce((total, count) => total + count * square(log(count) - mean), 0) / rows;
  if (variance < 1e-12) return undefined;
  const value = (count: number): number => (log(count) - mean) / Math.sqrt(variance);
  return {
    kind: "frequency",
    input,
    levels: codes.map((code) => labels[code] ?? ""),
    values: present.map(value),
    // An unseen level is as rare as the rarest seen one.
    otherwise: value(Math.min(...present)),
    missing: missing > 0 ? value(missing) : 0,
  };
}
