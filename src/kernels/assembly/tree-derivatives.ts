import { expNegative, log1p, mix32 } from "./math";

/** e^x in both lanes for x <= 0, as `expNegative` reckons it. */
@inline
function expNegative2(x: v128): v128 {
  const bounded = f64x2.max(x, f64x2.splat(-700.0));
  const n = f64x2.nearest(f64x2.mul(bounded, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(bounded, f64x2.mul(n, f64x2.splat(0.6931471805599453)));
  let sum = f64x2.splat(1.0 / 5040.0);
  sum = f64x2.add(f64x2.splat(1.0 / 720.0), f64x2.mul(r, sum));
  sum = f64x2.add(f64x2.splat(1.0 / 120.0), f64x2.mul(r, sum));
  sum = f64x2.add(f64x2.splat(1.0 / 24.0), f64x2.mul(r, sum));
  sum = f64x2.add(f64x2.splat(1.0 / 6.0), f64x2.mul(r, sum));
  sum = f64x2.add(f64x2.splat(0.5), f64x2.mul(r, sum));
  sum = f64x2.add(f64x2.splat(1.0), f64x2.mul(r, sum));
  sum = f64x2.add(f64x2.splat(1.0), f64x2.mul(r, sum));
  const exponent = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(n));
  return f64x2.mul(sum, i64x2.shl(i64x2.add(exponent, i64x2.splat(1023)), 52));
}

/**
 * For each listed row, how far its probability is from its label: p - y of the log loss, to `distances` in the order of
 * the list. Stores at `sums` the sum of |p - y| and of p (1 - p), as f64.
 */
export function measureDistances(rows: usize, count: i32, margins: usize, labels: usize, distances: usize, sums: usize): void {
  const end = rows + (<usize>count << 2);
  const one = f64x2.splat(1.0);
  let first = f64x2.splat(0.0);
  let second = first;
  for (; rows < end; rows += 8, distances += 16) {
    const a = load<u32>(rows);
    // The last of an odd number is paired with itself, with no weight.
    const paired = rows + 4 < end;
    const b = paired ? load<u32>(rows, 4) : a;
    const margin = f64x2.replace_lane(f64x2.splat(load<f64>(margins + (<usize>a << 3))), 1, load<f64>(margins + (<usize>b << 3)));
    const e = expNegative2(f64x2.neg(f64x2.abs(margin)));
    const likely = f64x2.div(one, f64x2.add(one, e));
    const label = i64x2.replace_lane(i64x2.splat(<i64>load<u8>(labels + a)), 1, <i64>load<u8>(labels + b));
    const positive = i64x2.ne(label, i64x2.splat(0));
    const right = v128.not(v128.xor(positive, f64x2.ge(margin, f64x2.splat(0.0))));
    // The distance to 1 where the sign is right: small numbers keep their digits.
    const distance = v128.bitselect(f64x2.mul(e, likely), likely, right);
    const signed = v128.bitselect(f64x2.neg(distance), distance, positive);
    v128.store(distances, signed);
    const counted = paired ? distance : f64x2.replace_lane(distance, 1, 0.0);
    first = f64x2.add(first, counted);
    second = f64x2.add(second, f64x2.mul(counted, f64x2.sub(one, counted)));
  }
  store<f64>(sums, f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1));
  store<f64>(sums, f64x2.extract_lane(second, 0) + f64x2.extract_lane(second, 1), 8);
}

/**
 * Rounds the derivatives of the log loss to whole numbers and packs each row's two into one: d = p - y times
 * `firstScale` in the upper half, |d| (1 - |d|) times `secondScale` in the lower.
 */
export function packDerivatives(rows: usize, count: i32, distances: usize, firstScale: f64, secondScale: f64, packed: usize): void {
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4, distances += 8) {
    const distance = load<f64>(distances);
    const size = abs(distance);
    const first = <i64>nearest(distance * firstScale);
    const second = <i64>nearest(size * (1.0 - size) * secondScale);
    store<i64>(packed + (<usize>load<u32>(rows) << 3), (first << 32) + second);
  }
}

/** The sums of `measureDistances` with a weight for each row (f32, by row). */
export function sumWeighted(rows: usize, count: i32, distances: usize, weights: usize, sums: usize): void {
  let first: f64 = 0.0;
  let second: f64 = 0.0;
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4, distances += 8) {
    const size = abs(load<f64>(distances));
    const weight = <f64>load<f32>(weights + (<usize>load<u32>(rows) << 2));
    first += weight * size;
    second += weight * size * (1.0 - size);
  }
  store<f64>(sums, first);
  store<f64>(sums, second, 8);
}

/** `packDerivatives` with a weight for each row (f32, by row). */
export function packWeighted(rows: usize, count: i32, distances: usize, weights: usize, firstScale: f64, secondScale: f64, packed: usize): void {
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4, distances += 8) {
    const row = <usize>load<u32>(rows);
    const distance = load<f64>(distances);
    const size = abs(distance);
    const weight = <f64>load<f32>(weights + (row << 2));
    const first = <i64>nearest(weight * distance * firstScale);
    const second = <i64>nearest(weight * size * (1.0 - size) * secondScale);
    store<i64>(packed + (row << 3), (first << 32) + second);
  }
}

/**
 * Splits a list of rows by a seeded draw, both sides in order: those drawn (hash of the position below `limit`) go to
 * `inside`, the others to `outside`. Returns how many were drawn.
 */
export function drawRows(rows: usize, count: i32, key: u32, limit: u32, inside: usize, outside: usize): i32 {
  const from = inside;
  for (let i = 0; i < count; ++i) {
    const row = load<u32>(rows + (<usize>i << 2));
    const drawn = <usize>(mix32(mix32(<u32>i * 0x9e3779b9) ^ key) < limit);
    store<u32>(inside, row);
    store<u32>(outside, row);
    inside += drawn << 2;
    outside += (1 - drawn) << 2;
  }
  return <i32>((inside - from) >> 2);
}

/** Adds a value to the sum of each listed row. */
export function addToRows(rows: usize, count: i32, value: f64, sums: usize): void {
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4) {
    const at = sums + (<usize>load<u32>(rows) << 3);
    store<f64>(at, load<f64>(at) + value);
  }
}

/** Returns the sum of the log losses of `count` log-odds, in nats, with a weight for each (f32) unless `weights` is 0. */
export function sumLogLoss(margins: usize, labels: usize, weights: usize, count: i32): f64 {
  let sum: f64 = 0.0;
  for (let i = 0; i < count; ++i) {
    const margin = load<f64>(margins + (<usize>i << 3));
    const wrong = load<u8>(labels + i) != 0 ? -margin : margin;
    const weight = weights == 0 ? 1.0 : <f64>load<f32>(weights + (<usize>i << 2));
    sum += weight * (max(wrong, 0.0) + log1p(expNegative(-abs(margin))));
  }
  return sum;
}
