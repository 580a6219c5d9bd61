import { fittingName, fittingValue, metricValue, type LoggedMetric } from "../../../io/mlflow/index.js";
import { flatMetrics } from "../../../model/evaluate/index.js";
import type { VersionDraft } from "../../registry-state.js";

interface LoggedParameter {
  readonly key: string;
  readonly value: string;
}

/** Returns the training parameters for the run. */
export function runParameters({ provenance }: VersionDraft): LoggedParameter[] {
  const { learner, seed, rows, parameters } = provenance;
  const named = { ...parameters, learner, seed, train_rows: rows.train, validation_rows: rows.validation };
  const fitting = new Map(Object.entries(named).map(([name, value]) => [fittingName(name), fittingValue(value)]));
  return [...fitting].filter(([key]) => key !== "").map(([key, value]) => ({ key, value }));
}

/** Held-out metrics; those with an interval also as `<name>.low` and `<name>.high`. */
export function runMetrics({ metrics, registeredAt }: VersionDraft): LoggedMetric[] {
  const timestamp = Date.parse(registeredAt);
  const figures = Object.entries(flatMetrics(metrics));
  return figures.map(([key, value]) => ({ key, value: metricValue(value), timestamp, step: 0 }));
}
