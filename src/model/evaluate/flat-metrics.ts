import { allClassMetric, allClassMetricNames, classMetricNames } from "./evaluate-classes.js";
import type { MetricSummary, MetricValue } from "./metrics.js";

/** Shorter than what any tracker takes, with the name of a metric around it. */
const longestLabel = 100;

/**
 * Labels of classes as parts of names that every tracker takes, no two alike: `<1 year` and `>1 year` are `_1 year` and
 * `_1 year_2`.
 */
export function trackedLabels(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    const fitting = label
      .replace(/[^A-Za-z0-9_\-. ]/g, "_")
      .replace(/\.{2,}/g, ".")
      .slice(0, longestLabel);
    const plain = fitting.replace(/^\.|\.$/g, "_") || "_";
    let name = plain;
    for (let i = 2; taken.has(name); i++) name = `${plain}_${i}`;
    taken.add(name);
    return name;
  });
}

/**
 * The figures of an evaluation by name, as trackers keep them: each metric that has a value, with `.low` and `.high` of its
 * interval; of more than two classes also `classes.accuracy` and the like, and `class.<label>.recall` and the like, with
 * {@link trackedLabels}.
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
    const labels = trackedLabels(classes.classes.map(({ label }) => label));
    classes.classes.forEach((one, k) => {
      for (const name of ["rows", ...classMetricNames] as const)
        add(`class.${labels[k] ?? ""}.${name}`, { value: one[name] });
    });
  }
  return Object.fromEntries(
    named.flatMap(([name, value]) => (typeof value === "number" ? [[prefix + name, value]] : [])),
  );
}
