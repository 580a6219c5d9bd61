import { version } from "../../base/version.js";
import { defineJob } from "../job.js";
import { trainParams, trainWatched } from "./train-watched.js";

/** Trains a model by one learner. */
export const train = defineJob({
  name: "train",
  version,
  inputs: { rows: "table", validation: "table?", features: "features?" },
  outputs: { model: "bundle", report: "json" },
  params: trainParams,
  run: ({ inputs, params, training }) => trainWatched(inputs, params, training),
});
