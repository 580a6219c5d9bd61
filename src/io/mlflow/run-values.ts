/** A metric as MLflow takes it. */
export interface LoggedMetric {
  readonly key: string;
  /** JSON has no NaN, so MLflow accepts it as a text. */
  readonly value: number | string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** Longer ones are cut, because older servers refuse them. */
const maxValue = 500;
const maxName = 250;

/** MLflow's names allow letters, digits and `_-./ `, and are paths without empty or `.` segments; what is not allowed becomes `_`. */
export const fittingName = (name: string): string =>
  name
    .replace(/[^\w\-./ ]/g, "_")
    .replace(/^[./ ]+/, "_")
    .replaceAll("..", "._")
    .slice(0, maxName)
    .replace(/(?<=\/)(?:\/+|\.(?=\/|$))|\/$/g, "_");

/** The value of a parameter: a text, because MLflow stores a number as an empty one. */
export const fittingValue = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > maxValue ? `${text.slice(0, maxValue - 1)}…` : text;
};

/** The value of a metric. */
export const metricValue = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** More in one call is refused, as is more than 1,000 of all together. */
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
