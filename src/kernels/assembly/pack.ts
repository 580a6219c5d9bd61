import { ROW } from "./layout";

/** Rows of padded features to panels. */
export function packRows(from: usize, rowBytes: usize, panels: i32, rows: i32, to: usize, stride: usize): void {
  for (let p = 0; p < panels; ++p) {
    let source = from + <usize>p * ROW;
    let target = to + <usize>p * stride;
    for (let row = 0; row < rows; ++row) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
      source += rowBytes;
      target += ROW;
    }
  }
}

/** The last panel of a row whose length is no multiple of 8, the missing values as zeros. */
@inline
function packTail(source: usize, target: usize, values: i32): void {
  v128.store(target, f32x4.splat(0));
  v128.store(target, f32x4.splat(0), 16);
  for (let i = 0; i < values; ++i) store<f32>(target + ((<usize>i) << 2), load<f32>(source + ((<usize>i) << 2)));
}

/** Rows of `values` features without padding to panels. */
export function packPlainRows(from: usize, values: i32, rows: i32, to: usize, stride: usize): void {
  const rowBytes = (<usize>values) << 2;
  const full = values >> 3;
  packRows(from, rowBytes, full, rows, to, stride);
  if ((values & 7) == 0) return;
  for (let row = 0; row < rows; ++row) {
    const source = from + <usize>row * rowBytes + <usize>full * ROW;
    packTail(source, to + <usize>full * stride + <usize>row * ROW, values & 7);
  }
}
