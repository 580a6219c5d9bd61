import type { VersionDraft } from "../../registry-state.js";

interface LoggedParameter {
  readonly key: string;
  /** MLflow stores a number as an empty text. */
  readonly value: string;
}

interface LoggedMetric {
  readonly key: string;
  /** JSON has no NaN, so MLflow accepts it as a text. */
  readonly value: number | string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** Longer ones are cut, because older servers refuse them; the file of facts has the full text. */
const maxValue = 500;
const maxName = 250;

/** MLflow's names allow letters, digits and `_-./ `; any other character becomes `_`. */
const fit = (name: string): string =>
  name
    .replace(/[^\w\-./ ]/g, "_")
    .replace(/^[./ ]+/, "_")
    .replaceAll("..", "._")
    .slice(0, maxName);

const asText = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > maxValue ? `${text.slice(0, maxValue - 1)}…` : text;
};

/** Returns the training parameters for the run. */
export function runParameters({ provenance }: VersionDraft): LoggedParameter[] {
  const { learner, seed, rows, parameters } = provenance;
  const named = { ...parameters, learner, seed, train_rows: rows.train, validation_rows: rows.validation };
  const fitting = new Map(Object.entries(named).map(([name, value]) => [fit(name), asText(value)]));
  return [...fitting].filter(([key]) => key !== "").map(([key, value]) => ({ key, value }));
}

/** Held-out metrics; those with an interval also as `<name>.low` and `<name>.high`. */
export function runMetrics({ metrics, registeredAt }: VersionDraft): LoggedMetric[] {
  const timestamp = Date.parse(registeredAt);
  const { rows, positives, threshold, values } = metrics;
  const named: [string, number | null | undefined][] = [
    ["rows", rows],
    ["positives", positives],
    ["threshold", threshold],
  ];
  for (const [name, { value, low, high }] of Object.entries(values))
    named.push([name, value], [`${name}.low`, low], [`${name}.high`, high]);
  return named.flatMap(([key, value]) =>
    typeof value === "number"
      ? [{ key, value: Number.isFinite(value) ? value : String(value), timestamp, step: 0 }]
      : [],
  );
}

/** More in one call is refused, as is more than 1,000 of both together. */
const maxParameters = 100;
const maxMetrics = 900;

/** The calls of `runs/log-batch` that are needed. */
export function logBatches<P, M>(
  params: readonly P[],
  metrics: readonly M[],
): { readonly params: P[]; readonly metrics: M[] }[] {
  const calls = Math.max(Math.ceil(params.length / maxParameters), Math.ceil(metrics.length / maxMetrics));
  return Array.from({ length: calls }, (_, i) => ({
    params: params.slice(i * maxParameters, (i + 1) * maxParameters),
    metrics: metrics.slice(i * maxMetrics, (i + 1) * maxMetrics),
  }));
}
