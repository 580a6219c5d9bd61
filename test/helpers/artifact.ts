import { defineFeatures } from "../../src/data/features/define.js";
import { fitRecipe } from "../../src/data/features/fit/fit-recipe.js";
import type { Contract } from "../../src/data/contract/contract.js";
import { profileTable } from "../../src/data/profile/profile-table.js";
import { hashTable } from "../../src/data/table/hash-table.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Table } from "../../src/data/table/table.js";
import { uniform } from "../../src/base/random.js";
import type { Artifact, ModelNode } from "../../src/model/artifact.js";
import { goldenRows } from "../../src/model/bundle/golden.js";
import { compile } from "../../src/model/scoring/compile.js";
import { metrics, type MetricName, type MetricSummary } from "../../src/model/evaluate/metrics.js";
import { churnSpec } from "./networks.js";
import { initialWeights } from "../../src/model/kinds/network/initial-weights.js";

const common = { nullable: false, optional: false, missing: [] } as const;

/** A contract with every kind of column. */
export const sampleContract: Contract = {
  format: 1,
  name: "sample",
  origin: "inferred",
  columns: [
    { ...common, name: "customer", kind: "text", role: "id" },
    { ...common, name: "tenure", kind: "number", role: "feature", integer: true, observed: { min: 0, max: 72 } },
    {
      ...common,
      name: "charges",
      kind: "number",
      role: "feature",
      integer: false,
      nullable: true,
      observed: { min: 18.25, max: 118.75 },
    },
    {
      ...common,
      name: "paperless",
      kind: "boolean",
      role: "feature",
      truthy: ["yes"],
      falsy: ["no"],
      caseSensitive: false,
    },
    {
      ...common,
      name: "since",
      kind: "date",
      role: "feature",
      precision: "date",
      observed: { min: Date.UTC(2019, 0, 1), max: Date.UTC(2024, 0, 1) },
    },
    {
      ...common,
      name: "plan",
      kind: "category",
      role: "feature",
      levels: ["basic", "plus", "toString"],
      open: true,
      nullable: true,
    },
    { ...common, name: "churned", kind: "category", role: "target", levels: ["No", "Yes"], open: false },
  ],
  target: { column: "churned", classes: ["No", "Yes"], positive: "Yes" },
};

/** Seeded customers that keep {@link sampleContract}. */
export function sampleRecords(rows: number, seed = 1): Record<string, string | number | boolean | null>[] {
  const random = uniform(seed);
  const plans = ["basic", "plus", "toString"];
  return Array.from({ length: rows }, (_, i) => {
    const tenure = Math.floor(random() * 73);
    return {
      customer: `c${i}`,
      tenure,
      charges: random() < 0.1 ? null : Math.round((18.25 + random() * 100) * 100) / 100,
      paperless: random() < 0.5,
      since: new Date(Date.UTC(2019, 0, 1) + Math.floor(random() * 1800) * 86_400_000).toISOString().slice(0, 10),
      plan: random() < 0.1 ? null : (plans[Math.floor(random() * 3)] ?? "basic"),
      churned: random() < (tenure < 20 ? 0.6 : 0.2) ? "Yes" : "No",
    };
  });
}

export const sampleTable = (rows: number, seed = 1): Table =>
  tableFromRecords(sampleContract, sampleRecords(rows, seed));

const someMetrics: MetricSummary = {
  rows: 400,
  positives: 120,
  threshold: 0.4,
  values: Object.fromEntries(
    (Object.keys(metrics) as MetricName[]).map((name, i) => [name, { value: 0.5 + i / 100, low: 0.4, high: 0.7 }]),
  ) as MetricSummary["values"],
};

export interface SampleOptions {
  /** Number of untrained networks in the ensemble beside a linear model; 0 for the linear model alone. */
  readonly networks?: number;
  readonly seed?: number;
}

/** A small artifact whose model was never trained: quick to make, but every part is there. */
export async function sampleArtifact({ networks = 2, seed = 1 }: SampleOptions = {}): Promise<Artifact> {
  const table = sampleTable(400);
  const { recipe, encoder } = fitRecipe(defineFeatures(table.contract), table, { seed: 1 });
  const random = uniform(seed);
  const linear: ModelNode = {
    kind: "linear",
    weights: Array.from({ length: encoder.width }, () => random() - 0.5),
    bias: random() - 0.5,
  };
  const spec = churnSpec(encoder.width);
  const model: ModelNode =
    networks === 0
      ? linear
      : {
          kind: "ensemble",
          members: [
            ...Array.from({ length: networks }, (_, i): ModelNode => ({
              kind: "network",
              spec,
              weights: initialWeights(spec, seed * 100 + i),
            })),
            linear,
          ],
        };
  const draft: Artifact = {
    contract: sampleContract,
    recipe,
    model,
    calibration: { kind: "platt", slope: 1.1, intercept: -0.2 },
    decision: { threshold: 0.4, rule: "cost", costs: { falseNegative: 500, falsePositive: 50 } },
    baseline: profileTable(table, { cutPoints: 16 }),
    metrics: someMetrics,
    golden: [],
    provenance: {
      learner: "sample",
      seed,
      dataHash: await hashTable(table),
      rows: { train: 400, validation: 0 },
      gitCommit: "0123456789abcdef",
      versions: { churnkit: "0.1.0" },
      parameters: { networks },
    },
  };
  const records = goldenRows(sampleContract, { seed });
  const scored = (await compile(draft)).scoreRecords(records);
  const golden = scored.flatMap(({ probability }, i) => {
    const record = records[i];
    return record === undefined || probability === null ? [] : [{ record, probability }];
  });
  return { ...draft, golden };
}
