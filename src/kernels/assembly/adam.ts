import { Network } from "./layout";
import { mulAdd, power } from "./math";

/**
 * One step of Adam over `count` parameters (a multiple of 8), with the L2 gradient `decay * w` added on the way, and the
 * parameters multiplied by `keep` (AdamW's weight decay). A first moment below about 1e-29 becomes 0: the moments of a
 * feature that is always 0 would otherwise decay into subnormal numbers, which many processors handle slowly.
 */
export function adam(
  network: Network, parameters: usize, count: i32, decay: f32, keep: f32, rate: f32, epsilon: f32,
): void {
  const beta1 = f32x4.splat(<f32>network.beta1);
  const beta2 = f32x4.splat(<f32>network.beta2);
  const rest1 = f32x4.splat(<f32>(1.0 - network.beta1));
  const rest2 = f32x4.splat(<f32>(1.0 - network.beta2));
  const guard = f32x4.splat(1e-22);
  const decays = f32x4.splat(decay);
  const keeps = f32x4.splat(keep);
  const rates = f32x4.splat(rate);
  const epsilons = f32x4.splat(epsilon);
  const end = parameters + ((<usize>count) << 2);
  let gradient = parameters + network.toGradient;
  let first = parameters + network.toMoment1;
  let second = parameters + network.toMoment2;
  let at = parameters;
  do {
    const w = v128.load(at);
    const g = mulAdd(v128.load(gradient), w, decays);
    const sum = mulAdd(f32x4.mul(v128.load(first), beta1), g, rest1);
    const m = f32x4.sub(f32x4.add(sum, guard), guard);
    const v = mulAdd(f32x4.mul(v128.load(second), beta2), f32x4.mul(g, g), rest2);
    v128.store(first, m);
    v128.store(second, v);
    v128.store(at, f32x4.sub(f32x4.mul(w, keeps), f32x4.div(f32x4.mul(m, rates), f32x4.add(f32x4.sqrt(v), epsilons))));
    at += 16;
    gradient += 16;
    first += 16;
    second += 16;
  } while (at < end);
}

/** The learning rate with the bias corrections, at batch number `step` (from 0). */
export function correctedRate(network: Network, learningRate: f64, step: u32): f32 {
  return <f32>((learningRate * rootCorrection(network, step)) / (1.0 - power(network.beta1, step + 1)));
}

/** Adam's epsilon beside a second moment whose bias is not corrected. */
export function correctedEpsilon(network: Network, step: u32): f32 {
  return <f32>(<f64>network.adamEpsilon * rootCorrection(network, step));
}

/** The bias of the second moment's root. */
function rootCorrection(network: Network, step: u32): f64 {
  return sqrt(1.0 - power(network.beta2, step + 1));
}

/** Adds the L2 gradient `decay * w` to the gradients of `count` parameters. */
export function addDecay(network: Network, parameters: usize, count: i32, decay: f32): void {
  const guard = f32x4.splat(1e-22);
  const decays = f32x4.splat(decay);
  const end = parameters + ((<usize>count) << 2);
  let gradient = parameters + network.toGradient;
  for (let at = parameters; at < end; at += 16) {
    v128.store(gradient, f32x4.add(v128.load(gradient), f32x4.mul(v128.load(at), decays)));
    gradient += 16;
  }
}
