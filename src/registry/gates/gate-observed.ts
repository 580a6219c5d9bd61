import {
  allClassMetric,
  allClassMetricNames,
  anyMetrics,
  type ClassEvaluation,
  metricNames,
  metrics,
  oneClassNote,
} from "../../model/evaluate/index.js";
import type { AbsoluteRequirement, ClassRequirement, GateEvidence } from "./gate.js";

/** What a requirement asks for: its name, and its value or why there is none (empty if that isn't known). */
export interface Observed {
  readonly name: string;
  readonly value: number | null;
  readonly why: string;
}

const notEvaluated = "the classes were not evaluated";

/** Finds the value that a requirement compares with its limit. */
export function observedFor(
  requirement: AbsoluteRequirement | ClassRequirement,
  { metrics: known, classes, comparison }: Pick<GateEvidence, "metrics" | "classes" | "comparison">,
): Observed {
  if ("class" in requirement) return ofClass(requirement, classes);
  const { metric } = requirement;
  const name = anyMetrics[metric].label;
  const own = metricNames.find((one) => one === metric);
  if (own !== undefined) return { name, value: known[own]?.value ?? null, why: noneBecause(comparison?.labels) };
  const over = allClassMetricNames.find((one) => `classes.${one}` === metric);
  if (classes === undefined || over === undefined) return { name, value: null, why: notEvaluated };
  const without = classes.classes.find(({ auc, f1 }) => auc === null || f1 === null);
  const why = `${JSON.stringify(without?.label)} has none of the rows, or all`;
  return { name, value: allClassMetric(classes, over).value, why };
}

function ofClass({ class: label, metric }: ClassRequirement, evaluation: ClassEvaluation | undefined): Observed {
  const name = `${metrics[metric].label} of ${JSON.stringify(label)}`;
  if (evaluation === undefined) return { name, value: null, why: notEvaluated };
  const { classes } = evaluation;
  const own = classes.find((one) => one.label === label);
  if (own === undefined)
    return { name, value: null, why: `the classes are ${classes.map((one) => JSON.stringify(one.label)).join(", ")}` };
  return { name, value: own[metric], why: `${own.rows === 0 ? "none" : "each"} of the rows is of this class` };
}

/** Why metrics of the positive class have no value on rows of one class; empty for rows of both. */
export function noneBecause(labels: Uint8Array | undefined): string {
  const positives = labels?.reduce((sum, label) => sum + label, 0) ?? 0;
  return (labels && oneClassNote({ rows: labels.length, positives })) ?? "";
}
