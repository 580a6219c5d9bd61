/** Where a feature's sums lie in a histogram: `bins` of them in ascending order, or, for 0 bins, the one of a flag's rarer value. */
@unmanaged
class Place {
  bins: u32;
  offset: u32;
}

/** The best split so far. The gain is in the histogram's units. */
@unmanaged
class Best {
  feature: i32;
  bin: i32;
  score: f64;
}

@inline
function firsts(packed: v128): v128 {
  return f64x2.convert_low_i32x4_s(v128.shuffle<i32>(packed, packed, 1, 3, 1, 3));
}

@inline
function seconds(packed: v128): v128 {
  return f64x2.convert_low_i32x4_s(v128.shuffle<i32>(packed, packed, 0, 2, 0, 2));
}

@inline
function offer(best: Best, feature: i32, bin: i32, score: f64, allowed: bool): void {
  if (!allowed || !(score > best.score)) return;
  best.feature = feature;
  best.bin = bin;
  best.score = score;
}

/**
 * GL^2 / (HL + l2) + GR^2 / (HR + l2) of two ways to part a node, over one denominator; `least` of both sides must hold.
 */
export function findSplit(features: usize, count: i32, places: usize, histogram: usize, sum: usize, l2: f64, least: f64, out: usize): void {
  const best = changetype<Best>(out);
  const all = v128.load64_splat(sum);
  const allFirst = firsts(all);
  const allSecond = seconds(all);
  const penalty = f64x2.splat(l2);
  const enough = f64x2.splat(least);
  const end = features + (<usize>count << 2);
  for (; features < end; features += 4) {
    const feature = load<u32>(features);
    const place = changetype<Place>(places + <usize>feature * offsetof<Place>());
    const flag = place.bins == 0;
    let at = histogram + place.offset;
    const last = flag ? at + 8 : at + (<usize>place.bins << 3);
    let before = i64x2.splat(0);
    for (let bin = 0; at < last; at += 16, bin += 2) {
      const zero = i64x2.splat(0);
      const two = flag ? v128.load64_splat(at) : v128.load(at);
      // Sums up to and with each of the two bins.
      const own = i64x2.add(two, v128.shuffle<i64>(zero, two, 0, 2));
      const packed = i64x2.add(own, before);
      before = i64x2.add(before, v128.shuffle<i64>(own, own, 1, 1));
      const leftFirst = firsts(packed);
      const leftSecond = seconds(packed);
      const rightFirst = f64x2.sub(allFirst, leftFirst);
      const rightSecond = f64x2.sub(allSecond, leftSecond);
      const leftWeight = f64x2.add(leftSecond, penalty);
      const rightWeight = f64x2.add(rightSecond, penalty);
      const score = f64x2.div(
        f64x2.add(f64x2.mul(f64x2.mul(leftFirst, leftFirst), rightWeight), f64x2.mul(f64x2.mul(rightFirst, rightFirst), leftWeight)),
        f64x2.mul(leftWeight, rightWeight),
      );
      const allowed = v128.and(f64x2.ge(leftSecond, enough), f64x2.ge(rightSecond, enough));
      const better = v128.and(f64x2.gt(score, f64x2.splat(best.score)), allowed);
      if (v128.any_true(better)) {
        offer(best, feature, bin, f64x2.extract_lane(score, 0), i64x2.extract_lane(allowed, 0) != 0);
        if (!flag) offer(best, feature, bin + 1, f64x2.extract_lane(score, 1), i64x2.extract_lane(allowed, 1) != 0);
      }
    }
  }
}

/** What a node's loss falls by with this value: its derivatives' sums are `first` and, with the penalty, `weight`. */
@inline
function gainOf(first: f64, weight: f64, value: f64): f64 {
  return -value * (2.0 * first + weight * value);
}

/**
 * `findSplit` where features may be constrained: both sides' values are kept from `lower` to `upper`, and a feature of
 * direction 1 (an i32 each) only splits where the side summed first has the lower value, of direction -1 the higher one.
 */
export function findBoundedSplit(
  features: usize, count: i32, places: usize, directions: usize, histogram: usize, sum: usize, l2: f64, least: f64, lower: f64, upper: f64, out: usize,
): void {
  const best = changetype<Best>(out);
  const all = load<i64>(sum);
  const end = features + (<usize>count << 2);
  for (; features < end; features += 4) {
    const feature = load<u32>(features);
    const place = changetype<Place>(places + <usize>feature * offsetof<Place>());
    const direction = <f64>load<i32>(directions + (<usize>feature << 2));
    let at = histogram + place.offset;
    const last = at + (<usize>max(place.bins, 1) << 3);
    let left: i64 = 0;
    for (let bin = 0; at < last; at += 8, ++bin) {
      left += load<i64>(at);
      const right = all - left;
      const leftFirst = <f64>(left >> 32);
      const rightFirst = <f64>(right >> 32);
      const leftSecond = <f64>(left & 0xffffffff);
      const rightSecond = <f64>(right & 0xffffffff);
      if (leftSecond < least || rightSecond < least) continue;
      const leftWeight = leftSecond + l2;
      const rightWeight = rightSecond + l2;
      const leftValue = min(max(-leftFirst / leftWeight, lower), upper);
      const rightValue = min(max(-rightFirst / rightWeight, lower), upper);
      const allowed = direction * (rightValue - leftValue) >= 0.0;
      offer(best, feature, bin, gainOf(leftFirst, leftWeight, leftValue) + gainOf(rightFirst, rightWeight, rightValue), allowed);
    }
  }
}
