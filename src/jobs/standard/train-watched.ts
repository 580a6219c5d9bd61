import { flag, list, strictObject, text, withDefault, type Decoded } from "../../base/json/index.js";
import { defineFeatures, type Features } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import { learnerNamed, train } from "../../model/training/index.js";
import { watchedArtifact } from "../../monitor/baseline/index.js";
import type { JobIo } from "../job.js";
import { learnerMembers, withLearner } from "../learner.js";
import { reportOf } from "./report.js";
import { seed } from "./seed.js";

/** Params of a training, in addition to the learner. */
export const trainingMembers = {
  /** Columns whose groups the bias monitor compares. */
  facets: withDefault(list(text(), 100), []),
  /** Also fit logistic regression, to compare with. */
  baseline: withDefault(flag, false),
  seed,
};

/** Params of a training. */
export const trainParams = withLearner(strictObject({ ...learnerMembers, ...trainingMembers }));

interface TrainingInputs {
  readonly rows: Table;
  readonly validation?: Table | undefined;
  readonly features: Features | undefined;
}

/** Trains a model, with its monitors' baseline in the bundle; the report is about rows held out of the training. */
export async function trainWatched(
  { rows, validation, features = defineFeatures(rows.contract) }: TrainingInputs,
  params: Decoded<typeof trainParams>,
  training: JobIo["training"] = {},
) {
  const { learner, options, facets, baseline, seed: drawn } = params;
  const model = await train(features, rows, {
    ...training,
    learner: learnerNamed(learner, options),
    ...(validation === undefined ? {} : { validation }),
    baseline,
    seed: drawn,
  });
  const artifact = await watchedArtifact(model, validation ?? rows, { facets: facets.map((column) => ({ column })) });
  const rival = model.baseline && { baseline: reportOf(model.baseline.heldOut) };
  return { model: { artifact, scorer: model.scorer }, report: { ...reportOf(model.heldOut), ...rival } };
}
