import { Network, ROW } from "./layout";
import { expNegative, log1p, mulAdd } from "./math";
import { rowAt } from "./rows";

/** Logits of the output units: each a dot product of a row with the unit's weights, plus its bias. */
export function outputForward(
  a: usize, stride: usize, panels: i32, rows: i32, kernel: usize, bias: usize, outputs: i32, logits: usize,
): void {
  for (let row = 0; row < rows; ++row) {
    let w = kernel;
    for (let o = 0; o < outputs; ++o) {
      let c0 = f32x4.splat(0);
      let c1 = c0;
      let at = a + <usize>row * ROW;
      let left = panels;
      do {
        c0 = mulAdd(c0, v128.load(at), v128.load(w));
        c1 = mulAdd(c1, v128.load(at, 16), v128.load(w, 16));
        at += stride;
        w += ROW;
      } while (--left);
      const sum = f32x4.add(c0, c1);
      const even = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2);
      const odd = f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3);
      store<f32>(logits, even + odd + load<f32>(bias + ((<usize>o) << 2)));
      logits += 4;
    }
  }
}

/**
 * Sum of the weighted binary cross-entropies (mean over outputs) of a batch: `count` rows from position `first` of an
 * order, divided by `heads`. Replaces the logits by the gradient of that sum divided by `count`. No weights (0) means 1.
 */
export function sigmoidLoss(
  logits: usize, outputs: i32, heads: i32, targets: usize, weights: usize, order: usize, first: i32, count: i32,
): f64 {
  let total: f64 = 0;
  const share = 1.0 / <f64>(outputs * heads);
  const gradientShare = share / <f64>count;
  for (let i = 0; i < count; ++i) {
    const row = rowAt(order, first + i);
    const weight = weights == 0 ? 1.0 : <f64>load<f32>(weights + (row << 2));
    let target = targets + ((row * outputs) << 2);
    let loss: f64 = 0;
    for (let o = 0; o < outputs; ++o) {
      const z = <f64>load<f32>(logits);
      const y = <f64>load<f32>(target);
      const e = expNegative(-abs(z));
      loss += (z > 0.0 ? z : 0.0) - z * y + log1p(e);
      const sigmoid = (z >= 0.0 ? 1.0 : e) / (1.0 + e);
      store<f32>(logits, <f32>((sigmoid - y) * weight * gradientShare));
      logits += 4;
      target += 4;
    }
    total += weight * loss * share;
  }
  return total;
}

/** Gradients by the output layer's kernel and bias, and (where `delta` is not 0) by its input. */
export function outputBackward(
  network: Network, a: usize, panels: i32, kernel: usize, bias: usize, logits: usize, delta: usize, rows: i32,
): void {
  const outputs = network.outputs;
  const nextRow = (<usize>outputs) << 2;
  for (let o = 0; o < outputs; ++o) {
    const gradients = logits + ((<usize>o) << 2);
    let sum: f32 = 0;
    for (let row = 0; row < rows; ++row) sum += load<f32>(gradients + <usize>row * nextRow);
    store<f32>(bias + ((<usize>o) << 2) + network.toGradient, sum);
    for (let p = 0; p < panels; ++p) {
      const w = kernel + <usize>(o * panels + p) * ROW;
      const offset = <usize>p * network.stride;
      kernelGradient(a + offset, gradients, nextRow, rows, w + network.toGradient);
      if (delta != 0) spread(delta + offset, gradients, nextRow, rows, w, o > 0);
    }
  }
}

@inline
function kernelGradient(a: usize, gradient: usize, nextRow: usize, rows: i32, out: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  do {
    const g = v128.load32_splat(gradient);
    c0 = mulAdd(c0, v128.load(a), g);
    c1 = mulAdd(c1, v128.load(a, 16), g);
    a += ROW;
    gradient += nextRow;
  } while (--rows);
  v128.store(out, c0);
  v128.store(out, c1, 16);
}

/** Gradient by the input of one output unit, added to that of the units before where `onto`. */
@inline
function spread(delta: usize, gradient: usize, nextRow: usize, rows: i32, w: usize, onto: bool): void {
  const w0 = v128.load(w);
  const w1 = v128.load(w, 16);
  do {
    const g = v128.load32_splat(gradient);
    let d0 = f32x4.mul(w0, g);
    let d1 = f32x4.mul(w1, g);
    if (onto) {
      d0 = f32x4.add(v128.load(delta), d0);
      d1 = f32x4.add(v128.load(delta, 16), d1);
    }
    v128.store(delta, d0);
    v128.store(delta, d1, 16);
    delta += ROW;
    gradient += nextRow;
  } while (--rows);
}
