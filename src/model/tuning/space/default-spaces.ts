import { ChurnkitError } from "../../../base/errors.js";
import type { SearchSpace } from "./search-space.js";

/** What is worth varying of each learner; ranges reach past the best values on public churn data. */
const spaces: Readonly<Record<string, SearchSpace>> = {
  logistic: { l2: { kind: "real", min: 0.01, max: 1000, scale: "log" } },
  boosting: {
    learningRate: { kind: "real", min: 0.02, max: 0.3, scale: "log" },
    leaves: { kind: "integer", min: 3, max: 48, scale: "log" },
    minChildWeight: { kind: "real", min: 0.3, max: 30, scale: "log" },
    l2: { kind: "real", min: 0.1, max: 100, scale: "log" },
    rowShare: { kind: "real", min: 0.5, max: 1 },
    featureShare: { kind: "real", min: 0.2, max: 1 },
  },
  forest: {
    minLeafRows: { kind: "integer", min: 2, max: 100, scale: "log" },
    featuresPerNode: { kind: "integer", min: 2, max: 30, scale: "log" },
    l2: { kind: "real", min: 0.1, max: 30, scale: "log" },
  },
  network: {
    units: { kind: "choice", values: ["16", "32", "64", "32,16", "64,32", "128,64", "64,32,16", "128,64,32"] },
    dropout1: { kind: "real", min: 0, max: 0.5 },
    learningRate: { kind: "real", min: 3e-4, max: 0.01, scale: "log" },
    l2: { kind: "real", min: 1e-5, max: 1e-2, scale: "log" },
    batchSize: { kind: "choice", values: [32, 64, 128, 256] },
  },
};

/** @throws ChurnkitError OPTION_INVALID for a learner without one. */
export function defaultSpace(learner: string): SearchSpace {
  const space = Object.hasOwn(spaces, learner) ? spaces[learner] : undefined;
  if (space) return space;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The learner ${learner} has no search space of its own. Give one, or search ${Object.keys(spaces).join(", ")}.`,
  );
}
