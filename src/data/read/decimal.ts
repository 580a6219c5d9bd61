/** Exact powers of ten, as far as 15 digits behind the point need them. */
const powers = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/**
 * Reads a plain decimal number (`-12.5`) of at most 15 digits straight from ASCII bytes. Then the digits are an exact
 * double and so is the power of ten below them, and one division of exact doubles rounds correctly: the result equals
 * `Number(text)` (Clinger 1990, the fast path).
 *
 * @returns NaN for anything else: empty, longer, an exponent, a plus sign, or no number at all. Never -0.
 */
export function parsePlainDecimal(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  const negative = i < end && bytes[i] === 45;
  if (negative) i++;
  const first = i;
  let digits = 0;
  for (; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) break;
    digits = digits * 10 + digit;
  }
  if (i === end) {
    if (i === first || i - first > 15) return NaN;
    return negative ? 0 - digits : digits;
  }
  if (bytes[i] !== 46) return NaN;
  const behind = ++i;
  for (; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return NaN;
    digits = digits * 10 + digit;
  }
  const count = i - first - 1;
  if (count === 0 || count > 15) return NaN;
  const value = digits / (powers[i - behind] as number);
  return negative ? 0 - value : value;
}
