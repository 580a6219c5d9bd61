import { Layer, Network, ROW } from "./layout";
import { mix32, mix32x4, mulAdd } from "./math";
import { statistics } from "./statistics";

/*
 * Loops over the rows of a panel are `do while`, never `for`: only then does V8 hoist invariants out of them.
 */

/** From relu's output to the layer's: batch normalization with the batch's statistics, then dropout. */
export function hiddenForward(
  network: Network,
  layer: Layer,
  index: i32,
  rows: i32,
  step: u32,
  dropping: bool,
  moving: bool,
): void {
  if (layer.output == layer.relu) return;
  const key = mix32(network.seedHash ^ step) + <u32>(index + 1) * 0x9e3779b9;
  const below = i32x4.splat(dropping ? layer.dropBelow : 0);
  const keepScale = f32x4.splat(dropping ? layer.keepScale : 1);
  const four = i32x4.splat(4);
  const nextRow = i32x4.splat(layer.units);
  for (let p = 0; p < layer.panels; ++p) {
    const unit = <usize>p * ROW;
    let mean0 = f32x4.splat(0);
    let mean1 = mean0;
    let shift0 = mean0;
    let shift1 = mean0;
    let scale0 = keepScale;
    let scale1 = keepScale;
    if (layer.gamma != 0) {
      statistics(network, layer, p, rows, moving);
      mean0 = v128.load(layer.mean + unit);
      mean1 = v128.load(layer.mean + unit, 16);
      const gamma0 = f32x4.mul(v128.load(layer.gamma + unit), keepScale);
      const gamma1 = f32x4.mul(v128.load(layer.gamma + unit, 16), keepScale);
      scale0 = f32x4.mul(gamma0, v128.load(layer.inverseDeviation + unit));
      scale1 = f32x4.mul(gamma1, v128.load(layer.inverseDeviation + unit, 16));
      shift0 = f32x4.mul(v128.load(layer.beta + unit), keepScale);
      shift1 = f32x4.mul(v128.load(layer.beta + unit, 16), keepScale);
    }
    const offset = <usize>p * network.stride;
    let at = layer.relu + offset;
    let to = layer.output + offset;
    let mask = layer.mask + (offset >> 2);
    const end = at + <usize>rows * ROW;
    let counter = i32x4.add(i32x4.splat(key + (p << 3)), i32x4(0, 1, 2, 3));
    do {
      const mask0 = i32x4.ge_u(mix32x4(counter), below);
      const mask1 = i32x4.ge_u(mix32x4(i32x4.add(counter, four)), below);
      const both = i16x8.narrow_i32x4_s(mask0, mask1);
      v128.store64_lane(mask, i8x16.narrow_i16x8_s(both, both), 0);
      v128.store(to, v128.and(mulAdd(shift0, f32x4.sub(v128.load(at), mean0), scale0), mask0));
      v128.store(to, v128.and(mulAdd(shift1, f32x4.sub(v128.load(at, 16), mean1), scale1), mask1), 16);
      counter = i32x4.add(counter, nextRow);
      at += ROW;
      to += ROW;
      mask += 8;
    } while (at < end);
  }
}

/**
 * In `layer.delta`, from the gradient by the layer's output to the gradient by its pre-activation: back through dropout,
 * batch normalization and relu. Writes the gradients of bias, gamma and beta.
 */
export function hiddenBackward(network: Network, layer: Layer, rows: i32, dropping: bool): void {
  const keepScale = f32x4.splat(dropping ? layer.keepScale : 1);
  for (let p = 0; p < layer.panels; ++p) {
    const offset = <usize>p * network.stride;
    const delta = layer.delta + offset;
    const mask = layer.mask == 0 ? 0 : layer.mask + (offset >> 2);
    if (layer.gamma != 0) normalizedBackward(network, layer, p, rows, delta, mask, layer.relu + offset, keepScale);
    else reluBackward(delta, mask, layer.relu + offset, rows, layer.bias + <usize>p * ROW + network.toGradient, keepScale);
  }
}

/** Backward step of one panel of a layer without batch normalization; `mask` is 0 without dropout. */
function reluBackward(delta: usize, mask: usize, relu: usize, rows: i32, bias: usize, keepScale: v128): void {
  const zero = f32x4.splat(0);
  let bias0 = zero;
  let bias1 = zero;
  do {
    let d0 = v128.load(delta);
    let d1 = v128.load(delta, 16);
    if (mask != 0) {
      const kept = v128.load_ext<i8>(mask);
      d0 = f32x4.mul(v128.and(d0, i32x4.extend_low_i16x8_s(kept)), keepScale);
      d1 = f32x4.mul(v128.and(d1, i32x4.extend_high_i16x8_s(kept)), keepScale);
      mask += 8;
    }
    d0 = v128.and(d0, f32x4.gt(v128.load(relu), zero));
    d1 = v128.and(d1, f32x4.gt(v128.load(relu, 16), zero));
    v128.store(delta, d0);
    v128.store(delta, d1, 16);
    bias0 = f32x4.add(bias0, d0);
    bias1 = f32x4.add(bias1, d1);
    delta += ROW;
    relu += ROW;
  } while (--rows);
  v128.store(bias, bias0);
  v128.store(bias, bias1, 16);
}

