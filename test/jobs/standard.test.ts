import { beforeAll, describe, expect, it } from "vitest";
import { csvLine } from "../../src/data/table/csv-line.js";
import { syntheticCustomers } from "../../src/data/synthetic.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { readArtifact } from "../../src/jobs/artifacts.js";
import { runPipeline, type PipelineRun } from "../../src/jobs/run.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";

const { records } = syntheticCustomers({ rows: 300, seed: 7 });
const csv = (rows: readonly object[]): Uint8Array =>
  new TextEncoder().encode(
    [Object.keys(rows[0] ?? {}), ...rows.map(Object.values)].map((row) => csvLine(row as string[])).join(""),
  );

const life = {
  inputs: { customers: "file", later: "file", captured: "file" },
  steps: [
    {
      id: "ingest",
      job: "ingest",
      params: { name: "customers", target: "churn", positive: "Yes", id: ["customerId"] },
      inputs: { file: "input.customers" },
    },
    { id: "parts", job: "split", params: { test: 0.3, seed: 1 }, inputs: { rows: "ingest.rows" } },
    {
      id: "features",
      job: "features",
      params: {
        derived: [
          {
            name: "perMonth",
            expression: {
              op: "ratio",
              args: [
                { op: "column", name: "totalCharges" },
                { op: "column", name: "tenureMonths" },
              ],
            },
          },
        ],
        policies: [{ column: "perMonth", policy: { encode: "log" } }],
      },
      inputs: { rows: "parts.train" },
    },
    {
      id: "train",
      job: "train",
      params: { learner: "logistic" },
      inputs: { rows: "parts.train", features: "features.features" },
    },
    { id: "evaluate", job: "evaluate", inputs: { model: "train.model", rows: "parts.test" } },
    { id: "later", job: "ingest", params: { labeled: false }, inputs: { file: "input.later", model: "train.model" } },
    { id: "score", job: "score", inputs: { model: "train.model", rows: "later.rows" } },
    {
      id: "register",
      job: "register",
      params: { alias: "champion", by: "ada" },
      inputs: { model: "train.model" },
      when: { step: "evaluate.report", path: "auc", atLeast: 0.6 },
    },
    { id: "monitor", job: "monitor", inputs: { model: "train.model", captured: "input.captured" } },
    { id: "decide", job: "retrain-decision", inputs: { report: "monitor.report" } },
  ],
};

