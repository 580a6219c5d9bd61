import { mulAdd } from "./math";

/** relu(a * w + bias) for one row: inputs and outputs one after the other, in the same order of sums as matmul's tile. */
export function gemv(a: usize, k: i32, w: usize, panels: i32, bias: usize, out: usize): void {
  const zero = f32x4.splat(0);
  const next = <usize>((k + 7) & -8) * 32;
  const end = a + ((<usize>k) << 2);
  for (; panels >= 4; panels -= 4) {
    let c0 = v128.load(bias);
    let c1 = v128.load(bias, 16);
    let c2 = v128.load(bias, 32);
    let c3 = v128.load(bias, 48);
    let c4 = v128.load(bias, 64);
    let c5 = v128.load(bias, 80);
    let c6 = v128.load(bias, 96);
    let c7 = v128.load(bias, 112);
    let w0 = w;
    let w1 = w0 + next;
    let w2 = w1 + next;
    let w3 = w2 + next;
    let at = a;
    do {
      const s = v128.load32_splat(at);
      c0 = mulAdd(c0, s, v128.load(w0));
      c1 = mulAdd(c1, s, v128.load(w0, 16));
      c2 = mulAdd(c2, s, v128.load(w1));
      c3 = mulAdd(c3, s, v128.load(w1, 16));
      c4 = mulAdd(c4, s, v128.load(w2));
      c5 = mulAdd(c5, s, v128.load(w2, 16));
      c6 = mulAdd(c6, s, v128.load(w3));
      c7 = mulAdd(c7, s, v128.load(w3, 16));
      w0 += 32;
      w1 += 32;
      w2 += 32;
      w3 += 32;
      at += 4;
    } while (at < end);
    v128.store(out, f32x4.pmax(c0, zero));
    v128.store(out, f32x4.pmax(c1, zero), 16);
    v128.store(out, f32x4.pmax(c2, zero), 32);
    v128.store(out, f32x4.pmax(c3, zero), 48);
    v128.store(out, f32x4.pmax(c4, zero), 64);
    v128.store(out, f32x4.pmax(c5, zero), 80);
    v128.store(out, f32x4.pmax(c6, zero), 96);
    v128.store(out, f32x4.pmax(c7, zero), 112);
    w += next << 2;
    bias += 128;
    out += 128;
  }
  for (; panels > 0; --panels) {
    let c0 = v128.load(bias);
    let c1 = v128.load(bias, 16);
    let w0 = w;
    let at = a;
    do {
      const s = v128.load32_splat(at);
      c0 = mulAdd(c0, s, v128.load(w0));
      c1 = mulAdd(c1, s, v128.load(w0, 16));
      w0 += 32;
      at += 4;
    } while (at < end);
    v128.store(out, f32x4.pmax(c0, zero));
    v128.store(out, f32x4.pmax(c1, zero), 16);
    w += next;
    bias += 32;
    out += 32;
  }
}
