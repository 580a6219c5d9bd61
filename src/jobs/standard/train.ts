import { count, flag, list, oneOf, optional, strictObject, text, withDefault } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { defineFeatures } from "../../data/features/index.js";
import { learnerNamed, learnerNames, train as trainModel } from "../../model/training/index.js";
import { watchedArtifact } from "../../monitor/baseline/index.js";
import { defineJob } from "../job.js";
import { reportOf } from "./report.js";
import { seed } from "./seed.js";

const params = strictObject({
  learner: withDefault(oneOf(learnerNames), "network"),
  /** Of a network. */
  network: withDefault(
    strictObject({
      members: optional(count(1, 100)),
      epochs: optional(count(1, 100_000)),
      patience: optional(count(1, 100_000)),
    }),
    {},
  ),
  /** Columns whose groups the bias monitor compares. */
  facets: withDefault(list(text(), 100), []),
  /** Also fit logistic regression, to compare with. */
  baseline: withDefault(flag, false),
  seed,
});

/** Trains a model, with its monitors' baseline in the bundle; the report is about rows held out of the training. */
export const train = defineJob({
  name: "train",
  version,
  inputs: { rows: "table", validation: "table?", features: "features?" },
  outputs: { model: "bundle", report: "json" },
  params,
  async run({ inputs: { rows, validation, features }, params: { learner, network, facets, baseline, seed: drawn } }) {
    const model = await trainModel(features ?? defineFeatures(rows.contract), rows, {
      learner: learnerNamed(learner, network),
      ...(validation === undefined ? {} : { validation }),
      baseline,
      seed: drawn,
    });
    const artifact = await watchedArtifact(model, validation ?? rows, { facets: facets.map((column) => ({ column })) });
    const rival = model.baseline && { baseline: reportOf(model.baseline.heldOut) };
    return { model: { artifact, scorer: model.scorer }, report: { ...reportOf(model.heldOut), ...rival } };
  },
});
