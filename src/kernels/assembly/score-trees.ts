/*
 * Scores 128 rows at a time with trees. A vector has a bit for each row: row 16 b + j is bit b of byte j. One pass over a
 * tree's splits gives the rows of every leaf; from these come the bits of each row's leaf number, and from numbers of up to
 * 16 leaves, by a lookup in registers, the leaves' values. src/model/kinds/trees/score-blocks.ts writes what is read here.
 */

/** Rows of a block, by 16. */
const GROUPS: i32 = 8;
/** Leaves that one lookup chooses from: a bank. */
const BANK: i32 = 16;
/** Bytes of a bank's values: the first byte of each of 16 floats, then the second of each, and so on. */
const BANK_BYTES: usize = 64;

/** Values of one feature for a block. */
const column = memory.data(4 * 128, 16);
/** The rows of each leaf, bank by bank, then of each split: room for 256 leaves. */
const places = memory.data(2 * 256 * 16, 16);
/** The rows of each bank of a large tree. */
const banks = memory.data(16 * 16, 16);

/** Trees ready to score. */
@unmanaged
class ScoreTrees {
  /** Bytes of a row. */
  stride: u32;
  features: i32;
  trees: i32;
  /** For each feature used: its place in a row in bytes, and the number of its thresholds. */
  featureTable: usize;
  /** The thresholds of all features used; a split is one of them. */
  thresholds: usize;
  /** For each split the rows that go left. */
  lefts: usize;
  /** The trees, one after the other: number of splits, number of leaves, splits, values. */
  stream: usize;
}

/** Adds each tree's leaf, in order, to the sums of up to 128 rows; x and sums have room for a whole block. */
export function scoreTrees(at: usize, x: usize, rows: i32, sums: usize): void {
  const model = changetype<ScoreTrees>(at);
  const groups = (rows + 15) >> 4;
  compare(model, x, groups);
  let tree = model.stream;
  for (let count = model.trees; count > 0; --count) {
    const splits = load<i32>(tree);
    const leaves = load<i32>(tree, 4);
    divide(tree + 8, splits, model.lefts);
    tree += 8 + (<usize>splits << 3);
    const used = (leaves + BANK - 1) / BANK;
    for (let leaf = leaves; leaf < used * BANK; ++leaf) v128.store(places + (<usize>leaf << 4), i8x16.splat(0));
    if (used == 1) addBank(tree, groups, sums);
    else addBanks(tree, used, groups, sums);
    tree += <usize>used * BANK_BYTES;
  }
}

/** For each split, the rows with a value up to the threshold. */
function compare(model: ScoreTrees, x: usize, groups: i32): void {
  const stride = <usize>model.stride;
  const end = column + (<usize>groups << 6);
  let threshold = model.thresholds;
  let left = model.lefts;
  let entry = model.featureTable;
  for (let count = model.features; count > 0; --count, entry += 8) {
    let from = x + <usize>load<u32>(entry);
    for (let at = column; at < end; at += 16, from += 4 * stride) {
      let four = v128.load32_zero(from);
      four = v128.load32_lane(from + stride, four, 1);
      four = v128.load32_lane(from + 2 * stride, four, 2);
      four = v128.load32_lane(from + 3 * stride, four, 3);
      v128.store(at, four);
    }
    for (let n = load<i32>(entry, 4); n > 0; --n, threshold += 4, left += 16) {
      const t = v128.load32_splat(threshold);
      let bits = i8x16.splat(0);
      let at = end;
      do {
        at -= 64;
        const a = i16x8.narrow_i32x4_s(f32x4.le(v128.load(at), t), f32x4.le(v128.load(at, 16), t));
        const b = i16x8.narrow_i32x4_s(f32x4.le(v128.load(at, 32), t), f32x4.le(v128.load(at, 48), t));
        // Shifts by one and adds the bit: true is -1.
        bits = i8x16.sub(i8x16.add(bits, bits), i8x16.narrow_i16x8_s(a, b));
      } while (at > column);
      v128.store(left, bits);
    }
  }
}

/** Divides the rows of each split among its children, parents first: place, split, left and right child, 16 bits each. */
@inline
function divide(at: usize, splits: i32, lefts: usize): void {
  if (splits == 0) return;
  v128.store(places + <usize>load<u16>(at), i8x16.splat(-1));
  const end = at + (<usize>splits << 3);
  do {
    const here = v128.load(places + <usize>load<u16>(at));
    const left = v128.load(lefts + (<usize>load<u16>(at, 2) << 4));
    v128.store(places + <usize>load<u16>(at, 4), v128.and(here, left));
    v128.store(places + <usize>load<u16>(at, 6), v128.andnot(here, left));
    at += 8;
  } while (at < end);
}

@inline
function or4(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.or(v128.or(a, b), v128.or(c, d));
}

@inline
function leaf(bank: usize, number: i32): v128 {
  return v128.load(bank + (<usize>number << 4));
}

/** The rows whose leaf has a number with bit 0 set, in a bank; then with bits 1, 2 and 3. */
@inline
function ones(bank: usize): v128 {
  return v128.or(
    or4(leaf(bank, 1), leaf(bank, 3), leaf(bank, 5), leaf(bank, 7)),
    or4(leaf(bank, 9), leaf(bank, 11), leaf(bank, 13), leaf(bank, 15)),
  );
}
@inline
function twos(bank: usize): v128 {
  return v128.or(
    or4(leaf(bank, 2), leaf(bank, 3), leaf(bank, 6), leaf(bank, 7)),
    or4(leaf(bank, 10), leaf(bank, 11), leaf(bank, 14), leaf(bank, 15)),
  );
}
@inline
function fours(bank: usize): v128 {
  return v128.or(
    or4(leaf(bank, 4), leaf(bank, 5), leaf(bank, 6), leaf(bank, 7)),
    or4(leaf(bank, 12), leaf(bank, 13), leaf(bank, 14), leaf(bank, 15)),
  );
}
@inline
function eights(bank: usize): v128 {
  return v128.or(
    or4(leaf(bank, 8), leaf(bank, 9), leaf(bank, 10), leaf(bank, 11)),
    or4(leaf(bank, 12), leaf(bank, 13), leaf(bank, 14), leaf(bank, 15)),
  );
}

