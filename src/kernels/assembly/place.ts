/**
 * Puts a dense layer where scoring reads it: its kernel (row-major, inputs x units) at `to`, its bias at `toBias`.
 * Unit j's weights are `rowBytes` apart, units of one panel `laneBytes` apart, panels of 8 units one after the other.
 * If `scale` is not 0, the layer absorbs `scale * x + shift` of its inputs, in double precision, rounded once.
 */
export function placeDense(
  kernel: usize,
  bias: usize,
  inputs: i32,
  units: i32,
  scale: usize,
  shift: usize,
  to: usize,
  toBias: usize,
  laneBytes: usize,
  rowBytes: usize,
): void {
  const panelBytes = (<usize>((inputs + 7) & -8)) << 5;
  const step = (<usize>units) << 2;
  let j: usize = 0;
  if (scale == 0 && laneBytes == 4) {
    for (; j + 8 <= <usize>units; j += 8) {
      let from = kernel + (j << 2);
      const end = from + <usize>inputs * step;
      for (let at = to + (j >> 3) * panelBytes; from < end; from += step, at += rowBytes) {
        v128.store(at, v128.load(from));
        v128.store(at, v128.load(from, 16), 16);
      }
      v128.store(toBias + (j << 2), v128.load(bias + (j << 2)));
      v128.store(toBias + (j << 2), v128.load(bias + (j << 2), 16), 16);
    }
  }
  for (; j < <usize>units; ++j) {
    let from = kernel + (j << 2);
    const end = from + <usize>inputs * step;
    let at = to + (j >> 3) * panelBytes + (j & 7) * laneBytes;
    if (scale == 0) {
      for (; from < end; from += step, at += rowBytes) store<f32>(at, load<f32>(from));
      store<f32>(toBias + (j << 2), load<f32>(bias + (j << 2)));
    } else {
      let sum = <f64>load<f32>(bias + (j << 2));
      let factor = scale;
      let offset = shift;
      for (; from < end; from += step, at += rowBytes, factor += 8, offset += 8) {
        const weight = <f64>load<f32>(from);
        store<f32>(at, <f32>(load<f64>(factor) * weight));
        sum += load<f64>(offset) * weight;
      }
      store<f32>(toBias + (j << 2), <f32>sum);
    }
  }
}

/** Are so many floats, a multiple of 4, all finite? Zero times anything else is not zero. */
export function areFinite(at: usize, floats: i32): bool {
  const zero = f32x4.splat(0);
  let sum = zero;
  for (const end = at + ((<usize>floats) << 2); at < end; at += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(at), zero));
  return v128.any_true(f32x4.ne(sum, zero)) == false;
}
