import { allClassMetric, allClassMetricNames, classMetricNames } from "./evaluate-classes.js";
import type { MetricSummary, MetricValue } from "./metrics.js";

/**
 * The figures of an evaluation by name, as trackers keep them: each metric that has a value, with `.low` and `.high` of its
 * interval; of more than two classes also `classes.accuracy` and the like, and `class.<label>.recall` and the like.
 */
export function flatMetrics(
  { rows, positives, threshold, values, classes }: MetricSummary,
  prefix = "",
): Record<string, number> {
  const named: [string, number | null | undefined][] = [
    ["rows", rows],
    ["positives", positives],
    ["threshold", threshold],
  ];
  const add = (name: string, { value, low, high }: MetricValue): void =>
    void named.push([name, value], [`${name}.low`, low], [`${name}.high`, high]);
  for (const [name, value] of Object.entries(values)) add(name, value);
  if (classes !== undefined) {
    for (const name of allClassMetricNames) add(`classes.${name}`, allClassMetric(classes, name));
    for (const one of classes.classes)
      for (const name of ["rows", ...classMetricNames] as const)
        add(`class.${one.label}.${name}`, { value: one[name] });
  }
  return Object.fromEntries(
    named.flatMap(([name, value]) => (typeof value === "number" ? [[prefix + name, value]] : [])),
  );
}
