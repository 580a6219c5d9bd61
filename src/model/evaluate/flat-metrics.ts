import type { MetricSummary } from "./metrics.js";

/** The figures of an evaluation by name, as trackers keep them: each metric that has a value, with `.low` and `.high` of its interval. */
export function flatMetrics(
  { rows, positives, threshold, values }: MetricSummary,
  prefix = "",
): Record<string, number> {
  const named: [string, number | null | undefined][] = [
    ["rows", rows],
    ["positives", positives],
    ["threshold", threshold],
  ];
  for (const [name, { value, low, high }] of Object.entries(values))
    named.push([name, value], [`${name}.low`, low], [`${name}.high`, high]);
  return Object.fromEntries(
    named.flatMap(([name, value]) => (typeof value === "number" ? [[prefix + name, value]] : [])),
  );
}
