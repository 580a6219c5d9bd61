import type { Evaluation } from "../model/evaluate/evaluate-scores.js";
import { metricNames, metrics } from "../model/evaluate/metrics.js";
import type { EpochRecord } from "../model/learner.js";
import { countText, intervalText, metricText } from "./format.js";
import { calibrationPlot } from "./plots/calibration.js";
import { confusionPlot } from "./plots/confusion.js";
import { precisionRecallPlot, profitPlot, rocPlot, seriesOf } from "./plots/curves.js";
import { gainsPlot, liftPlot } from "./plots/gains.js";
import { historyPlot } from "./plots/history.js";
import type { Block, Plot, Section, TableColumn } from "./sections.js";

/** A model's evaluation under the name it has in the report. */
export interface NamedEvaluation {
  readonly name: string;
  readonly evaluation: Evaluation;
}

/**
 * The sections on a model's quality: metrics beside those of its baselines, curves, calibration, gains, profit and the
 * confusion matrix.
 *
 * @param models the model first, then what it is compared with, at most four in all, evaluated on the same rows.
 * @param options.history the epochs of each network of the model (`TrainedModel.history`), to plot its losses.
 */
export function evaluationSections(
  models: readonly NamedEvaluation[],
  options: { readonly history?: readonly (readonly EpochRecord[])[] | undefined } = {},
): Section[] {
  const [model] = models;
  if (model === undefined) return [];
  const trained = (options.history ?? []).filter((epochs) => epochs.length > 0);
  const training = trained.length === 0 ? [] : [historyPlot(trained)];
  return [
    { title: "Quality", blocks: [headline(model), metricTable(models)] },
    { title: "Curves", blocks: [{ kind: "plots", plots: [...plotsOf(model, models.slice(0, 4)), ...training] }] },
  ];
}

function headline({ evaluation }: NamedEvaluation): Block {
  const { values, rows, positives, threshold } = evaluation;
  const shown = ["auc", "averagePrecision", "f1", "accuracy", "logLoss"] as const;
  return {
    kind: "cards",
    cards: [
      ...shown.map((name) => ({
        label: metrics[name].label,
        value: metricText(values[name].value, 3),
        note: intervalText(values[name]),
      })),
      {
        label: "rows",
        value: countText(rows),
        note: `${((100 * positives) / Math.max(1, rows)).toFixed(1)} % positive, threshold ${Number(threshold.toPrecision(3))}`,
      },
    ],
  };
}

function metricTable(models: readonly NamedEvaluation[]): Block {
  const columns: TableColumn[] = [
    { label: "metric" },
    ...models.map(({ name }) => ({ label: name, number: true })),
    { label: "better" },
  ];
  const rows = metricNames.map((metric) => [
    metrics[metric].label,
    ...models.map(({ evaluation }) => metricText(evaluation.values[metric].value)),
    metrics[metric].better,
  ]);
  return { kind: "table", columns, rows, caption: "All on the same rows, each model at its own threshold." };
}

function plotsOf(model: NamedEvaluation, models: readonly NamedEvaluation[]): Plot[] {
  const { evaluation } = model;
  const curves = (pick: (evaluation: Evaluation) => Evaluation["roc"]) =>
    models.flatMap(({ name, evaluation: one }) => {
      const curve = pick(one);
      return curve === null ? [] : [seriesOf(name, curve)];
    });
  const roc = curves((one) => one.roc);
  const precisionRecall = curves((one) => one.precisionRecall);
  const profit = curves((one) => one.profit);
  const ranked = models.flatMap(({ name, evaluation: { lift } }) => (lift === null ? [] : [{ name, bins: lift }]));
  const reliability = models.map(({ name, evaluation: one }) => ({ name, bins: one.reliability }));
  const first = ranked.find(({ name }) => name === model.name);
  return [
    ...(roc.length > 0 ? [rocPlot(roc)] : []),
    ...(precisionRecall.length > 0
      ? [precisionRecallPlot(precisionRecall, evaluation.positives / evaluation.rows)]
      : []),
    calibrationPlot(reliability),
    ...(ranked.length > 0 ? [gainsPlot(ranked)] : []),
    ...(first === undefined ? [] : [liftPlot(first)]),
    ...(profit.length > 0 ? [profitPlot(profit, evaluation.threshold)] : []),
    confusionPlot(evaluation.confusion, evaluation.threshold),
  ];
}
