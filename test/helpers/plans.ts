import { z } from "zod";
import { uniform } from "../../src/base/random.js";
import { contractOf, defineFeatures, tableFromRecords } from "../../src/data/index.js";
import { classEvaluation } from "../../src/model/evaluate/evaluate-classes.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { train, type TrainedModel } from "../../src/model/training/train.js";

/** Three classes. */
export const plans = ["basic", "plus", "pro"] as const;
export const planContract = contractOf(z.object({ usage: z.number(), seats: z.number(), plan: z.enum(plans) }), {
  target: "plan",
  positive: "pro",
});

/** Customers whose plans overlap, by softmax of two lines. */
export function planRecords(rows: number, seed: number) {
  const random = uniform(seed);
  return Array.from({ length: rows }, () => {
    const usage = 4 * random() - 2;
    const seats = 4 * random() - 2;
    const shares = [0, 2 * usage + 0.5, -1 + 2 * seats].map(Math.exp);
    let at = random() * shares.reduce((a, b) => a + b);
    const plan = plans[shares.findIndex((share) => (at -= share) < 0)] ?? "pro";
    return { usage, seats, plan };
  });
}

/** A small model of the three. */
export const planModel = (rows = 200): Promise<TrainedModel> =>
  train(defineFeatures(planContract), tableFromRecords(planContract, planRecords(rows, 1)), {
    learner: logistic({ l2: 1 }),
    baseline: false,
    workers: 1,
  });

/** Metrics of five rows of theirs, the third class without any. */
export const planMetrics = classEvaluation(
  plans,
  Uint8Array.of(0, 1, 0, 1, 1),
  Float64Array.of(0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.3, 0.5, 0.6, 0.3, 0.1, 0.3, 0.6, 0.1),
);
