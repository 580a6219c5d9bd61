import type { ClassEvaluation } from "../model/evaluate/index.js";
import { countText, metricText, rangeText } from "./format.js";
import type { Block } from "./sections.js";

/** With more classes a confusion matrix is wider than a page, and a picture of it takes up to 10 MB. */
export const mostColumns = 20;

/** The metrics of all classes, and which are taken for which. @param name of the rows, in words. */
export function classBlocks(name: string, evaluation: ClassEvaluation): Block[] {
  const { classes } = evaluation;
  return [metricsTable(name, evaluation), ...(classes.length <= mostColumns ? [confusionTable(name, evaluation)] : [])];
}

const metricsTable = (name: string, { classes, accuracy, logLoss, macroF1 }: ClassEvaluation): Block => {
  const absent = classes.filter(({ rows }) => rows === 0).map(({ label }) => label);
  const none =
    absent.length === 0 ? "" : ` No row is of ${absent.join(", ")}, so there is no AUC, recall and F1 of it.`;
  return {
    kind: "table",
    caption: `All classes on the ${name}, by the most probable one: accuracy ${metricText(accuracy.value)} (95 %: ${rangeText(accuracy)}), log loss ${metricText(logLoss.value)} (${rangeText(logLoss)}), mean F1 ${metricText(macroF1)}.${none}`,
    columns: [
      { label: "class" },
      { label: "rows", number: true },
      { label: "AUC", number: true },
      { label: "precision", number: true },
      { label: "recall", number: true },
      { label: "F1", number: true },
    ],
    rows: classes.map(({ label, rows, auc, precision, recall, f1 }) => [
      label,
      countText(rows),
      ...[auc, precision, recall, f1].map((value) => metricText(value, 3)),
    ]),
  };
};

const confusionTable = (name: string, { classes, confusion }: ClassEvaluation): Block => ({
  kind: "table",
  caption: `Rows of each class on the ${name} (down), by their most probable class (across).`,
  columns: [{ label: "class" }, ...classes.map(({ label }) => ({ label, number: true }))],
  rows: classes.map(({ label }, k) => [label, ...(confusion[k] ?? []).map(countText)]),
});
