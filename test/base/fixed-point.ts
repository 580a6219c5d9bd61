/** Elementary functions in fixed point with 320 bits behind the point: the yardstick for those in floating point. */
export const bits = 320n;
const one = 1n << bits;

/** A double as an exact fraction: mantissa * 2^exponent. */
function parts(value: number): { mantissa: bigint; exponent: bigint } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const word = view.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : fraction | (1n << 52n);
  return { mantissa: value < 0 ? -magnitude : magnitude, exponent: (exponent === 0n ? 1n : exponent) - 1075n };
}

const shifted = (value: bigint, by: bigint): bigint => (by >= 0n ? value << by : value >> -by);

/** A double in fixed point, cut off behind the last bit. */
export function fixed(value: number): bigint {
  const { mantissa, exponent } = parts(value);
  return shifted(mantissa, exponent + bits);
}

/** Sum of the terms that `next` makes out of the one before, until they vanish. */
function series(
  first: bigint,
  next: (term: bigint, n: bigint) => bigint,
  weight: (n: bigint) => bigint = () => 1n,
): bigint {
  let sum = 0n;
  for (let term = first, n = 0n; term !== 0n; n++, term = next(term, n)) sum += term / weight(n);
  return sum;
}

/** atanh(s) = s + s^3/3 + s^5/5 + ... for |s| <= 1/3. */
function atanh(s: bigint): bigint {
  const square = (s * s) >> bits;
  return series(
    s,
    (term) => (term * square) >> bits,
    (n) => 2n * n + 1n,
  );
}

const arctanInverse = (n: bigint): bigint =>
  series(
    one / n,
    (term) => -term / (n * n),
    (k) => 2n * k + 1n,
  );

const ln2 = 2n * atanh(one / 3n);
/** Machin 1706. */
const turn = 8n * (4n * arctanInverse(5n) - arctanInverse(239n));

/** log of a positive number in fixed point. */
export function logFixed(x: bigint): bigint {
  const k = BigInt(x.toString(2).length) - 1n - bits;
  const m = shifted(x, -k);
  return k * ln2 + 2n * atanh(((m - one) << bits) / (m + one));
}

/** e^x as value * 2^exponent, the value in fixed point. */
export function expFixed(x: bigint): { value: bigint; exponent: bigint } {
  const exponent = x / ln2;
  const rest = x - exponent * ln2;
  return { value: series(one, (term, n) => (term * rest) / (n << bits)), exponent };
}

/** Sine and cosine of t turns. */
export function sinCosFixed(t: bigint): { sin: bigint; cos: bigint } {
  const angle = ((t - ((t + one / 2n) / one) * one) * turn) >> bits;
  const square = (angle * angle) >> bits;
  const from = (first: bigint, ahead: bigint): bigint =>
    series(first, (term, n) => -(term * square) / (((2n * n + ahead) * (2n * n + ahead - 1n)) << bits));
  return { sin: from(angle, 1n), cos: from(one, 0n) };
}

/** How far `got` is from `value` * 2^`exponent`, in units of the last place of `got`. */
export function ulps(got: number, value: bigint, exponent = 0n): number {
  const { mantissa, exponent: power } = parts(got);
  // Both in units of 2^-20 of got's last place.
  const exact = shifted(value, exponent - bits - power + 20n);
  const difference = (mantissa << 20n) - exact;
  return Number(difference < 0n ? -difference : difference) / 2 ** 20;
}
