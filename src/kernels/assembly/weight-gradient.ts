import { ROW } from "./layout";
import { mulAdd } from "./math";

/** Four inputs by eight units of `a^T * delta`, summed over rows in their order, onto what `out` holds where `onto`. */
function tile(a: usize, delta: usize, rows: i32, out: usize, onto: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  if (onto) {
    c00 = v128.load(out);
    c01 = v128.load(out, 16);
    c10 = v128.load(out, 32);
    c11 = v128.load(out, 48);
    c20 = v128.load(out, 64);
    c21 = v128.load(out, 80);
    c30 = v128.load(out, 96);
    c31 = v128.load(out, 112);
  }
  // As in matmul.ts: stepping before each use.
  a -= ROW;
  delta -= ROW;
  do {
    a += ROW;
    delta += ROW;
    const b0 = v128.load(delta);
    const b1 = v128.load(delta, 16);
    let s = v128.load32_splat(a);
    c00 = mulAdd(c00, s, b0);
    c01 = mulAdd(c01, s, b1);
    s = v128.load32_splat(a, 4);
    c10 = mulAdd(c10, s, b0);
    c11 = mulAdd(c11, s, b1);
    s = v128.load32_splat(a, 8);
    c20 = mulAdd(c20, s, b0);
    c21 = mulAdd(c21, s, b1);
    s = v128.load32_splat(a, 12);
    c30 = mulAdd(c30, s, b0);
    c31 = mulAdd(c31, s, b1);
  } while (--rows);
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c10, 32);
  v128.store(out, c11, 48);
  v128.store(out, c20, 64);
  v128.store(out, c21, 80);
  v128.store(out, c30, 96);
  v128.store(out, c31, 112);
}

/** Rows summed in one go: both factors' rows of that many stay in the nearest cache, and few sums are set aside. */
const SPAN: i32 = 128;

/** out = a^T * delta: k x (8 * panels), from rows of activations and of gradients, all as panels. */
export function weightGradient(
  a: usize, k: i32, delta: usize, panels: i32, stride: usize, rows: i32, out: usize,
): void {
  const kernelPanel = <usize>((k + 7) & -8) * ROW;
  for (let first = 0; first < rows; first += SPAN) {
    const count = min(SPAN, rows - first);
    const offset = <usize>first * ROW;
    for (let p = 0; p < panels; ++p) {
      const panelDelta = delta + <usize>p * stride + offset;
      const panelOut = out + <usize>p * kernelPanel;
      for (let i = 0; i < k; i += 4) {
        const panelA = a + <usize>(i >> 3) * stride + offset + <usize>(i & 4) * 4;
        tile(panelA, panelDelta, count, panelOut + <usize>i * ROW, first > 0);
      }
    }
  }
}
