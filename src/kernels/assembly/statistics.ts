import { Layer, Network, ROW } from "./layout";
import { mulAdd } from "./math";

/** Moves an average a little toward a value, in the form TF.js uses. */
@inline
function follow(average: usize, value: v128, rate: v128): void {
  const old = v128.load(average);
  v128.store(average, f32x4.sub(old, f32x4.mul(f32x4.sub(old, value), rate)));
}

/**
 * Mean and variance of a panel's units over the batch, the variance divided by the number of rows (as Keras and TF.js do,
 * also for the moving one). In one pass over the differences from the first row: their mean square is at most `rows` times
 * the variance, and seldom more than twice, so little is lost to rounding. Two rows at a time, with sums of their own; where
 * the number of rows is odd, the first, which adds nothing, is left out.
 */
export function statistics(network: Network, layer: Layer, p: i32, rows: i32, moving: bool): void {
  const zero = f32x4.splat(0);
  const panel = layer.relu + <usize>p * network.stride;
  const first0 = v128.load(panel);
  const first1 = v128.load(panel, 16);
  let sum0 = zero;
  let sum1 = zero;
  let sum2 = zero;
  let sum3 = zero;
  let square0 = zero;
  let square1 = zero;
  let square2 = zero;
  let square3 = zero;
  const end = panel + <usize>rows * ROW;
  for (let at = panel + <usize>(rows & 1) * ROW; at < end; at += 2 * ROW) {
    const x0 = f32x4.sub(v128.load(at), first0);
    const x1 = f32x4.sub(v128.load(at, 16), first1);
    const x2 = f32x4.sub(v128.load(at, 32), first0);
    const x3 = f32x4.sub(v128.load(at, 48), first1);
    sum0 = f32x4.add(sum0, x0);
    sum1 = f32x4.add(sum1, x1);
    sum2 = f32x4.add(sum2, x2);
    sum3 = f32x4.add(sum3, x3);
    square0 = mulAdd(square0, x0, x0);
    square1 = mulAdd(square1, x1, x1);
    square2 = mulAdd(square2, x2, x2);
    square3 = mulAdd(square3, x3, x3);
  }
  const share = f32x4.splat(<f32>(1.0 / <f64>rows));
  const shift0 = f32x4.mul(f32x4.add(sum0, sum2), share);
  const shift1 = f32x4.mul(f32x4.add(sum1, sum3), share);
  const mean0 = f32x4.add(first0, shift0);
  const mean1 = f32x4.add(first1, shift1);
  const variance0 = f32x4.pmax(f32x4.sub(f32x4.mul(f32x4.add(square0, square2), share), f32x4.mul(shift0, shift0)), zero);
  const variance1 = f32x4.pmax(f32x4.sub(f32x4.mul(f32x4.add(square1, square3), share), f32x4.mul(shift1, shift1)), zero);
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
