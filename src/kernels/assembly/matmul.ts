import { CHUNK, ROW } from "./layout";

/** c + a * b in each lane, rounded twice: plain SIMD has no fused multiply-add, and the same bits everywhere. */
@inline
function mulAdd(c: v128, a: v128, b: v128): v128 {
  return f32x4.add(c, f32x4.mul(a, b));
}

/**
 * Four rows by eight units of `relu(a * w + bias)`: eight accumulators in registers, each adding its products in the
 * order of the inputs, starting from the bias (the one-row kernel in gemv.ts does the same, hence the same bits).
 */
function tile(a: usize, stride: usize, k: i32, w: usize, bias: usize, out: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  if (bias != 0) {
    c00 = v128.load(bias);
    c01 = v128.load(bias, 16);
  }
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  // A panel holds 8 inputs: half of it, then the other half, then on to the next panel.
  let hop: usize = 16;
  for (;;) {
    let b0 = v128.load(w);
    let b1 = v128.load(w, 16);
    let s = v128.load32_splat(a);
    c00 = mulAdd(c00, s, b0);
    c01 = mulAdd(c01, s, b1);
    s = v128.load32_splat(a, 32);
    c10 = mulAdd(c10, s, b0);
    c11 = mulAdd(c11, s, b1);
    s = v128.load32_splat(a, 64);
    c20 = mulAdd(c20, s, b0);
    c21 = mulAdd(c21, s, b1);
    s = v128.load32_splat(a, 96);
    c30 = mulAdd(c30, s, b0);
    c31 = mulAdd(c31, s, b1);
    if (--k == 0) break;

    b0 = v128.load(w, 32);
    b1 = v128.load(w, 48);
    s = v128.load32_splat(a, 4);
    c00 = mulAdd(c00, s, b0);
    c01 = mulAdd(c01, s, b1);
    s = v128.load32_splat(a, 36);
    c10 = mulAdd(c10, s, b0);
    c11 = mulAdd(c11, s, b1);
    s = v128.load32_splat(a, 68);
    c20 = mulAdd(c20, s, b0);
    c21 = mulAdd(c21, s, b1);
    s = v128.load32_splat(a, 100);
    c30 = mulAdd(c30, s, b0);
    c31 = mulAdd(c31, s, b1);
    if (--k == 0) break;

    b0 = v128.load(w, 64);
    b1 = v128.load(w, 80);
    s = v128.load32_splat(a, 8);
    c00 = mulAdd(c00, s, b0);
    c01 = mulAdd(c01, s, b1);
    s = v128.load32_splat(a, 40);
    c10 = mulAdd(c10, s, b0);
    c11 = mulAdd(c11, s, b1);
    s = v128.load32_splat(a, 72);
    c20 = mulAdd(c20, s, b0);
    c21 = mulAdd(c21, s, b1);
    s = v128.load32_splat(a, 104);
    c30 = mulAdd(c30, s, b0);
    c31 = mulAdd(c31, s, b1);
    if (--k == 0) break;

    b0 = v128.load(w, 96);
    b1 = v128.load(w, 112);
    s = v128.load32_splat(a, 12);
    c00 = mulAdd(c00, s, b0);
    c01 = mulAdd(c01, s, b1);
    s = v128.load32_splat(a, 44);
    c10 = mulAdd(c10, s, b0);
    c11 = mulAdd(c11, s, b1);
    s = v128.load32_splat(a, 76);
    c20 = mulAdd(c20, s, b0);
    c21 = mulAdd(c21, s, b1);
    s = v128.load32_splat(a, 108);
    c30 = mulAdd(c30, s, b0);
    c31 = mulAdd(c31, s, b1);
    if (--k == 0) break;

    w += 128;
    a += hop;
    hop = stride - hop;
  }
  if (bias != 0) {
    const zero = f32x4.splat(0);
    c00 = f32x4.pmax(c00, zero);
    c01 = f32x4.pmax(c01, zero);
    c10 = f32x4.pmax(c10, zero);
    c11 = f32x4.pmax(c11, zero);
    c20 = f32x4.pmax(c20, zero);
    c21 = f32x4.pmax(c21, zero);
    c30 = f32x4.pmax(c30, zero);
    c31 = f32x4.pmax(c31, zero);
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c10, 32);
  v128.store(out, c11, 48);
  v128.store(out, c20, 64);
  v128.store(out, c21, 80);
  v128.store(out, c30, 96);
  v128.store(out, c31, 112);
}

/**
 * out = relu(a * w + bias), or a * w where bias is 0: rows x k by k x (8 * panels), all as panels. Works on whole blocks
 * of four rows, so it reads and writes up to three rows beyond `rows`.
 */
export function matmul(
  a: usize, stride: usize, rows: i32, k: i32, w: usize, panels: i32, bias: usize, out: usize, outStride: usize,
): void {
  const kernelPanel = <usize>((k + 7) & -8) * ROW;
  for (let first = 0; first < rows; first += CHUNK) {
    const end = min(first + CHUNK, rows);
    let panel = w;
    let panelBias = bias;
    let panelOut = out;
    for (let p = 0; p < panels; ++p) {
      for (let row = first; row < end; row += 4) {
        tile(a + <usize>row * ROW, stride, k, panel, panelBias, panelOut + <usize>row * ROW);
      }
      panel += kernelPanel;
      panelOut += outStride;
      if (bias != 0) panelBias += 32;
    }
  }
}
