import { CHUNK, ROW } from "./layout";
import { mulAdd } from "./math";
import { quads } from "./transpose";

/** A bias of zeros. */
const zeros = memory.data(32);

/**
 * Four rows (a quad) by eight units of `a * w + bias`, or of its relu: eight accumulators in registers, each adding
 * its products in the order of the inputs, starting from the bias (gemv.ts does the same for one row, hence the same
 * bits).
 *
 * Written for V8's scheduling. V8 unrolls the loop: unrolled here, V8 11 gathers all loads in front and spills. The
 * last results are stored first, and there is no branch, or V8 11 orders the sums badly (10 % slower); `relu` becomes
 * a vector only after the loop, which has no register to spare.
 */
function tile(a: usize, k: i32, w: usize, bias: usize, floor: f32, out: usize): void {
  let c00 = v128.load(bias);
  let c01 = v128.load(bias, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  // Stepping before each use, not after, saves the engine two copies per iteration.
  a -= 16;
  w -= ROW;
  do {
    a += 16;
    w += ROW;
    const b0 = v128.load(w);
    const b1 = v128.load(w, 16);
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
  } while (--k);
  const low = f32x4.splat(floor);
  c00 = f32x4.pmax(c00, low);
  c01 = f32x4.pmax(c01, low);
  c10 = f32x4.pmax(c10, low);
  c11 = f32x4.pmax(c11, low);
  c20 = f32x4.pmax(c20, low);
  c21 = f32x4.pmax(c21, low);
  c30 = f32x4.pmax(c30, low);
  c31 = f32x4.pmax(c31, low);
  v128.store(out, c31, 112);
  v128.store(out, c30, 96);
  v128.store(out, c21, 80);
  v128.store(out, c20, 64);
  v128.store(out, c11, 48);
  v128.store(out, c10, 32);
  v128.store(out, c01, 16);
  v128.store(out, c00);
}

/**
 * out = relu(a * w + bias), or a * w where bias is 0: rows x k by k x (8 * panels), all as panels. Works on whole blocks
 * of four rows, so it reads and writes up to three rows beyond `rows`. `scratch` holds CHUNK rows of `a`.
 */
export function matmul(
  a: usize,
  stride: usize,
  rows: i32,
  k: i32,
  w: usize,
  panels: i32,
  bias: usize,
  out: usize,
  scratch: usize,
): void {
  const inputPanels = (k + 7) >> 3;
  const kernelPanel = <usize>inputPanels * 8 * ROW;
  const quad = <usize>inputPanels * 128;
  for (let first = 0; first < rows; first += CHUNK) {
    const count = min(CHUNK, rows - first);
    const offset = <usize>first * ROW;
    quads(a + offset, stride, count, inputPanels, scratch);
    let panel = w;
    let panelBias = bias;
    let panelOut = out + offset;
    for (let p = 0; p < panels; ++p) {
      let at = scratch;
      for (let row = 0; row < count; row += 4) {
        tile(at, k, panel, bias == 0 ? zeros : panelBias, bias == 0 ? -Infinity : 0, panelOut + <usize>row * ROW);
        at += quad;
      }
      panel += kernelPanel;
      panelOut += stride;
      if (bias != 0) panelBias += 32;
    }
  }
}
