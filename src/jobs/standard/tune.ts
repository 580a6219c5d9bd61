import {
  count,
  flag,
  list,
  oneOf,
  optional,
  strictObject,
  where,
  withDefault,
  type Decoded,
} from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { defineFeatures } from "../../data/features/index.js";
import { anyMetrics, type AnyMetricName } from "../../model/evaluate/index.js";
import type { Trial } from "../../model/training/index.js";
import { searchOptions, searchSpace, tuningMethods } from "../../model/tuning/index.js";
import { defineJob } from "../job.js";
import { learnerMembers, withLearner } from "../learner.js";
import { trainingMembers, trainWatched } from "./train-watched.js";

const metricNames = Object.keys(anyMetrics) as readonly AnyMetricName[];

const params = strictObject({
  /** What is searched: learners, the simplest first, each with the options that stay and the space of those that vary. */
  learners: where(
    list(withLearner(strictObject({ ...learnerMembers, space: optional(searchSpace) })), 1000),
    (learners) => learners.length > 0,
    "a list of at least one learner",
  ),
  /** By default `tpe` if a learner has a space; else all learners of the list are tried. */
  method: optional(oneOf(tuningMethods)),
  trials: optional(count(1, 100_000)),
  metric: withDefault(
    where(oneOf(metricNames), (name) => anyMetrics[name].needs !== "costs", "a metric that needs no costs"),
    "logLoss",
  ),
  folds: withDefault(count(2, 100), 5),
  /** Judge by one fold alone. */
  holdout: withDefault(flag, false),
  ...trainingMembers,
});

/** Tries learners and their options by cross-validation, and trains the best on all rows; of equals the first is the best. */
export const tune = defineJob({
  name: "tune",
  version,
  inputs: { rows: "table", features: "features?" },
  outputs: { model: "bundle", report: "json", trials: "json" },
  params,
  async run({ inputs: { rows, features = defineFeatures(rows.contract) }, params: given, training }) {
    const { learners, method, trials, metric, folds, holdout, ...rest } = given;
    const found = await searchOptions(features, rows, {
      learners: learners.map(({ space = {}, ...learner }) => ({ ...learner, space })),
      method: method ?? (learners.some(({ space }) => space) ? "tpe" : "grid"),
      trials,
      metric,
      folds,
      holdout,
      seed: rest.seed,
      signal: training?.signal,
    });
    const { learner, options, value } = found.best;
    return {
      ...(await trainWatched({ rows, features }, { ...rest, learner: named(learner, learners), options }, training)),
      trials: { metric, folds, value, best: found.trials.indexOf(found.best), trials: found.trials.map(trialOf) },
    };
  },
});

type Learners = Decoded<typeof params>["learners"];

/** The name with its own type. */
const named = (name: string, learners: Learners): Learners[number]["learner"] =>
  learners.find(({ learner }) => learner === name)?.learner ?? "network";

/** A trial as JSON. */
const trialOf = ({ learner, options, share, value, values, failed }: Trial) => ({
  learner,
  options,
  value,
  values,
  ...(share < 1 && { share }),
  ...(failed !== undefined && { failed }),
});
