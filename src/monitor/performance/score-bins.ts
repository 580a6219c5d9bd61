import { powerOfTwo } from "../../base/elementary.js";

/**
 * Fixed bins of probabilities, the same for every model, so that counts merge by adding. A bin is 1/128 of an octave
 * of min(p, 1 - p), so it is narrow for probabilities near 0 or 1: its width is at most 2^-7 min(p, 1 - p), except
 * for the outermost, which contain everything within 2^-20 of 0 and of 1.
 */
const PER_OCTAVE = 128;
const LOWEST_EXPONENT = -20;
const OCTAVES = 19;
/** Bins from 0 up to 1/2, and as many mirrored above. */
const PER_SIDE = 1 + OCTAVES * PER_OCTAVE;
/** Number of bins. */
export const scoreBins = 2 * PER_SIDE;
/**
 * The position of a probability in its bin is kept in this many steps, so that sums are whole numbers and merge
 * exactly.
 */
export const stepsPerBin = 1 << 20;

/** A bin's ends, both probabilities. */
export interface BinRange {
  readonly low: number;
  readonly high: number;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
/** Where the word with sign and exponent lies: 1 on little-endian machines. */
const upper = words[0] === 0 ? 1 : 0;
/** The leading bits of 2^-20: sign, exponent and seven bits of the fraction. */
const firstKey = (1023 + LOWEST_EXPONENT) * PER_OCTAVE;

/** Place among the bins of one side, by the distance from 0 or 1. */
function placeOf(distance: number): number {
  double[0] = distance;
  const key = ((words[upper] as number) >>> 13) - firstKey;
  return key < 0 ? 0 : Math.min(key + 1, PER_SIDE - 1);
}

/** The bin of a probability in [0, 1]: never smaller for a larger one. */
export function scoreBin(p: number): number {
  return p < 0.5 ? placeOf(p) : scoreBins - 1 - placeOf(1 - p);
}

const edge = (place: number): number => {
  if (place === 0) return 0;
  const k = place - 1;
  const octave = Math.floor(k / PER_OCTAVE);
  return (1 + (k - octave * PER_OCTAVE) / PER_OCTAVE) * powerOfTwo(LOWEST_EXPONENT + octave);
};

/** The ends of a bin. */
export function binRange(bin: number): BinRange {
  if (bin < PER_SIDE) return { low: edge(bin), high: edge(bin + 1) };
  const place = scoreBins - 1 - bin;
  return { low: 1 - edge(place + 1), high: 1 - edge(place) };
}

/** Steps from the bin's low end to the probability, rounded: 0 to {@link stepsPerBin}. */
export function stepOf(p: number, { low, high }: BinRange): number {
  return Math.round(((p - low) / (high - low)) * stepsPerBin);
}
