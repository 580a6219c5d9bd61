import { ROW } from "./layout";

/** The row at a position of an order of row numbers (0: the rows' own order). */
@inline
export function rowAt(order: usize, position: i32): usize {
  return order == 0 ? <usize>position : <usize>load<u32>(order + ((<usize>position) << 2));
}

/** All ones in the lanes whose number is below `count`. */
@inline
function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/**
 * Copies `count` rows of `values` features, from position `first` of an order, to panels; what pads a row is zero. Reads
 * up to 28 bytes beyond a row.
 */
export function gather(
  x: usize, values: i32, order: usize, first: i32, count: i32, to: usize, stride: usize,
): void {
  const last = (values - 1) >> 3;
  const keep0 = lanesBelow(values - (last << 3));
  const keep1 = lanesBelow(values - (last << 3) - 4);
  for (let i = 0; i < count; ++i) {
    let source = x + ((rowAt(order, first + i) * values) << 2);
    let target = to + <usize>i * ROW;
    for (let p = 0; p < last; ++p) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
      source += ROW;
      target += stride;
    }
    v128.store(target, v128.and(v128.load(source), keep0));
    v128.store(target, v128.and(v128.load(source, 16), keep1), 16);
  }
}
