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
    let mean0 = f32x4.splat(0);
    let mean1 = mean0;
    let shift0 = mean0;
    let shift1 = mean0;
    let scale0 = f32x4.splat(1);
    let scale1 = scale0;
    const unit = <usize>p * ROW;
    if (layer.gamma != 0) {
      statistics(network, layer, p, rows, moving);
      mean0 = v128.load(layer.mean + unit);
      mean1 = v128.load(layer.mean + unit, 16);
      scale0 = f32x4.mul(v128.load(layer.gamma + unit), v128.load(layer.inverseDeviation + unit));
      scale1 = f32x4.mul(v128.load(layer.gamma + unit, 16), v128.load(layer.inverseDeviation + unit, 16));
      shift0 = v128.load(layer.beta + unit);
      shift1 = v128.load(layer.beta + unit, 16);
    }
    const offset = <usize>p * network.stride;
    let at = layer.relu + offset;
    let to = layer.output + offset;
    let mask = layer.mask + offset;
    const end = at + <usize>rows * ROW;
    let counter = i32x4.add(i32x4.splat(key + (p << 3)), i32x4(0, 1, 2, 3));
    do {
      const mask0 = v128.and(i32x4.ge_u(mix32x4(counter), below), keepScale);
      const mask1 = v128.and(i32x4.ge_u(mix32x4(i32x4.add(counter, four)), below), keepScale);
      v128.store(mask, mask0);
      v128.store(mask, mask1, 16);
      const y0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(at), mean0), scale0), shift0);
      const y1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(at, 16), mean1), scale1), shift1);
      v128.store(to, f32x4.mul(y0, mask0));
      v128.store(to, f32x4.mul(y1, mask1), 16);
      counter = i32x4.add(counter, nextRow);
      at += ROW;
      to += ROW;
      mask += ROW;
    } while (at < end);
  }
}

/**
 * In `layer.delta`, from the gradient by the layer's output to the gradient by its pre-activation: back through dropout,
 * batch normalization and relu. Writes the gradients of bias, gamma and beta.
 */
export function hiddenBackward(network: Network, layer: Layer, rows: i32): void {
  for (let p = 0; p < layer.panels; ++p) {
    const offset = <usize>p * network.stride;
    const delta = layer.delta + offset;
    const mask = layer.mask == 0 ? 0 : layer.mask + offset;
    if (layer.gamma != 0) normalizedBackward(network, layer, p, rows, delta, mask, layer.relu + offset);
    else reluBackward(delta, mask, layer.relu + offset, rows, layer.bias + <usize>p * ROW + network.toGradient);
  }
}

/** Backward step of one panel of a layer without batch normalization; `mask` is 0 without dropout. */
function reluBackward(delta: usize, mask: usize, relu: usize, rows: i32, bias: usize): void {
  const zero = f32x4.splat(0);
  let bias0 = zero;
  let bias1 = zero;
  do {
    let d0 = v128.load(delta);
    let d1 = v128.load(delta, 16);
    if (mask != 0) {
      d0 = f32x4.mul(d0, v128.load(mask));
      d1 = f32x4.mul(d1, v128.load(mask, 16));
      mask += ROW;
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
    const d0 = f32x4.mul(v128.load(at), v128.load(mask));
    const d1 = f32x4.mul(v128.load(at, 16), v128.load(mask, 16));
    v128.store(at, d0);
    v128.store(at, d1, 16);
    sum0 = f32x4.add(sum0, d0);
    sum1 = f32x4.add(sum1, d1);
    product0 = mulAdd(product0, d0, f32x4.sub(v128.load(r), mean0));
    product1 = mulAdd(product1, d1, f32x4.sub(v128.load(r, 16), mean1));
    at += ROW;
    mask += ROW;
    r += ROW;
  } while (at < end);
  const inverse0 = v128.load(layer.inverseDeviation + unit);
  const inverse1 = v128.load(layer.inverseDeviation + unit, 16);
  const gammaGradient0 = f32x4.mul(product0, inverse0);
  const gammaGradient1 = f32x4.mul(product1, inverse1);
  const gamma = layer.gamma + unit;
  const beta = layer.beta + unit;
  v128.store(gamma + network.toGradient, gammaGradient0);
  v128.store(gamma + network.toGradient, gammaGradient1, 16);
  v128.store(beta + network.toGradient, sum0);
  v128.store(beta + network.toGradient, sum1, 16);
  const count = f32x4.splat(<f32>rows);
  const average0 = f32x4.div(sum0, count);
  const average1 = f32x4.div(sum1, count);
  const slope0 = f32x4.div(f32x4.mul(gammaGradient0, inverse0), count);
  const slope1 = f32x4.div(f32x4.mul(gammaGradient1, inverse1), count);
  const scale0 = f32x4.mul(v128.load(gamma), inverse0);
  const scale1 = f32x4.mul(v128.load(gamma, 16), inverse1);
  let bias0 = zero;
  let bias1 = zero;
  r = relu;
  at = delta;
  do {
    const r0 = v128.load(r);
    const r1 = v128.load(r, 16);
    let d0 = f32x4.sub(v128.load(at), average0);
    let d1 = f32x4.sub(v128.load(at, 16), average1);
    d0 = f32x4.mul(f32x4.sub(d0, f32x4.mul(f32x4.sub(r0, mean0), slope0)), scale0);
    d1 = f32x4.mul(f32x4.sub(d1, f32x4.mul(f32x4.sub(r1, mean1), slope1)), scale1);
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
