import type { Gate } from "./gate.js";

/**
 * Gates by name, on the command line too.
 *
 * - `aws`: accuracy >= 0.84 and F1 >= 0.79.
 * - `basic`: accuracy >= 0.75 and F1 >= 0.70.
 * - `baseline`: not worse than the baseline in AUC nor in log loss, for data whose best possible values are unknown.
 * - `champion`: not worse than the current champion in AUC nor in log loss, on the same rows.
 * - `retraining`: after drift, a log loss that is certainly better than the champion's (it judges odds and ranking
 * together), and an AUC that is not worse by more than the noise of few rows.
 *
 * @example
 * ```ts
 * import { evaluateGate, gates } from "churnkit/registry";
 *
 * const metrics = { accuracy: { value: 0.76 }, f1: { value: 0.72 } };
 * console.assert(evaluateGate(gates.basic, { metrics }).passed && !evaluateGate(gates.aws, { metrics }).passed);
 * ```
 */
export const gates = {
  aws: {
    name: "aws",
    requirements: [
      { metric: "accuracy", min: 0.84 },
      { metric: "f1", min: 0.79 },
    ],
  },
  basic: {
    name: "basic",
    requirements: [
      { metric: "accuracy", min: 0.75 },
      { metric: "f1", min: 0.7 },
    ],
  },
  baseline: {
    name: "baseline",
    requirements: [
      { metric: "auc", notWorseThan: "baseline" },
      { metric: "logLoss", notWorseThan: "baseline" },
    ],
  },
  champion: {
    name: "champion",
    requirements: [
      { metric: "auc", notWorseThan: "champion" },
      { metric: "logLoss", notWorseThan: "champion" },
    ],
  },
  retraining: {
    name: "retraining",
    requirements: [
      { metric: "logLoss", betterThan: "champion" },
      { metric: "auc", notWorseThan: "champion", margin: 0.02 },
    ],
  },
} as const satisfies Readonly<Record<string, Gate>>;
