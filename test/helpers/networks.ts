import type { NetworkSpec } from "../../src/model/kinds/network/spec.js";

/** The churn network's shape for a number of features. */
export const churnSpec = (inputs: number): NetworkSpec => ({
  inputs,
  hidden: [
    { units: 128, l2: 0.001, batchNorm: true, dropout: 0.3 },
    { units: 64, l2: 0.001, batchNorm: true, dropout: 0.3 },
    { units: 32, l2: 0, batchNorm: false, dropout: 0.2 },
  ],
  outputs: 1,
  batchNorm: { momentum: 0.99, epsilon: 0.001 },
});
