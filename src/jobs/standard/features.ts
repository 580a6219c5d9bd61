import { version } from "../../base/version.js";
import { featureParams, featuresOf } from "../feature-params.js";
import { defineJob } from "../job.js";

/** Defines the features of the rows, as `defineFeatures` does. */
export const features = defineJob({
  name: "features",
  version,
  inputs: { rows: "table" },
  outputs: { features: "features" },
  params: featureParams,
  run: ({ inputs, params }) => Promise.resolve({ features: featuresOf(inputs.rows.contract, params) }),
});