describe("the jobs of a model's life", () => {
  const inputs = {
    customers: csv(records.slice(0, 200)),
    later: csv(records.slice(200).map((record) => ({ ...record, churn: null }))),
    captured: new TextEncoder().encode(""),
  };
  const store = memoryStore();
  const registry = storeRegistry(memoryStore(), { name: "churn" });
  let run: PipelineRun;
  beforeAll(async () => {
    run = await runPipeline(life, { store, inputs, registry });
  });
  const json = async (name: string): Promise<Record<string, unknown>> =>
    (await readArtifact(store, "json", run.artifacts[name])) as Record<string, unknown>;

  it("compares a model with a champion on the same rows, in each metric's own direction", async () => {
    const steps = [
      ...life.steps.slice(0, 4),
      {
        id: "dull",
        job: "train",
        params: { learner: "logistic", options: { l2: 1e5 } },
        inputs: { rows: "parts.train" },
      },
      { id: "theirs", job: "evaluate", inputs: { model: "dull.model", rows: "parts.test" } },
      { id: "own", job: "evaluate", inputs: { model: "train.model", rows: "parts.test", champion: "dull.model" } },
    ];
    const { artifacts } = await runPipeline(
      { inputs: { customers: "file" }, steps },
      { store, inputs: { customers: inputs.customers } },
    );
    const [own, theirs] = (await Promise.all(
      ["own.report", "theirs.report"].map((name) => readArtifact(store, "json", artifacts[name])),
    )) as [Record<string, number>, Record<string, number>];
    const { auc, logLoss } = own["improvement"] as unknown as Record<
      string,
      { value: number; low: number; high: number }
    >;
    expect(auc?.value).toBeCloseTo((own["auc"] as number) - (theirs["auc"] as number), 12);
    expect(logLoss?.value).toBeCloseTo((theirs["logLoss"] as number) - (own["logLoss"] as number), 12);
    expect(logLoss?.value).toBeGreaterThan(0);
    expect(logLoss?.low).toBeLessThan(logLoss?.value ?? NaN);
  });

  it("go from a file to a model in the registry, which scores", async () => {
    expect(run.steps.map(({ status }) => status)).toEqual(life.steps.map(() => "ran"));
    const { auc, rows } = await json("evaluate.report");
    expect(auc).toBeGreaterThan(0.6);
    expect(rows).toBe(60);
    const [version, ...others] = await registry.list();
    expect(others).toEqual([]);
    expect(version).toMatchObject({ number: 1, aliases: ["champion"] });
    expect(await json("register.version")).toMatchObject({ number: 1, promotion: { promoted: true } });
    const scores = await readArtifact(store, "file", run.artifacts["score.scores"]);
    const [header, first, ...lines] = new TextDecoder().decode(scores).trimEnd().split("\n");
    expect(header).toBe("row,customerId,probability,positive");
    const { artifact, scorer } = await readArtifact(store, "bundle", run.artifacts["train.model"]);
    expect(artifact.recipe.derived[0]?.name).toBe("perMonth");
    expect(lines).toHaveLength(99);
    const { customerId } = records[200] ?? {};
    const { probability } = scorer.scoreRecord(records[200]);
    expect(first).toMatch(new RegExp(`^0,${customerId},${String(probability).slice(0, 8)}`));
  });

  it("decide on a retraining by the monitor's report", async () => {
    expect(await json("decide.decision")).toMatchObject({ action: "skip", retrain: 0 });
  });

  it("are not done again, and register the model once", async () => {
    const again = await runPipeline(life, { store, inputs, registry });
    expect(again.steps.filter(({ status }) => status === "ran").map(({ id }) => id)).toEqual(["register"]);
    expect(await registry.list()).toHaveLength(1);
    expect((await registry.history()).map(({ action }) => action)).toEqual(["promote", "register"]);
  });

  it("give the same artifacts on another machine", async () => {
    const elsewhere = await runPipeline(life, { store: memoryStore(), inputs, registry });
    expect(elsewhere.artifacts).toEqual({
      ...run.artifacts,
      "register.version": elsewhere.artifacts["register.version"],
    });
  });

  it("read JSON lines by a contract, and judge a model by gates before it is promoted", async () => {
    const { contract } = await readArtifact(store, "table", run.artifacts["ingest.rows"]);
    const rows = { rows: "ingest.rows" };
    const judged = {
      inputs: { lines: "file", contract: "json", model: "bundle" },
      steps: [
        {
          id: "ingest",
          job: "ingest",
          params: { format: "jsonLines" },
          inputs: { file: "input.lines", contract: "input.contract" },
        },
        {
          id: "gated",
          job: "register",
          params: { alias: "gated", gates: ["aws"] },
          inputs: { model: "input.model", ...rows },
        },
        { id: "unjudged", job: "register", params: { gates: ["aws"] }, inputs: { model: "input.model" } },
      ],
    };
    const model = await store.get(`objects/${run.artifacts["train.model"]?.sha256}`);
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const given = {
      lines: encode(
        records
          .slice(200)
          .map((record) => JSON.stringify(record))
          .join("\n"),
      ),
      contract: encode(JSON.stringify(contract)),
      model: model?.bytes ?? new Uint8Array(),
    };
    const runSteps = (steps: object[]) => runPipeline({ ...judged, steps }, { store, inputs: given, registry });
    const done = await runSteps(judged.steps.slice(0, 2));
    expect((await readArtifact(store, "table", done.artifacts["ingest.rows"])).rows).toBe(100);
    const version = await readArtifact(store, "json", done.artifacts["gated.version"]);
    expect(version).toMatchObject({ number: 1, promotion: { promoted: false } });
    expect([...(await registry.aliases()).keys()]).toEqual(["champion"]);
    await expect(runSteps(judged.steps)).rejects.toThrow(/step "unjudged".*Gates need rows/);
  });

  it("refuse a report that is no monitor's", async () => {
    const decide = { id: "decide", job: "retrain-decision", inputs: { report: "input.report" } };
    const inputs = { report: new TextEncoder().encode('{"auc":0.8}') };
    await expect(
      runPipeline({ inputs: { report: "json" }, steps: [decide] }, { store: memoryStore(), inputs }),
    ).rejects.toMatchObject({ code: "VALUE_INVALID", message: expect.stringContaining('step "decide"') as string });
  });
});
