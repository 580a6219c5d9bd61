// From rows to a version in SageMaker's registry. The same graph of jobs runs on a laptop with `runPipeline`.
import { type AwsTarget, compilePipeline } from "churnkit/deploy/aws";
import { home, rows } from "./target.js";

/** Where releases keep the archive of the version on duty. */
const champion = `${home}/champion/churn-dev/model.tar.gz`;
const inputs = { customers: rows, contract: `${home}/contract.json`, champion };

const raw = { file: "input.customers", contract: "input.contract" };
const judged = { model: "tune.model", rows: "parts.test", champion: "input.champion" };
const atLeast = (path: string, bound: number) => ({ step: "evaluate.report", path, atLeast: bound });

const graph = {
  inputs: { customers: "file", contract: "json", champion: "bundle" },
  steps: [
    { id: "prepare", job: "ingest", params: { format: "jsonLines" }, inputs: raw },
    { id: "parts", job: "split", params: { test: 0.25, seed: 1 }, inputs: { rows: "prepare.rows" } },
    {
      id: "tune",
      job: "tune",
      params: { learners: [{ learner: "logistic" }], metric: "f1", seed: 1 },
      inputs: { rows: "parts.train" },
    },
    { id: "evaluate", job: "evaluate", inputs: judged },
    {
      id: "register",
      job: "register",
      inputs: { model: "tune.model" },
      // Two bounds, the parameters MinAccuracy and MinF1; and the champion is not surely better on the same customers.
      when: [atLeast("accuracy", 0.84), atLeast("f1", 0.79), atLeast("improvement.f1.high", 0)],
    },
  ],
};

const l2 = { kind: "real", min: 0.01, max: 10, scale: "log" } as const;
const search = { strategy: "Bayesian", space: { l2 }, maxJobs: 2, maxParallel: 2 } as const;

export const pipeline = (target: AwsTarget) => compilePipeline(graph, target, { inputs, steps: { tune: { search } } });
