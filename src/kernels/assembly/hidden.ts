import { Layer, Network, ROW } from "./layout";
import { mix32, mix32x4 } from "./math";

/** Mean and variance (divided by the number of rows, in two passes) of a panel's units; updates the moving ones. */
function statistics(network: Network, layer: Layer, p: i32, rows: i32, moving: bool): void {
  const panel = layer.relu + <usize>p * network.stride;
  const end = panel + <usize>rows * ROW;
  const pairsEnd = panel + <usize>(rows & -2) * ROW;
  const zero = f32x4.splat(0);
  const count = f32x4.splat(<f32>rows);
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  let at = panel;
  for (; at < pairsEnd; at += 64) {
    a = f32x4.add(a, v128.load(at));
    b = f32x4.add(b, v128.load(at, 16));
    c = f32x4.add(c, v128.load(at, 32));
    d = f32x4.add(d, v128.load(at, 48));
  }
  if (at < end) {
    a = f32x4.add(a, v128.load(at));
    b = f32x4.add(b, v128.load(at, 16));
  }
  const mean0 = f32x4.div(f32x4.add(a, c), count);
  const mean1 = f32x4.div(f32x4.add(b, d), count);
  a = zero;
  b = zero;
  c = zero;
  d = zero;
  for (at = panel; at < pairsEnd; at += 64) {
    let x = f32x4.sub(v128.load(at), mean0);
    a = f32x4.add(a, f32x4.mul(x, x));
    x = f32x4.sub(v128.load(at, 16), mean1);
    b = f32x4.add(b, f32x4.mul(x, x));
    x = f32x4.sub(v128.load(at, 32), mean0);
    c = f32x4.add(c, f32x4.mul(x, x));
    x = f32x4.sub(v128.load(at, 48), mean1);
    d = f32x4.add(d, f32x4.mul(x, x));
  }
  if (at < end) {
    let x = f32x4.sub(v128.load(at), mean0);
    a = f32x4.add(a, f32x4.mul(x, x));
    x = f32x4.sub(v128.load(at, 16), mean1);
    b = f32x4.add(b, f32x4.mul(x, x));
  }
  const variance0 = f32x4.div(f32x4.add(a, c), count);
  const variance1 = f32x4.div(f32x4.add(b, d), count);
  const one = f32x4.splat(1);
  const epsilon = f32x4.splat(network.normEpsilon);
  const unit = <usize>p * ROW;
  v128.store(layer.mean + unit, mean0);
  v128.store(layer.mean + unit, mean1, 16);
  const inverse = layer.inverseDeviation + unit;
  v128.store(inverse, f32x4.div(one, f32x4.sqrt(f32x4.add(variance0, epsilon))));
  v128.store(inverse, f32x4.div(one, f32x4.sqrt(f32x4.add(variance1, epsilon))), 16);
  if (moving) {
    const rate = f32x4.splat(network.movingRate);
    follow(layer.movingMean + unit, mean0, rate);
    follow(layer.movingMean + unit + 16, mean1, rate);
    follow(layer.movingVariance + unit, variance0, rate);
    follow(layer.movingVariance + unit + 16, variance1, rate);
  }
}

/** Moves an average a little towards a value, in the form TF.js uses. */
@inline
function follow(average: usize, value: v128, rate: v128): void {
  const old = v128.load(average);
  v128.store(average, f32x4.sub(old, f32x4.mul(f32x4.sub(old, value), rate)));
}

