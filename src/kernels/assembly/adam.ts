import { Network } from "./layout";
import { mulAdd, power } from "./math";

/**
 * One step of Adam over `count` parameters (a multiple of 8), the L2 gradient `decay * w` added on the way. Two vectors
 * share one division, the slowest instruction here: m0 / r0 = m0 * r1 / (r0 * r1).
 */
export function adam(network: Network, parameters: usize, count: i32, decay: f32, rate: f32, secondScale: f32): void {
  const beta1 = f32x4.splat(<f32>network.beta1);
  const beta2 = f32x4.splat(<f32>network.beta2);
  const rest1 = f32x4.splat(<f32>(1.0 - network.beta1));
  const rest2 = f32x4.splat(<f32>(1.0 - network.beta2));
  const epsilon = f32x4.splat(network.adamEpsilon);
  const decays = f32x4.splat(decay);
  const rates = f32x4.splat(rate);
  const scale = f32x4.splat(secondScale);
  const end = parameters + ((<usize>count) << 2);
  let gradient = parameters + network.toGradient;
  let first = parameters + network.toMoment1;
  let second = parameters + network.toMoment2;
  let at = parameters;
  do {
    const w0 = v128.load(at);
    const g0 = mulAdd(v128.load(gradient), w0, decays);
    const m0 = mulAdd(f32x4.mul(v128.load(first), beta1), g0, rest1);
    const v0 = mulAdd(f32x4.mul(v128.load(second), beta2), f32x4.mul(g0, g0), rest2);
    const r0 = mulAdd(epsilon, f32x4.sqrt(v0), scale);
    v128.store(first, m0);
    v128.store(second, v0);
    const w1 = v128.load(at, 16);
    const g1 = mulAdd(v128.load(gradient, 16), w1, decays);
    const m1 = mulAdd(f32x4.mul(v128.load(first, 16), beta1), g1, rest1);
    const v1 = mulAdd(f32x4.mul(v128.load(second, 16), beta2), f32x4.mul(g1, g1), rest2);
    const r1 = mulAdd(epsilon, f32x4.sqrt(v1), scale);
    v128.store(first, m1, 16);
    v128.store(second, v1, 16);
    const factor = f32x4.div(rates, f32x4.mul(r0, r1));
    v128.store(at, f32x4.sub(w0, f32x4.mul(f32x4.mul(m0, r1), factor)));
    v128.store(at, f32x4.sub(w1, f32x4.mul(f32x4.mul(m1, r0), factor)), 16);
    at += 32;
    gradient += 32;
    first += 32;
    second += 32;
  } while (at < end);
}

/** The learning rate with the first moment's bias correction, at batch number `step` (from 0). */
export function correctedRate(network: Network, learningRate: f64, step: u32): f32 {
  return <f32>(learningRate / (1.0 - power(network.beta1, step + 1)));
}

/** What the root of the second moment is multiplied by to correct its bias. */
export function correctedScale(network: Network, step: u32): f32 {
  return <f32>(1.0 / sqrt(1.0 - power(network.beta2, step + 1)));
}

/** Adds the L2 gradient `decay * w` to the gradients of `count` parameters. */
export function addDecay(network: Network, parameters: usize, count: i32, decay: f32): void {
  const decays = f32x4.splat(decay);
  const end = parameters + ((<usize>count) << 2);
  let gradient = parameters + network.toGradient;
  for (let at = parameters; at < end; at += 16) {
    v128.store(gradient, f32x4.add(v128.load(gradient), f32x4.mul(v128.load(at), decays)));
    gradient += 16;
  }
}
