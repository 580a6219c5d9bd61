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
    for (let at = a; at < end; at += 4) {
      const s = v128.load32_splat(at);
      c0 = f32x4.add(c0, f32x4.mul(s, v128.load(w0)));
      c1 = f32x4.add(c1, f32x4.mul(s, v128.load(w0, 16)));
      c2 = f32x4.add(c2, f32x4.mul(s, v128.load(w1)));
      c3 = f32x4.add(c3, f32x4.mul(s, v128.load(w1, 16)));
      c4 = f32x4.add(c4, f32x4.mul(s, v128.load(w2)));
      c5 = f32x4.add(c5, f32x4.mul(s, v128.load(w2, 16)));
      c6 = f32x4.add(c6, f32x4.mul(s, v128.load(w3)));
      c7 = f32x4.add(c7, f32x4.mul(s, v128.load(w3, 16)));
      w0 += 32;
      w1 += 32;
      w2 += 32;
      w3 += 32;
    }
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
    for (let at = a; at < end; at += 4) {
      const s = v128.load32_splat(at);
      c0 = f32x4.add(c0, f32x4.mul(s, v128.load(w0)));
      c1 = f32x4.add(c1, f32x4.mul(s, v128.load(w0, 16)));
      w0 += 32;
    }
    v128.store(out, f32x4.pmax(c0, zero));
    v128.store(out, f32x4.pmax(c1, zero), 16);
    w += next;
    bias += 32;
    out += 32;
  }
}
