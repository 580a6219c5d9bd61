import { Layer, Network, ROW } from "./layout";

/** Moves an average a little toward a value, in the form TF.js uses. */
@inline
function follow(average: usize, value: v128, rate: v128): void {
  const old = v128.load(average);
  v128.store(average, f32x4.sub(old, f32x4.mul(f32x4.sub(old, value), rate)));
}

/**
 * Mean and variance of a panel's units over the batch, in two passes, the variance divided by the number of rows (as
 * Keras and TF.js do, also for the moving one). Even and odd rows have separate sums.
 */
export function statistics(network: Network, layer: Layer, p: i32, rows: i32, moving: bool): void {
  const zero = f32x4.splat(0);
  const count = f32x4.splat(<f32>rows);
  const panel = layer.relu + <usize>p * network.stride;
  const end = panel + <usize>(rows & -2) * ROW;
  const odd = (rows & 1) != 0;
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  if (odd) {
    a = v128.load(end);
    b = v128.load(end, 16);
  }
  if (rows > 1) {
    let at = panel;
    do {
      a = f32x4.add(a, v128.load(at));
      b = f32x4.add(b, v128.load(at, 16));
      c = f32x4.add(c, v128.load(at, 32));
      d = f32x4.add(d, v128.load(at, 48));
      at += 64;
    } while (at < end);
  }
  const mean0 = f32x4.div(f32x4.add(a, c), count);
  const mean1 = f32x4.div(f32x4.add(b, d), count);
  a = zero;
  b = zero;
  c = zero;
  d = zero;
  if (odd) {
    const x0 = f32x4.sub(v128.load(end), mean0);
    const x1 = f32x4.sub(v128.load(end, 16), mean1);
    a = f32x4.mul(x0, x0);
    b = f32x4.mul(x1, x1);
  }
  if (rows > 1) {
    let at = panel;
    do {
      const x0 = f32x4.sub(v128.load(at), mean0);
      const x1 = f32x4.sub(v128.load(at, 16), mean1);
      const x2 = f32x4.sub(v128.load(at, 32), mean0);
      const x3 = f32x4.sub(v128.load(at, 48), mean1);
      a = f32x4.add(a, f32x4.mul(x0, x0));
      b = f32x4.add(b, f32x4.mul(x1, x1));
      c = f32x4.add(c, f32x4.mul(x2, x2));
      d = f32x4.add(d, f32x4.mul(x3, x3));
      at += 64;
    } while (at < end);
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