/** One panel of a normalized layer, in two passes: dropout and sums over the batch, then each row. */
function normalizedBackward(
  network: Network,
  layer: Layer,
  p: i32,
  rows: i32,
  delta: usize,
  mask: usize,
  relu: usize,
  keepScale: v128,
): void {
  const zero = f32x4.splat(0);
  const unit = <usize>p * ROW;
  const end = delta + <usize>rows * ROW;
  const mean0 = v128.load(layer.mean + unit);
  const mean1 = v128.load(layer.mean + unit, 16);
  let sum0 = zero;
  let sum1 = zero;
  let product0 = zero;
  let product1 = zero;
  let r = relu;
  let at = delta;
  do {
    const kept = v128.load_ext<i8>(mask);
    const d0 = v128.and(v128.load(at), i32x4.extend_low_i16x8_s(kept));
    const d1 = v128.and(v128.load(at, 16), i32x4.extend_high_i16x8_s(kept));
    v128.store(at, d0);
    v128.store(at, d1, 16);
    sum0 = f32x4.add(sum0, d0);
    sum1 = f32x4.add(sum1, d1);
    product0 = mulAdd(product0, d0, f32x4.sub(v128.load(r), mean0));
    product1 = mulAdd(product1, d1, f32x4.sub(v128.load(r, 16), mean1));
    at += ROW;
    mask += 8;
    r += ROW;
  } while (at < end);
  const inverse0 = v128.load(layer.inverseDeviation + unit);
  const inverse1 = v128.load(layer.inverseDeviation + unit, 16);
  sum0 = f32x4.mul(sum0, keepScale);
  sum1 = f32x4.mul(sum1, keepScale);
  product0 = f32x4.mul(f32x4.mul(product0, keepScale), inverse0);
  product1 = f32x4.mul(f32x4.mul(product1, keepScale), inverse1);
  const gamma = layer.gamma + unit;
  const beta = layer.beta + unit;
  v128.store(gamma + network.toGradient, product0);
  v128.store(gamma + network.toGradient, product1, 16);
  v128.store(beta + network.toGradient, sum0);
  v128.store(beta + network.toGradient, sum1, 16);
  // By the pre-activation: scale * (d - mean(d) - (relu - mean) * slope), with the sums' factors ahead of the loop.
  const share = f32x4.splat(<f32>(1.0 / <f64>rows));
  let scale0 = f32x4.mul(v128.load(gamma), inverse0);
  let scale1 = f32x4.mul(v128.load(gamma, 16), inverse1);
  const slope0 = f32x4.mul(f32x4.mul(f32x4.mul(product0, inverse0), share), scale0);
  const slope1 = f32x4.mul(f32x4.mul(f32x4.mul(product1, inverse1), share), scale1);
  const shift0 = f32x4.sub(f32x4.mul(mean0, slope0), f32x4.mul(f32x4.mul(sum0, share), scale0));
  const shift1 = f32x4.sub(f32x4.mul(mean1, slope1), f32x4.mul(f32x4.mul(sum1, share), scale1));
  scale0 = f32x4.mul(scale0, keepScale);
  scale1 = f32x4.mul(scale1, keepScale);
  let bias0 = zero;
  let bias1 = zero;
  r = relu;
  at = delta;
  do {
    const r0 = v128.load(r);
    const r1 = v128.load(r, 16);
    let d0 = f32x4.sub(mulAdd(shift0, v128.load(at), scale0), f32x4.mul(r0, slope0));
    let d1 = f32x4.sub(mulAdd(shift1, v128.load(at, 16), scale1), f32x4.mul(r1, slope1));
    d0 = v128.and(d0, f32x4.gt(r0, zero));
    d1 = v128.and(d1, f32x4.gt(r1, zero));
    v128.store(at, d0);
    v128.store(at, d1, 16);
    bias0 = f32x4.add(bias0, d0);
    bias1 = f32x4.add(bias1, d1);
    at += ROW;
    r += ROW;
  } while (at < end);
  const bias = layer.bias + unit + network.toGradient;
  v128.store(bias, bias0);
  v128.store(bias, bias1, 16);
}
