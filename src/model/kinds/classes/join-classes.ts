import { exp } from "../../../base/elementary.js";
import { logit } from "../../../stats/logistic.js";
import type { ClassesModel } from "../../artifact.js";

/**
 * Turns each row's probabilities of one class against the others into probabilities with the sum 1, in place:
 * softmax(slope_k log(p_k / (1 - p_k)) + bias_k).
 *
 * @param table rows x classes, row-major.
 */
export function joinClasses({ slopes, biases }: Pick<ClassesModel, "slopes" | "biases">, table: Float64Array): void {
  const count = slopes.length;
  for (let at = 0; at < table.length; at += count) {
    let most = -Infinity;
    for (let k = 0; k < count; k++) {
      const z = (slopes[k] as number) * logit(table[at + k] as number) + (biases[k] as number);
      table[at + k] = z;
      most = Math.max(most, z);
    }
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const share = exp((table[at + k] as number) - most);
      table[at + k] = share;
      sum += share;
    }
    for (let k = 0; k < count; k++) table[at + k] = (table[at + k] as number) / sum;
  }
}
