/**
 * Elementary functions with the same bits on every JavaScript engine. ECMAScript leaves the rounding of `Math.exp`,
 * `Math.log`, `Math.sin`, `**` and their like to the engine, and V8 changes it between versions; these are built from
 * `+ - * /` alone, which IEEE 754 rounds exactly. Whatever reaches a model, a score or a figure uses these.
 */

const smallestExponent = -1074;

/** 2^e for e = -1074 ... 1023; doubling is exact. */
const powersOfTwo = new Float64Array(1023 - smallestExponent + 1);
for (let i = 0, value = Number.MIN_VALUE; i < powersOfTwo.length; i++, value *= 2) powersOfTwo[i] = value;

/** 2^e, exactly. @param e a whole number from -1074 to 1023. */
export function powerOfTwo(e: number): number {
  return powersOfTwo[e - smallestExponent] as number;
}

/** base^exponent by squaring, with as many roundings as that takes. @param exponent a whole number, 0 or more. */
export function integerPower(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/** x * x, rounded once; engines do not all compute `x ** 2` in the same way. */
export function square(x: number): number {
  return x * x;
}

const log2e = 1.4426950408889634;
/** ln 2 as a sum: 40 bits, so that products with exponents are exact, and the rest. */
const ln2High = 0.6931471805592082;
const ln2Low = 7.371002565167799e-13;

/**
 * e^x to 0.7 units in the last place (ulp): e^x = 2^k e^r with |r| <= ln(2) / 2, and e^r = 1 + 2r / (r coth(r/2) - r)
 * with r coth(r/2) = 2 + r^2/6 - r^4/360 + ... (Abramowitz and Stegun 4.5.67; the argument is split as Cody and Waite
 * do). Infinity above 709.78, 0 below -745.13, NaN for NaN.
 */
export function exp(x: number): number {
  if (!(x >= -746)) return x < 0 ? 0 : NaN;
  if (x > 710) return Infinity;
  const k = Math.floor(x * log2e + 0.5);
  const high = x - k * ln2High;
  const low = k * ln2Low;
  const r = high - low;
  const z = r * r;
  const w = z * z;
  const even = 1 / 6 + w * (1 / 15120 + w * (1 / 23950080));
  const odd = -1 / 360 + w * (-1 / 604800 + w * (-691 / 653837184000));
  const c = r - z * (even + z * odd);
  // 1 + high, with what its rounding loses.
  const sum = 1 + high;
  const y = sum + (1 - sum + high + ((r * c) / (2 - c) - low));
  if (k < -1021) return y * powerOfTwo(k + 64) * powerOfTwo(-64);
  return k === 1024 ? y * 2 * powerOfTwo(1023) : y * powerOfTwo(k);
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
/** Index of the word with sign and exponent: 1 on little-endian machines. */
const upper = words[0] === 0 ? 1 : 0;
/** Offset that carries into the exponent when the fraction is sqrt(2) or more. */
const aboveRoot = 0x100000 - 0x6a09e;

/**
 * Returns approximately the k for which x / 2^k is in [sqrt(1/2), sqrt(2)). @param x positive, finite, not subnormal.
 */
function exponentOf(x: number): number {
  double[0] = x;
  return (((words[upper] as number) + aboveRoot) >>> 20) - 1023;
}

/**
 * k ln 2 + log(1 + f) + correction for f in [-0.2929, 0.4143]: with s = f / (2 + f), log(1 + f) = 2 atanh(s) =
 * f - (f^2/2 - s (f^2/2 + 2/3 s^2 + 2/5 s^4 + ...)) (Abramowitz and Stegun 4.1.27, arranged so that the leading term is
 * exact).
 */
function logarithm(k: number, f: number, correction: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = 2 / 3 + w * (2 / 7 + w * (2 / 11 + w * (2 / 15 + w * (2 / 19))));
  const even = 2 / 5 + w * (2 / 9 + w * (2 / 13 + w * (2 / 17 + w * (2 / 21))));
  const series = z * (odd + z * even);
  const half = 0.5 * f * f;
  const whole = k * ln2High;
  // whole + f, with what its rounding loses.
  const sum = whole + f;
  return sum + (whole - sum + f - (half - (s * (half + series) + (k * ln2Low + correction))));
}

/** The natural logarithm, to 0.9 ulp. -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  if (x < 2.2250738585072014e-308) {
    const scaled = x * 18014398509481984;
    const k = exponentOf(scaled);
    return logarithm(k - 54, scaled * powerOfTwo(-k) - 1, 0);
  }
  const k = exponentOf(x);
  return logarithm(k, x * powerOfTwo(-k) - 1, 0);
}

/** log(1 + x), to 0.9 ulp even for small x. -Infinity at -1, NaN below. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  if (x > -0.29 && x < 0.41) return Math.abs(x) < 1e-17 ? x : logarithm(0, x, 0);
  const u = 1 + x;
  const k = exponentOf(u);
  // The rounding error of 1 + x, as a share of it.
  const lost = x > 1 ? 1 - (u - x) : x - (u - 1);
  return logarithm(k, u * powerOfTwo(-k) - 1, lost / u);
}

/** 2 pi as a sum: 29 bits, so that products with 24-bit numbers are exact, and the rest. */
const turnHigh = 6.283185303211212;
const turnLow = 3.968374318722162e-9;

/** sin(2 pi t), to 1 ulp: exactly 0, 1 and -1 at whole quarters. @param t turns; finite, else NaN. */
export function sinTurns(t: number): number {
  return quarter(t, 0);
}

/** cos(2 pi t), to 1 ulp: exactly 0, 1 and -1 at whole quarters. @param t turns; finite, else NaN. */
export function cosTurns(t: number): number {
  return quarter(t, 1);
}

/** sin(2 pi (t + ahead / 4)), by the Taylor series of sine and cosine within an eighth of a turn of a whole quarter. */
function quarter(t: number, ahead: number): number {
  const turn = t - Math.floor(t + 0.5);
  const nearest = Math.floor(4 * turn + 0.5);
  const rest = turn - nearest / 4;
  // 2 pi rest = high + low: the product with the leading 24 bits is exact.
  const leading = Math.fround(rest);
  const high = leading * turnHigh;
  const low = (rest - leading) * turnHigh + rest * turnLow;
  const place = (nearest + ahead + 4) % 4;
  const value = place % 2 === 0 ? sine(high, low) : cosine(high, low);
  return place < 2 ? value : -value;
}

function sine(high: number, low: number): number {
  const y = high + low;
  const z = y * y;
  let tail = 1 / 355687428096000;
  tail = -1 / 1307674368000 + z * tail;
  tail = 1 / 6227020800 + z * tail;
  tail = -1 / 39916800 + z * tail;
  tail = 1 / 362880 + z * tail;
  tail = -1 / 5040 + z * tail;
  tail = 1 / 120 + z * tail;
  tail = -1 / 6 + z * tail;
  return high + (low + y * z * tail);
}

function cosine(high: number, low: number): number {
  const y = high + low;
  const z = y * y;
  let tail = -1 / 6402373705728000;
  tail = 1 / 20922789888000 + z * tail;
  tail = -1 / 87178291200 + z * tail;
  tail = 1 / 479001600 + z * tail;
  tail = -1 / 3628800 + z * tail;
  tail = 1 / 40320 + z * tail;
  tail = -1 / 720 + z * tail;
  tail = 1 / 24 + z * tail;
  const half = 0.5 * z;
  const sum = 1 - half;
  return sum + (1 - sum - half + (z * z * tail - y * (high - y + low)));
}
