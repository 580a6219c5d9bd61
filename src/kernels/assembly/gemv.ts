import { mulAdd } from "./math";

/**
 * relu(a * w + bias) for one row, inputs and outputs one after the other, each sum in the same order as in matmul.ts, so
 * that a row has the same bits alone as in a batch. Three panels at a time: four would need more registers than there are.
 */
export function gemv(a: usize, k: i32, w: usize, panels: i32, bias: usize, out: usize): void {
  const next = <usize>((k + 7) & -8) * 32;
  const last = a + ((<usize>(k - 1)) << 2);
  for (; panels >= 3; panels -= 3) {
    threePanels(a, last, w, next, bias, out);
    w += 3 * next;
    bias += 96;
    out += 96;
  }
  for (; panels > 0; --panels) {
    onePanel(a, last, w, bias, out);
    w += next;
    bias += 32;
    out += 32;
  }
}

@inline
function threePanels(a: usize, last: usize, w: usize, next: usize, bias: usize, out: usize): void {
  const zero = f32x4.splat(0);
  let c0 = v128.load(bias);
  let c1 = v128.load(bias, 16);
  let c2 = v128.load(bias, 32);
  let c3 = v128.load(bias, 48);
  let c4 = v128.load(bias, 64);
  let c5 = v128.load(bias, 80);
  let w0 = w - 32;
  let w1 = w0 + next;
  let w2 = w1 + next;
  a -= 4;
  do {
    a += 4;
    w0 += 32;
    w1 += 32;
    w2 += 32;
    const s = v128.load32_splat(a);
    c0 = mulAdd(c0, s, v128.load(w0));
    c1 = mulAdd(c1, s, v128.load(w0, 16));
    c2 = mulAdd(c2, s, v128.load(w1));
    c3 = mulAdd(c3, s, v128.load(w1, 16));
    c4 = mulAdd(c4, s, v128.load(w2));
    c5 = mulAdd(c5, s, v128.load(w2, 16));
  } while (a < last);
  v128.store(out, f32x4.pmax(c0, zero));
  v128.store(out, f32x4.pmax(c1, zero), 16);
  v128.store(out, f32x4.pmax(c2, zero), 32);
  v128.store(out, f32x4.pmax(c3, zero), 48);
  v128.store(out, f32x4.pmax(c4, zero), 64);
  v128.store(out, f32x4.pmax(c5, zero), 80);
}

@inline
function onePanel(a: usize, last: usize, w: usize, bias: usize, out: usize): void {
  const zero = f32x4.splat(0);
  let c0 = v128.load(bias);
  let c1 = v128.load(bias, 16);
  w -= 32;
  a -= 4;
  do {
    a += 4;
    w += 32;
    const s = v128.load32_splat(a);
    c0 = mulAdd(c0, s, v128.load(w));
    c1 = mulAdd(c1, s, v128.load(w, 16));
  } while (a < last);
  v128.store(out, f32x4.pmax(c0, zero));
  v128.store(out, f32x4.pmax(c1, zero), 16);
}
