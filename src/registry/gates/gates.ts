import type { Gate } from "./gate.js";

/** Accuracy >= 0.84 and F1 >= 0.79: the demands of the AWS pipeline this project grew from. */
export const awsGate: Gate = {
  name: "aws",
  requirements: [
    { metric: "accuracy", min: 0.84 },
    { metric: "f1", min: 0.79 },
  ],
};

/** Accuracy >= 0.75 and F1 >= 0.70. */
export const basicGate: Gate = {
  name: "basic",
  requirements: [
    { metric: "accuracy", min: 0.75 },
    { metric: "f1", min: 0.7 },
  ],
};

/** Not worse than the baseline in AUC nor in log loss: for data on which nobody knows what is reachable. */
export const baselineGate: Gate = {
  name: "baseline",
  requirements: [
    { metric: "auc", notWorseThan: "baseline" },
    { metric: "logLoss", notWorseThan: "baseline" },
  ],
};

/** Not worse than the present champion in AUC nor in log loss, on the same rows. */
export const championGate: Gate = {
  name: "champion",
  requirements: [
    { metric: "auc", notWorseThan: "champion" },
    { metric: "logLoss", notWorseThan: "champion" },
  ],
};

/**
 * After drift: a better log loss than the champion's for sure (it judges odds and ranking together), and an AUC that is
 * not worse by more than few rows can blur.
 */
export const retrainingGate: Gate = {
  name: "retraining",
  requirements: [
    { metric: "logLoss", betterThan: "champion" },
    { metric: "auc", notWorseThan: "champion", margin: 0.02 },
  ],
};

/** The gates that have a name, for the command line. */
export const gates: ReadonlyMap<string, Gate> = new Map(
  [awsGate, basicGate, baselineGate, championGate, retrainingGate].map((gate) => [gate.name, gate]),
);
