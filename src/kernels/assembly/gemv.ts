import { ROW } from "./layout";
import { mulAdd } from "./math";

/** For each set of four lanes the bytes of its lanes, the first one first, then no byte. */
const orders = memory.data<u8>([
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  4, 5, 6, 7, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 4, 5, 6, 7, 128, 128, 128, 128, 128, 128, 128, 128,
  8, 9, 10, 11, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 8, 9, 10, 11, 128, 128, 128, 128, 128, 128, 128, 128,
  4, 5, 6, 7, 8, 9, 10, 11, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 128, 128, 128, 128,
  12, 13, 14, 15, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 12, 13, 14, 15, 128, 128, 128, 128, 128, 128, 128, 128,
  4, 5, 6, 7, 12, 13, 14, 15, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 128, 128, 128, 128,
  8, 9, 10, 11, 12, 13, 14, 15, 128, 128, 128, 128, 128, 128, 128, 128,
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 128, 128, 128, 128,
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 128, 128, 128, 128,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
], 16);

/**
 * Lists the values of a row that are not zero, each with the place of its weights in a panel: most features are 0 or 1 and
 * about half of what relu passes on is 0. A product with zero would change no sum, unless a weight is not finite: then
 * `all` are listed. Returns the end of the list, which has one item at least; it has room for four items more than there are
 * values. Four values at a time, since a branch for each would be guessed wrong half of the time.
 */
export function listValues(a: usize, k: i32, all: i32, list: usize): usize {
  const zero = f32x4.splat(0);
  let places = i32x4(0, 32, 64, 96);
  let end = list;
  for (let left = k; left > 0; left -= 4, a += 16) {
    const values = v128.load(a);
    const listed = (i32x4.bitmask(f32x4.ne(values, zero)) | -all) & (15 >> max(4 - left, 0));
    const order = v128.load(orders + (<usize>listed << 4));
    const first = i8x16.swizzle(values, order);
    const second = i8x16.swizzle(places, order);
    v128.store(end, v128.shuffle<i32>(first, second, 0, 4, 1, 5));
    v128.store(end, v128.shuffle<i32>(first, second, 2, 6, 3, 7), 16);
    end += <usize>popcnt(listed) << 3;
    places = i32x4.add(places, i32x4.splat(128));
  }
  return end == list ? list + 8 : end;
}

/**
 * relu(a * w + bias) for one row, given by {@link listValues}, each sum in the same order as in matmul.ts, so that a row has
 * the same bits alone as in a batch. Three panels at a time: four would need more registers than there are.
 */
export function gemv(list: usize, end: usize, k: i32, w: usize, panels: i32, bias: usize, out: usize): void {
  const next = <usize>((k + 7) & -8) * ROW;
  for (; panels >= 3; panels -= 3) {
    threePanels(list, end, w, next, bias, out);
    w += 3 * next;
    bias += 3 * ROW;
    out += 3 * ROW;
  }
  for (; panels > 0; --panels) {
    onePanel(list, end, w, bias, out);
    w += next;
    bias += ROW;
    out += ROW;
  }
}

@inline
function threePanels(list: usize, end: usize, w: usize, next: usize, bias: usize, out: usize): void {
  const zero = f32x4.splat(0);
  const w1 = w + next;
  const w2 = w1 + next;
  let c0 = v128.load(bias);
  let c1 = v128.load(bias, 16);
  let c2 = v128.load(bias, 32);
  let c3 = v128.load(bias, 48);
  let c4 = v128.load(bias, 64);
  let c5 = v128.load(bias, 80);
  do {
    const s = v128.load32_splat(list);
    const at = <usize>load<u32>(list, 4);
    c0 = mulAdd(c0, s, v128.load(w + at));
    c1 = mulAdd(c1, s, v128.load(w + at, 16));
    c2 = mulAdd(c2, s, v128.load(w1 + at));
    c3 = mulAdd(c3, s, v128.load(w1 + at, 16));
    c4 = mulAdd(c4, s, v128.load(w2 + at));
    c5 = mulAdd(c5, s, v128.load(w2 + at, 16));
    list += 8;
  } while (list < end);
  v128.store(out, f32x4.pmax(c0, zero));
  v128.store(out, f32x4.pmax(c1, zero), 16);
  v128.store(out, f32x4.pmax(c2, zero), 32);
  v128.store(out, f32x4.pmax(c3, zero), 48);
  v128.store(out, f32x4.pmax(c4, zero), 64);
  v128.store(out, f32x4.pmax(c5, zero), 80);
}

@inline
function onePanel(list: usize, end: usize, w: usize, bias: usize, out: usize): void {
  const zero = f32x4.splat(0);
  let c0 = v128.load(bias);
  let c1 = v128.load(bias, 16);
  do {
    const s = v128.load32_splat(list);
    const at = <usize>load<u32>(list, 4);
    c0 = mulAdd(c0, s, v128.load(w + at));
    c1 = mulAdd(c1, s, v128.load(w + at, 16));
    list += 8;
  } while (list < end);
  v128.store(out, f32x4.pmax(c0, zero));
  v128.store(out, f32x4.pmax(c1, zero), 16);
}
