import { ROW } from "./layout";
import { mulAdd } from "./math";

/** Where a sum starts. */
const zeros = memory.data(128);

/**
 * Four inputs by eight units of `a^T * delta`, summed over rows in their order, starting from what lies at `from`. For its
 * form see matmul.ts; here V8 11 does well with the stores in natural order.
 */
function tile(a: usize, delta: usize, rows: i32, from: usize, out: usize): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from, 32);
  let c11 = v128.load(from, 48);
  let c20 = v128.load(from, 64);
  let c21 = v128.load(from, 80);
  let c30 = v128.load(from, 96);
  let c31 = v128.load(from, 112);
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
  a: usize,
  k: i32,
  delta: usize,
  panels: i32,
  stride: usize,
  rows: i32,
  out: usize,
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
        const tileOut = panelOut + <usize>i * ROW;
        tile(panelA, panelDelta, count, first == 0 ? zeros : tileOut, tileOut);
      }
    }
  }
}
