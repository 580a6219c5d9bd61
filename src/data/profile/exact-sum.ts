import { powerOfTwo } from "../../base/elementary.js";

/**
 * Sums of doubles without rounding, so that every order and every split into shards gives the same sum. The sum is a
 * whole number of 2^-1074, the smallest double; blocks of values are first added in floating point on a grid so coarse
 * that no bit is lost (the idea of Demmel and Nguyen, "Fast reproducible floating-point summation", 2013).
 */
export const EXACT_BLOCK = 2048;
/** Bits that a sum of EXACT_BLOCK terms needs on top of one term, and two for the rounding of the largest. */
const HEADROOM = 13;
const SMALLEST = -1074;

const view = new DataView(new ArrayBuffer(8));

/** floor(log2(value)) of a positive double. */
export function exponentOf(value: number): number {
  view.setFloat64(0, value);
  let e = (view.getUint32(0) >>> 20) - 1023;
  if (e === -1023) while (powerOfTwo(e) > value) e--;
  return e;
}

/**
 * Adds the first `length` values to a sum, exactly.
 *
 * @param sum in units of 2^-1074; start with 0n.
 * @param values finite, of absolute value at most 1e300; overwritten.
 * @param length at most {@link EXACT_BLOCK}.
 */
export function addExactly(sum: bigint, values: Float64Array, length: number): bigint {
  let total = sum;
  for (;;) {
    let largest = 0;
    for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
    if (largest === 0) return total;
    // Adding and subtracting 1.5 * 2^top rounds a value to a multiple of 2^(top - 52); the sum of such is exact.
    const top = Math.max(exponentOf(largest) + HEADROOM, SMALLEST + 52);
    const unit = Math.max(top - 52, SMALLEST);
    const shift = 1.5 * powerOfTwo(top);
    let high = 0;
    for (let i = 0; i < length; i++) {
      const value = values[i] as number;
      const rounded = value + shift - shift;
      high += rounded;
      values[i] = value - rounded;
    }
    total += unitsOf(high, unit);
  }
}

/** A multiple of 2^unit in units of 2^-1074, without leaving the range of doubles. */
export function unitsOf(value: number, unit: number): bigint {
  if (value === 0) return 0n;
  const whole = BigInt(unit < -1000 ? value * powerOfTwo(500) * powerOfTwo(-unit - 500) : value / powerOfTwo(unit));
  return whole << BigInt(unit - SMALLEST);
}

/** The nearest doubles' quotient `sum / count`, for a sum in units of 2^-1074. */
export function meanOf(sum: bigint, count: number): number {
  const negative = sum < 0n;
  const scaled = (negative ? -sum : sum) / BigInt(count);
  const bits = scaled.toString(2).length;
  // 64 leading bits are rounded to 53 by Number(), an error of at most one part in 2^53 besides the truncation.
  const drop = Math.max(0, bits - 64);
  const leading = Number(scaled >> BigInt(drop));
  const e = drop + SMALLEST;
  const value = e < -1000 ? leading * powerOfTwo(e + 500) * powerOfTwo(-500) : leading * powerOfTwo(e);
  return negative ? -value : value;
}

/** Writes a sum as sign, hexadecimal digits and power of two, the shortest such: "-1f5p-3" is -501/8. */
export function formatExact(sum: bigint): string {
  if (sum === 0n) return "0p0";
  const magnitude = sum < 0n ? -sum : sum;
  let trailing = 0n;
  // Drop whole words first, so that a long sum takes few steps.
  while (((magnitude >> trailing) & 0xffffffffn) === 0n) trailing += 32n;
  while (((magnitude >> trailing) & 1n) === 0n) trailing += 1n;
  return `${sum < 0n ? "-" : ""}${(magnitude >> trailing).toString(16)}p${Number(trailing) + SMALLEST}`;
}

const written = /^(-?)([0-9a-f]{1,560})p(-?\d{1,4})$/;

/** Reads what {@link formatExact} wrote; undefined for anything else. */
export function parseExact(text: string): bigint | undefined {
  const [, sign, digits, power] = written.exec(text) ?? [];
  if (digits === undefined || power === undefined) return undefined;
  const shift = Number(power) - SMALLEST;
  if (shift < 0 || shift > 2 * -SMALLEST) return undefined;
  const magnitude = BigInt(`0x${digits}`) << BigInt(shift);
  return sign === "-" ? -magnitude : magnitude;
}

/**
 * Returns the sum that a profile stores as text; 0 for a text that {@link parseExact} refuses, which no parsed
 * profile has.
 */
export const exactSumOf = (text: string): bigint => parseExact(text) ?? 0n;
