import { defineFeatures } from "../../src/data/features/define.js";
import { split } from "../../src/data/split/split.js";
import { syntheticContract, syntheticCustomers, type SyntheticCustomer } from "../../src/data/synthetic.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import {
  createMonitor,
  days,
  monitorBaseline,
  monitorExplainer,
  type Monitor,
  type MonitorBaseline,
  type MonitorOptions,
} from "../../src/monitor/index.js";
import type { Explainer } from "../../src/model/explain/explanation.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { train, type TrainedModel } from "../../src/model/training/train.js";

export interface Watched {
  readonly model: TrainedModel;
  readonly baseline: MonitorBaseline;
  readonly explainer: Explainer;
}

export const facets = [
  { column: "gender", groups: ["Female"] },
  { column: "age", groups: [{ from: 60 }] },
] as const;

let made: Promise<Watched> | undefined;

/** A model, its baseline and explainer: the same for every test file that runs in a process. */
export const watchedModel = (): Promise<Watched> => (made ??= makeWatched());

async function makeWatched(): Promise<Watched> {
  const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 4000, seed: 1 }).records);
  const parts = split(table, { seed: 1, test: 0.4, validation: 0 });
  const model = await train(defineFeatures(syntheticContract), parts.train, {
    learner: logistic(),
    baseline: false,
    seed: 1,
    workers: 0,
  });
  const baseline = await monitorBaseline({
    artifact: model.artifact,
    table: parts.test,
    facets: [...facets],
    attributionRows: 400,
  });
  const explainer = await monitorExplainer(model.artifact, baseline);
  if (explainer === undefined) throw new Error("no explainer");
  return { model, baseline, explainer };
}

export const start = Date.UTC(2026, 1, 1);
export const labelRules = { window: days(30), absent: "negative" } as const;

/** Customers of the time after training. */
export const customers = (rows: number, seed = 7): readonly SyntheticCustomer[] =>
  syntheticCustomers({ rows, seed }).records;

/** A prediction as a monitor takes it. */
export interface Prediction {
  readonly record: SyntheticCustomer;
  readonly probability: number | null;
  readonly id: string;
  readonly at: number;
}

/** Predictions of records, evenly over some hours. */
export function predictionsOf(
  { model }: Watched,
  records: readonly SyntheticCustomer[],
  over = hours(4),
  from = start,
  name = "p",
): Prediction[] {
  return model.scorer.scoreRecords(records).map(({ probability }, i) => ({
    record: records[i] ?? {},
    probability,
    id: `${name}${i}`,
    at: from + Math.floor((i * over) / records.length),
  }));
}

export function feed(monitor: Monitor, predictions: readonly Prediction[]): void {
  for (const { record, probability, id, at } of predictions) monitor.add(record, probability, { at, id });
}

/** Reports churners ten days after their prediction. */
export function label(
  monitor: Monitor,
  predictions: readonly Prediction[],
  churned: (record: SyntheticCustomer) => boolean = (record) => record["churn"] === "Yes",
): void {
  monitor.addLabels(
    predictions
      .filter(({ record }) => churned(record))
      .map(({ id, at }) => ({ id, time: at + days(10), outcome: 1 as const })),
  );
}

export const monitorOf = ({ baseline, explainer }: Watched, options: MonitorOptions = {}): Monitor =>
  createMonitor(baseline, { labels: labelRules, explainer, ...options });