/** From relu's output to the layer's: batch normalisation with the batch's statistics, then dropout. */
export function normaliseAndDrop(
  network: Network, layer: Layer, index: i32, rows: i32, step: u32, dropping: bool, moving: bool,
): void {
  const normalised = layer.gamma != 0;
  const dropped = dropping && layer.mask != 0;
  if (layer.output == layer.relu) return;
  const units = layer.units;
  const key = mix32(network.seedHash ^ step) + <u32>(index + 1) * 0x9e3779b9;
  const below = i32x4.splat(layer.dropBelow);
  const keepScale = f32x4.splat(layer.keepScale);
  const nextRow = i32x4.splat(units);
  for (let p = 0; p < layer.panels; ++p) {
    let mean0 = f32x4.splat(0);
    let mean1 = mean0;
    let shift0 = mean0;
    let shift1 = mean0;
    let scale0 = f32x4.splat(1);
    let scale1 = scale0;
    const unit = <usize>p * ROW;
    if (normalised) {
      statistics(network, layer, p, rows, moving);
      mean0 = v128.load(layer.mean + unit);
      mean1 = v128.load(layer.mean + unit, 16);
      scale0 = f32x4.mul(v128.load(layer.gamma + unit), v128.load(layer.inverseDeviation + unit));
      scale1 = f32x4.mul(v128.load(layer.gamma + unit, 16), v128.load(layer.inverseDeviation + unit, 16));
      shift0 = v128.load(layer.beta + unit);
      shift1 = v128.load(layer.beta + unit, 16);
    }
    const offset = <usize>p * network.stride;
    let from = layer.relu + offset;
    let to = layer.output + offset;
    const end = from + <usize>rows * ROW;
    if (!dropped) {
      for (; from < end; from += ROW) {
        const y0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(from), mean0), scale0), shift0);
        const y1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(from, 16), mean1), scale1), shift1);
        v128.store(to, y0);
        v128.store(to, y1, 16);
        to += ROW;
      }
    } else {
      let mask = layer.mask + offset;
      let counter = i32x4.add(i32x4.splat(key + (p << 3)), i32x4(0, 1, 2, 3));
      const four = i32x4.splat(4);
      for (; from < end; from += ROW) {
        const m0 = v128.and(i32x4.ge_u(mix32x4(counter), below), keepScale);
        const m1 = v128.and(i32x4.ge_u(mix32x4(i32x4.add(counter, four)), below), keepScale);
        const y0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(from), mean0), scale0), shift0);
        const y1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(from, 16), mean1), scale1), shift1);
        v128.store(mask, m0);
        v128.store(mask, m1, 16);
        v128.store(to, f32x4.mul(y0, m0));
        v128.store(to, f32x4.mul(y1, m1), 16);
        counter = i32x4.add(counter, nextRow);
        to += ROW;
        mask += ROW;
      }
    }
  }
}

/**
 * In `layer.delta`, from the gradient by the layer's output to the gradient by its pre-activation: back through dropout,
 * batch normalisation and relu. Writes the gradients of bias, gamma and beta.
 */
export function hiddenBackward(network: Network, layer: Layer, rows: i32, dropping: bool): void {
  const dropped = dropping && layer.mask != 0;
  const zero = f32x4.splat(0);
  for (let p = 0; p < layer.panels; ++p) {
    const offset = <usize>p * network.stride;
    const unit = <usize>p * ROW;
    const delta = layer.delta + offset;
    const relu = layer.relu + offset;
    const end = delta + <usize>rows * ROW;
    if (dropped) {
      let mask = layer.mask + offset;
      for (let at = delta; at < end; at += ROW) {
        v128.store(at, f32x4.mul(v128.load(at), v128.load(mask)));
        v128.store(at, f32x4.mul(v128.load(at, 16), v128.load(mask, 16)), 16);
        mask += ROW;
      }
    }
    let bias0 = zero;
    let bias1 = zero;
    if (layer.gamma != 0) {
      const mean0 = v128.load(layer.mean + unit);
      const mean1 = v128.load(layer.mean + unit, 16);
      const inverse0 = v128.load(layer.inverseDeviation + unit);
      const inverse1 = v128.load(layer.inverseDeviation + unit, 16);
      let sum0 = zero;
      let sum1 = zero;
      let product0 = zero;
      let product1 = zero;
      let r = relu;
      for (let at = delta; at < end; at += ROW) {
        const d0 = v128.load(at);
        const d1 = v128.load(at, 16);
        sum0 = f32x4.add(sum0, d0);
        sum1 = f32x4.add(sum1, d1);
        product0 = f32x4.add(product0, f32x4.mul(d0, f32x4.sub(v128.load(r), mean0)));
        product1 = f32x4.add(product1, f32x4.mul(d1, f32x4.sub(v128.load(r, 16), mean1)));
        r += ROW;
      }
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
      r = relu;
      for (let at = delta; at < end; at += ROW) {
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
        r += ROW;
      }
    } else {
      let r = relu;
      for (let at = delta; at < end; at += ROW) {
        const d0 = v128.and(v128.load(at), f32x4.gt(v128.load(r), zero));
        const d1 = v128.and(v128.load(at, 16), f32x4.gt(v128.load(r, 16), zero));
        v128.store(at, d0);
        v128.store(at, d1, 16);
        bias0 = f32x4.add(bias0, d0);
        bias1 = f32x4.add(bias1, d1);
        r += ROW;
      }
    }
    v128.store(layer.bias + unit + network.toGradient, bias0);
    v128.store(layer.bias + unit + network.toGradient, bias1, 16);
  }
}