/** The numbers of 32 rows, those of group `shift` in the lower half of each byte, of group `shift + 4` in the upper. */
@inline
function numbers(p0: v128, p1: v128, p2: v128, p3: v128, shift: i32): v128 {
  return or4(
    v128.and(i16x8.shr_u(p0, shift), i8x16.splat(0x11)),
    v128.and(i16x8.shl(i16x8.shr_u(p1, shift), 1), i8x16.splat(0x22)),
    v128.and(i16x8.shl(i16x8.shr_u(p2, shift), 2), i8x16.splat(0x44)),
    v128.and(i16x8.shl(i16x8.shr_u(p3, shift), 3), i8x16.splat(<i8>0x88)),
  );
}

/** Adds the values of a tree of one bank. */
function addBank(values: usize, groups: i32, sums: usize): void {
  const p0 = ones(places);
  const p1 = twos(places);
  const p2 = fours(places);
  const p3 = eights(places);
  const v0 = v128.load(values);
  const v1 = v128.load(values, 16);
  const v2 = v128.load(values, 32);
  const v3 = v128.load(values, 48);
  for (let shift = 0; shift < min(groups, 4); ++shift, sums += 128) {
    const both = numbers(p0, p1, p2, p3, shift);
    const low = v128.and(both, i8x16.splat(15));
    add(i8x16.swizzle(v0, low), i8x16.swizzle(v1, low), i8x16.swizzle(v2, low), i8x16.swizzle(v3, low), sums);
    if (groups <= 4) continue;
    const high = v128.and(i16x8.shr_u(both, 4), i8x16.splat(15));
    add(i8x16.swizzle(v0, high), i8x16.swizzle(v1, high), i8x16.swizzle(v2, high), i8x16.swizzle(v3, high), sums + 512);
  }
}

/** Adds the values of a tree of several banks: a row's number is no number in the banks where its leaf isn't. */
function addBanks(values: usize, used: i32, groups: i32, sums: usize): void {
  let p0 = i8x16.splat(0);
  let p1 = p0;
  let p2 = p0;
  let p3 = p0;
  for (let k = 0; k < used; ++k) {
    const bank = places + (<usize>k << 8);
    const b0 = ones(bank);
    const b1 = twos(bank);
    const b2 = fours(bank);
    const b3 = eights(bank);
    v128.store(banks + (<usize>k << 4), v128.or(leaf(bank, 0), or4(b0, b1, b2, b3)));
    p0 = v128.or(p0, b0);
    p1 = v128.or(p1, b1);
    p2 = v128.or(p2, b2);
    p3 = v128.or(p3, b3);
  }
  const one = i8x16.splat(1);
  for (let group = 0; group < groups; ++group, sums += 128) {
    const number = or4(
      v128.and(i16x8.shr_u(p0, group), one),
      i16x8.shl(v128.and(i16x8.shr_u(p1, group), one), 1),
      i16x8.shl(v128.and(i16x8.shr_u(p2, group), one), 2),
      i16x8.shl(v128.and(i16x8.shr_u(p3, group), one), 3),
    );
    let v0 = i8x16.splat(0);
    let v1 = v0;
    let v2 = v0;
    let v3 = v0;
    let at = values;
    for (let k = 0; k < used; ++k, at += BANK_BYTES) {
      const here = v128.and(i16x8.shr_u(v128.load(banks + (<usize>k << 4)), group), one);
      const chosen = v128.or(number, i8x16.sub(here, one));
      v0 = v128.or(v0, i8x16.swizzle(v128.load(at), chosen));
      v1 = v128.or(v1, i8x16.swizzle(v128.load(at, 16), chosen));
      v2 = v128.or(v2, i8x16.swizzle(v128.load(at, 32), chosen));
      v3 = v128.or(v3, i8x16.swizzle(v128.load(at, 48), chosen));
    }
    add(v0, v1, v2, v3, sums);
  }
}

/** Adds 16 floats, given as their first, second, third and fourth bytes, to sums. */
@inline
function add(v0: v128, v1: v128, v2: v128, v3: v128, sums: usize): void {
  const low01 = v128.shuffle<i8>(v0, v1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const low23 = v128.shuffle<i8>(v2, v3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  addFour(v128.shuffle<i16>(low01, low23, 0, 8, 1, 9, 2, 10, 3, 11), sums);
  addFour(v128.shuffle<i16>(low01, low23, 4, 12, 5, 13, 6, 14, 7, 15), sums + 32);
  const high01 = v128.shuffle<i8>(v0, v1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const high23 = v128.shuffle<i8>(v2, v3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  addFour(v128.shuffle<i16>(high01, high23, 0, 8, 1, 9, 2, 10, 3, 11), sums + 64);
  addFour(v128.shuffle<i16>(high01, high23, 4, 12, 5, 13, 6, 14, 7, 15), sums + 96);
}

@inline
function addFour(values: v128, sums: usize): void {
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(values)));
  const high = v128.shuffle<i64>(values, values, 1, 1);
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(high)), 16);
}
