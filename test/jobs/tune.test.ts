import { describe, expect, it } from "vitest";
import { csvLine } from "../../src/data/table/csv-line.js";
import { syntheticCustomers } from "../../src/data/synthetic.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { readArtifact } from "../../src/jobs/artifacts.js";
import { runPipeline } from "../../src/jobs/run.js";
import { planRecords } from "../helpers/plans.js";

const { records } = syntheticCustomers({ rows: 300, seed: 7 });
const rows = [Object.keys(records[0] ?? {}), ...records.map((record) => Object.values(record))];
const inputs = { customers: new TextEncoder().encode(rows.map((row) => csvLine(row)).join("")) };
const store = memoryStore();

function run(params: object) {
  const graph = {
    inputs: { customers: "file" },
    steps: [
      {
        id: "ingest",
        job: "ingest",
        params: { target: "churn", positive: "Yes", id: ["customerId"] },
        inputs: { file: "input.customers" },
      },
      { id: "tune", job: "tune", params, inputs: { rows: "ingest.rows" } },
      {
        id: "train",
        job: "train",
        params: { learner: "logistic", options: { l2: 1000 } },
        inputs: { rows: "ingest.rows" },
        when: { step: "tune.trials", path: "value", atMost: 0.65 },
      },
    ],
  };
  return runPipeline(graph, { store, inputs });
}
const space = [
  { learner: "logistic", options: { l2: 100_000 } },
  { learner: "logistic", options: { l2: 1000 } },
  { learner: "forest", options: { trees: 2, depth: 1 } },
  { learner: "logistic", options: { l2: 1000, folds: 5 } },
];

interface Trials {
  readonly best: number;
  readonly value: number;
  readonly trials: readonly {
    readonly value: number;
    readonly values: readonly number[];
    readonly learner: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
}

describe("the job tune", () => {
  it("keeps the learner with the best metric over the folds, trained on all rows as the job train does", async () => {
    const { artifacts } = await run({ learners: space, folds: 3, seed: 0 });
    const { best, value, trials } = (await readArtifact(store, "json", artifacts["tune.trials"])) as Trials;
    expect(trials.map(({ learner, values }) => [learner, values.length])).toEqual(
      space.map(({ learner }) => [learner, 3]),
    );
    expect(value).toBe(Math.min(...trials.map((trial) => trial.value)));
    // The fourth is the same learner as the second: of equals the first is kept.
    expect(trials[3]?.values).toEqual(trials[1]?.values);
    expect(best).toBe(1);
    expect(artifacts["tune.model"]).toEqual(artifacts["train.model"]);
  });

  it("goes by the metric that is named", async () => {
    const { artifacts } = await run({ learners: space.slice(0, 3), folds: 2, metric: "auc" });
    const { value, trials } = (await readArtifact(store, "json", artifacts["tune.trials"])) as Trials;
    expect(value).toBe(Math.max(...trials.map((trial) => trial.value)));
  });

  it("searches the options of a learner with a space", async () => {
    const learners = [{ learner: "logistic", space: { l2: { kind: "real", min: 1, max: 100, scale: "log" } } }];
    const { artifacts } = await run({ learners, method: "random", trials: 3, folds: 2 });
    const { best, value, trials } = (await readArtifact(store, "json", artifacts["tune.trials"])) as Trials;
    expect(trials).toHaveLength(3);
    expect(trials[best]?.value).toBe(value);
    expect(new Set(trials.map(({ options }) => options["l2"])).size).toBe(3);
  });

  it("goes by a metric over several classes", async () => {
    const plans = planRecords(200, 1);
    const lines = [Object.keys(plans[0] ?? {}), ...plans.map((record) => Object.values(record))];
    const file = new TextEncoder().encode(lines.map((line) => csvLine(line)).join(""));
    const params = { target: "plan", positive: "pro", multiclass: true };
    const learners = [
      { learner: "logistic", options: { l2: 1 } },
      { learner: "logistic", options: { l2: 100_000 } },
    ];
    const steps = [
      { id: "ingest", job: "ingest", params, inputs: { file: "input.plans" } },
      {
        id: "tune",
        job: "tune",
        params: { learners, folds: 2, metric: "classes.accuracy" },
        inputs: { rows: "ingest.rows" },
      },
    ];
    const { artifacts } = await runPipeline({ inputs: { plans: "file" }, steps }, { store, inputs: { plans: file } });
    const { best, value, trials } = (await readArtifact(store, "json", artifacts["tune.trials"])) as Trials;
    expect([best, value]).toEqual([0, Math.max(...trials.map((trial) => trial.value))]);
    expect(value).toBeGreaterThan(trials[1]?.value ?? NaN);
  });

  it.each([
    ['no option "leavez"', { learners: [{ learner: "boosting", options: { leavez: 3 } }] }],
    ["must be", { learners: [{ learner: "boosting", options: { leaves: -1 } }] }],
    ["at least one learner", { learners: [] }],
    ["min is below its max", { learners: [{ learner: "logistic", space: { l2: { kind: "real", min: 2, max: 1 } } }] }],
    ["metric must be one of", { learners: space, metric: "luck" }],
    ["metric must be a metric that needs no costs", { learners: space, metric: "profitPerCustomer" }],
  ])("refuses before anything runs a search space with %s", async (message, params) => {
    await expect(run(params)).rejects.toMatchObject({
      code: "PIPELINE_INVALID",
      message: expect.stringContaining(message) as string,
    });
  });
});
