import { count, list, oneOf, strictObject, where, withDefault, type Decoded } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { defineFeatures, type Features } from "../../data/features/index.js";
import { kFold } from "../../data/split/index.js";
import { labels, takeRows, type Table } from "../../data/table/index.js";
import { metricNames, metricOf, metrics } from "../../model/evaluate/index.js";
import { learnerNamed, train } from "../../model/training/index.js";
import { defineJob } from "../job.js";
import { learnerMembers, withLearner } from "../learner.js";
import { trainingMembers, trainWatched } from "./train-watched.js";

const params = strictObject({
  /** The search space: every learner to try, the simplest first. */
  learners: where(
    list(withLearner(strictObject(learnerMembers)), 1000),
    (learners) => learners.length > 0,
    "a list of at least one learner",
  ),
  metric: withDefault(oneOf(metricNames), "logLoss"),
  folds: withDefault(count(2, 100), 5),
  ...trainingMembers,
});
type Params = Decoded<typeof params>;

/** Tries learners by cross-validation, and trains the best one on all rows; of equals the first is the best. */
export const tune = defineJob({
  name: "tune",
  version,
  inputs: { rows: "table", features: "features?" },
  outputs: { model: "bundle", report: "json", trials: "json" },
  params,
  async run({ inputs: { rows, features = defineFeatures(rows.contract) }, params: { learners, ...rest } }) {
    const trials: Trial[] = [];
    for (const learner of learners) trials.push(await tryLearner(learner, { rows, features }, rest));
    const sign = metrics[rest.metric].better === "higher" ? 1 : -1;
    const best = trials.reduce((a, b) => (sign * b.value > sign * a.value ? b : a));
    const { learner, options, value } = best;
    return {
      ...(await trainWatched({ rows, features }, { ...rest, learner, options })),
      trials: { metric: rest.metric, folds: rest.folds, value, best: trials.indexOf(best), trials },
    };
  },
});

type Trial = Params["learners"][number] & {
  /** Mean of the metric over the folds. */
  readonly value: number;
  /** The metric on each fold. */
  readonly values: readonly number[];
};

async function tryLearner(
  { learner, options }: Params["learners"][number],
  { rows, features }: { readonly rows: Table; readonly features: Features },
  { metric, folds, seed }: Omit<Params, "learners">,
): Promise<Trial> {
  const values: number[] = [];
  for (const fold of kFold(rows, folds, seed)) {
    const test = takeRows(rows, fold.test);
    const { scorer } = await train(features, takeRows(rows, fold.train), {
      learner: learnerNamed(learner, options),
      baseline: false,
      seed,
    });
    const { threshold } = scorer.decision;
    values.push(metricOf(metric, labels(test), scorer.score(test), { threshold }));
  }
  return { learner, options, value: values.reduce((sum, value) => sum + value, 0) / folds, values };
}
