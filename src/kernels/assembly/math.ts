/** c + a * b in each lane, rounded twice: plain SIMD has no fused multiply-add, and the same bits everywhere. */
@inline
export function mulAdd(c: v128, a: v128, b: v128): v128 {
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Scrambles four integers: the rule of mix32 in src/base/random.ts. */
@inline
export function mix32x4(value: v128): v128 {
  let h = v128.xor(value, i32x4.shr_u(value, 16));
  h = i32x4.mul(h, i32x4.splat(0x85ebca6b));
  h = v128.xor(h, i32x4.shr_u(h, 13));
  h = i32x4.mul(h, i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** Scrambles one integer. */
export function mix32(value: u32): u32 {
  let h = value ^ (value >> 16);
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** e^x for x <= 0, relative error below 1e-8: 2^n * e^r with |r| <= ln(2) / 2, by its Taylor series. */
export function expNegative(x: f64): f64 {
  // Below this the result is too small to matter in any sum with 1.
  if (x < -700.0) return 0.0;
  const n = nearest(x * 1.4426950408889634);
  const r = x - n * 0.6931471805599453;
  let sum: f64 = 1.0 / 5040.0;
  sum = 1.0 / 720.0 + r * sum;
  sum = 1.0 / 120.0 + r * sum;
  sum = 1.0 / 24.0 + r * sum;
  sum = 1.0 / 6.0 + r * sum;
  sum = 0.5 + r * sum;
  sum = 1.0 + r * sum;
  sum = 1.0 + r * sum;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** log(1 + u) for u in [0, 1], relative error below 2e-8: 2 atanh(s) with s = u / (2 + u), by its series. */
export function log1p(u: f64): f64 {
  const s = u / (2.0 + u);
  const q = s * s;
  let sum: f64 = 1.0 / 13.0;
  sum = 1.0 / 11.0 + q * sum;
  sum = 1.0 / 9.0 + q * sum;
  sum = 1.0 / 7.0 + q * sum;
  sum = 1.0 / 5.0 + q * sum;
  sum = 1.0 / 3.0 + q * sum;
  return 2.0 * s * (1.0 + q * sum);
}

/** base^exponent by squaring: a function of its arguments alone, so that a resumed training gets the same bits. */
export function power(base: f64, exponent: u32): f64 {
  let result: f64 = 1.0;
  for (let factor = base; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= factor;
    factor *= factor;
  }
  return result;
}
