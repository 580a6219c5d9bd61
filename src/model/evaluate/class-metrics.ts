import { allClassMetric, allClassMetricNames, type AllClassMetric, type ClassEvaluation } from "./evaluate-classes.js";
import { metricNames, metrics, type MetricName } from "./metrics.js";

/** A metric of the positive class, or over all classes where there are more than two, as {@link flatMetrics} names them. */
export type AnyMetricName = MetricName | `classes.${AllClassMetric}`;

/** Metrics over all classes; a row is taken for its most probable class. */
const ofClasses = {
  "classes.accuracy": { label: "accuracy over classes", better: "higher", needs: "classes" },
  "classes.logLoss": { label: "log loss over classes", better: "lower", needs: "classes" },
  "classes.macroF1": { label: "macro F1", better: "higher", needs: "classes" },
  "classes.macroAuc": { label: "macro AUC", better: "higher", needs: "classes" },
} as const satisfies Record<`classes.${AllClassMetric}`, object>;

/** Both tables. */
export const anyMetrics = { ...metrics, ...ofClasses } as const;

/** The names of the metrics that a model of so many classes has. */
export const metricNamesOf = (classes: number): readonly AnyMetricName[] =>
  classes > 2 ? (Object.keys(anyMetrics) as AnyMetricName[]) : metricNames;

/** What models of so many classes are compared by, unless something else is asked for. */
export const usualMetric = (classes: number): AnyMetricName => (classes > 2 ? "classes.logLoss" : "logLoss");

/** The metrics of an evaluation of all classes. */
export const classValues = (evaluation: ClassEvaluation): Readonly<Partial<Record<AnyMetricName, number | null>>> =>
  Object.fromEntries(allClassMetricNames.map((name) => [`classes.${name}`, allClassMetric(evaluation, name).value]));
