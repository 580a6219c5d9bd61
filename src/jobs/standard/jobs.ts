import { jobsByName, type Job } from "../job.js";
import { evaluate } from "./evaluate.js";
import { features } from "./features.js";
import { ingest } from "./ingest.js";
import { monitor } from "./monitor.js";
import { register } from "./register.js";
import { retrainDecision } from "./retrain-decision.js";
import { score } from "./score.js";
import { split } from "./split.js";
import { train } from "./train.js";
import { tune } from "./tune.js";

/**
 * The jobs that come with churnkit, by name.
 *
 * @example
 * ```ts
 * import { jobs } from "churnkit/jobs";
 *
 * console.log(jobs.get("evaluate")?.inputs); // { model: "bundle", rows: "table" }
 * ```
 */
export const jobs: ReadonlyMap<string, Job> = jobsByName([
  ingest,
  split,
  features,
  train,
  tune,
  evaluate,
  score,
  monitor,
  retrainDecision,
  register,
]);
