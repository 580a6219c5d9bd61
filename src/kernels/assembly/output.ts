import { Network, ROW } from "./layout";
import { expNegative, log1p } from "./math";

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
      for (let p = 0; p < panels; ++p) {
        c0 = f32x4.add(c0, f32x4.mul(v128.load(at), v128.load(w)));
        c1 = f32x4.add(c1, f32x4.mul(v128.load(at, 16), v128.load(w, 16)));
        at += stride;
        w += ROW;
      }
      const sum = f32x4.add(c0, c1);
      const even = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2);
      const odd = f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3);
      store<f32>(logits, even + odd + load<f32>(bias + ((<usize>o) << 2)));
      logits += 4;
    }
  }
}

/**
 * Sum of the weighted binary cross-entropies (mean over outputs) of a batch. Replaces the logits by the gradient of
 * that sum divided by `rows`.
 */
export function sigmoidLoss(logits: usize, targets: usize, weights: usize, rows: i32, outputs: i32): f64 {
  let total: f64 = 0;
  const share = 1.0 / <f64>outputs;
  const gradientShare = share / <f64>rows;
  for (let row = 0; row < rows; ++row) {
    const weight = <f64>load<f32>(weights + ((<usize>row) << 2));
    let rowLoss: f64 = 0;
    for (let o = 0; o < outputs; ++o) {
      const z = <f64>load<f32>(logits);
      const y = <f64>load<f32>(targets);
      const e = expNegative(-abs(z));
      rowLoss += (z > 0.0 ? z : 0.0) - z * y + log1p(e);
      const sigmoid = (z >= 0.0 ? 1.0 : e) / (1.0 + e);
      store<f32>(logits, <f32>((sigmoid - y) * weight * gradientShare));
      logits += 4;
      targets += 4;
    }
    total += weight * rowLoss * share;
  }
  return total;
}

/** Gradients by the output layer's kernel and bias, and (where `delta` is given) by its input. */
export function outputBackward(network: Network, a: usize, panels: i32, delta: usize, rows: i32): void {
  const outputs = network.outputs;
  const kernelRow = <usize>panels * ROW;
  const nextRow = <usize>outputs * 4;
  for (let o = 0; o < outputs; ++o) {
    const gradients = network.logits + ((<usize>o) << 2);
    let sum: f32 = 0;
    for (let row = 0; row < rows; ++row) sum += load<f32>(gradients + <usize>row * nextRow);
    store<f32>(network.outputBias + ((<usize>o) << 2) + network.toGradient, sum);
    const kernel = network.outputKernel + <usize>o * kernelRow;
    for (let p = 0; p < panels; ++p) {
      const w = kernel + <usize>p * ROW;
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      let c0 = f32x4.splat(0);
      let c1 = c0;
      let at = a + <usize>p * network.stride;
      let to = delta + <usize>p * network.stride;
      let gradient = gradients;
      for (let row = 0; row < rows; ++row) {
        const g = v128.load32_splat(gradient);
        c0 = f32x4.add(c0, f32x4.mul(v128.load(at), g));
        c1 = f32x4.add(c1, f32x4.mul(v128.load(at, 16), g));
        if (delta != 0) {
          let d0 = f32x4.mul(w0, g);
          let d1 = f32x4.mul(w1, g);
          if (o > 0) {
            d0 = f32x4.add(v128.load(to), d0);
            d1 = f32x4.add(v128.load(to, 16), d1);
          }
          v128.store(to, d0);
          v128.store(to, d1, 16);
          to += ROW;
        }
        at += ROW;
        gradient += nextRow;
      }
      v128.store(w + network.toGradient, c0);
      v128.store(w + network.toGradient, c1, 16);
    }
  }
}
