import { integerPower } from "../../../../base/elementary.js";
import type { NamedTensorMap, Variable } from "@tensorflow/tfjs-core";
import type { AdamOptions } from "../engine.js";
import type { Tf } from "./module.js";

/** Adam's moments of one trained variable. */
export interface Slot {
  readonly variable: Variable;
  readonly m: Variable;
  readonly v: Variable;
  /** Whether weight decay shrinks it. */
  readonly decays: boolean;
}

/** Zero moments for a variable. TF.js's own Adam is not used: its powers of beta drift in float32 and can't be resumed exactly. */
export const createSlot = (tf: Tf, variable: Variable, decays: boolean): Slot => {
  const zeros = (): Variable => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
  return { variable, m: zeros(), v: zeros(), decays };
};

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1), in place.
 *
 * @param step the number of this step, from 1.
 */
export function adamStep(
  tf: Tf,
  slots: readonly Slot[],
  gradients: NamedTensorMap,
  { beta1, beta2, epsilon, weightDecay = 0, learningRate, step }: AdamOptions & { learningRate: number; step: number },
): void {
  const rate = learningRate / (1 - integerPower(beta1, step));
  const correction = 1 / (1 - integerPower(beta2, step));
  tf.tidy(() => {
    for (const { variable, m, v, decays } of slots) {
      const gradient = gradients[variable.name];
      if (gradient === undefined) continue;
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
      const direction = tf.div(m, tf.add(tf.sqrt(tf.mul(v, correction)), epsilon));
      const kept = decays ? tf.mul(variable, 1 - learningRate * weightDecay) : variable;
      variable.assign(tf.sub(kept, tf.mul(direction, rate)));
    }
  });
}
