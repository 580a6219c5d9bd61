import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { initialWeights } from "../../../src/model/kinds/network/initial-weights.js";
import { networks, relativeError, rowsFor } from "./wasm-cases.js";
import { Reference } from "./wasm-reference.js";

// What the kernel is held against must itself be right: its gradients are those of its loss, by finite differences.
const small = Object.entries(networks).filter(([name]) => name !== "45-24-16-8");

describe.each(small)("the reference network, %s", (_, spec) => {
  it.each([false, true])("has gradients equal to finite differences, dropout %s", (dropout) => {
    // Biases off 0, or a row whose inputs are all dropped would stand on relu's corner.
    const random = uniform(12);
    const weights = initialWeights(spec, 11).map((tensor) => tensor.map((value) => value + 0.4 * random() - 0.2));
    const reference = new Reference(spec, 5, { weights, m: [], v: [], step: 2 });
    const data = rowsFor(spec, 12, 3);
    const batch = Array.from({ length: 12 }, (_, i) => i);
    const { gradients } = reference.gradients(data, batch, dropout);
    gradients.forEach((tensor, t) => {
      const values = reference.weights[t] ?? [];
      const differences = tensor.map((_, i) => {
        const held = values[i] ?? NaN;
        // Small enough that relu's corner is rarely crossed, large enough for double precision.
        const nudge = 1e-6;
        values[i] = held + nudge;
        const above = reference.gradients(data, batch, dropout).fullLoss;
        values[i] = held - nudge;
        const below = reference.gradients(data, batch, dropout).fullLoss;
        values[i] = held;
        return (above - below) / (2 * nudge);
      });
      expect(relativeError(tensor, differences)).toBeLessThan(2e-6);
    });
  });
});
