import { summarize, type Evaluation, metricNames } from "../../model/evaluate/index.js";

/** An evaluation as a report: each metric under its own name, for conditions, and again with its interval. */
export function reportOf(evaluation: Evaluation): Readonly<Record<string, unknown>> {
  const summary = summarize(evaluation);
  return { ...Object.fromEntries(metricNames.map((name) => [name, summary.values[name].value])), ...summary };
}
