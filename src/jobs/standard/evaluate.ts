import { strictObject } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { evaluate as evaluateModel } from "../../model/evaluate/index.js";
import { defineJob } from "../job.js";
import { reportOf } from "./report.js";

/** Evaluates a model on labeled rows. */
export const evaluate = defineJob({
  name: "evaluate",
  version,
  inputs: { model: "bundle", rows: "table" },
  outputs: { report: "json" },
  params: strictObject({}),
  run: ({ inputs: { model, rows } }) => Promise.resolve({ report: reportOf(evaluateModel(model, rows)) }),
});
