import { type Evaluation, metricNames, metrics } from "../model/evaluate/index.js";
import type { EpochRecord } from "../model/kinds/index.js";
import { classBlocks, mostColumns } from "./class-blocks.js";
import { countText, intervalText, metricText } from "./format.js";
import { drawFile } from "./plot.js";
import { calibrationPlot } from "./plots/calibration.js";
import { classConfusionPlot, confusionPlot } from "./plots/confusion.js";
import { precisionRecallPlot, profitPlot, rocPlot, seriesOf, thresholdPlot } from "./plots/curves.js";
import { gainsPlot, liftPlot } from "./plots/gains.js";
import { historyPlot } from "./plots/history.js";
import { renderReport } from "./render.js";
import type { Block, Plot, Section, TableColumn } from "./sections.js";

/** A model's evaluation under its name in the report. */
export interface NamedEvaluation {
  readonly name: string;
  readonly evaluation: Evaluation;
}

/**
 * Returns the sections on a model's quality: metrics next to those of its baselines, the confusion matrix, the effect
 * of a threshold (profit if costs were given), calibration; ROC, precision and recall, gains, lift and training are
 * folded.
 *
 * @param models the model first, then its rivals, at most four in total, evaluated on the same rows.
 * @param options.history the epochs of each network of the model (`TrainedModel.history`), to plot its losses.
 * @param options.uncalibrated the model's reliability curve before calibration.
 */
export function evaluationSections(
  models: readonly NamedEvaluation[],
  options: {
    readonly history?: readonly (readonly EpochRecord[])[] | undefined;
    readonly uncalibrated?: Evaluation["reliability"] | undefined;
  } = {},
): Section[] {
  const [model] = models;
  if (model === undefined) return [];
  const { classes } = model.evaluation;
  const trained = (options.history ?? []).filter((epochs) => epochs.length > 0);
  const training = trained.length === 0 ? [] : [historyPlot(trained)];
  return [
    {
      title: "Quality",
      blocks: [headline(model), metricTable(models), ...(classes ? classBlocks("evaluated rows", classes) : [])],
    },
    {
      title: "Curves",
      blocks: [
        { kind: "plots", plots: decisionPlots(model, models.slice(0, 4), options.uncalibrated) },
        {
          kind: "details",
          summary: "ROC, precision and recall, gains and lift, training",
          blocks: [{ kind: "plots", plots: [...rankingPlots(model, models.slice(0, 4)), ...training] }],
        },
      ],
    },
  ];
}

/**
 * Files of an evaluation for people: the page `report.html`, and each plot of the first model as `plots/<title>.svg`.
 *
 * @param models as for {@link evaluationSections}.
 */
export async function* evaluationFiles(
  models: readonly NamedEvaluation[],
  {
    title,
    rows,
    history,
  }: {
    readonly title: string;
    /** Which rows they are evaluated on. */
    readonly rows: string;
    readonly history?: readonly (readonly EpochRecord[])[] | undefined;
  },
): AsyncGenerator<{ readonly name: string; readonly content: string }> {
  const sections = evaluationSections(models, { history });
  yield { name: "report.html", content: await renderReport({ title, subtitle: rows, sections }) };
  for (const { title: name, spec } of plotsIn(sections.flatMap(({ blocks }) => blocks))) {
    const file = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    yield { name: `plots/${file}.svg`, content: await drawFile(spec) };
  }
}

const plotsIn = (blocks: readonly Block[]): Plot[] =>
  blocks.flatMap((block) =>
    block.kind === "plots" ? block.plots : block.kind === "details" ? plotsIn(block.blocks) : [],
  );

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
  const named = metricNames.filter(
    (metric) =>
      metrics[metric].needs !== "costs" || models.some(({ evaluation }) => evaluation.values[metric].value !== null),
  );
  const rows = named.map((metric) => [
    metrics[metric].label,
    ...models.map(({ evaluation }) => metricText(evaluation.values[metric].value)),
    metrics[metric].better,
  ]);
  return { kind: "table", columns, rows, caption: "All on the same rows, each model at its own threshold." };
}

type CurveOf = (evaluation: Evaluation) => Evaluation["roc"];

const curvesOf = (models: readonly NamedEvaluation[], pick: CurveOf) =>
  models.flatMap(({ name, evaluation }) => {
    const curve = pick(evaluation);
    return curve === null ? [] : [seriesOf(name, curve)];
  });

/**
 * Plots the basis of a decision: calls at the threshold, the effect of other thresholds, and whether probabilities
 * are true.
 */
function decisionPlots(
  { name, evaluation }: NamedEvaluation,
  models: readonly NamedEvaluation[],
  uncalibrated: Evaluation["reliability"] | undefined,
): Plot[] {
  const { confusion, threshold, precisionRecall, classes } = evaluation;
  const profit = curvesOf(models, (one) => one.profit);
  const byThreshold =
    profit.length > 0
      ? [profitPlot(profit, threshold)]
      : precisionRecall === null
        ? []
        : [thresholdPlot(precisionRecall, threshold)];
  return [
    confusionPlot(confusion, threshold),
    ...(classes && classes.classes.length <= mostColumns ? [classConfusionPlot(classes)] : []),
    ...byThreshold,
    calibrationPlot([
      ...models.map((one) => ({ name: one.name, bins: one.evaluation.reliability })),
      ...(uncalibrated ? [{ name: `${name}, before calibration`, bins: uncalibrated }] : []),
    ]),
  ];
}

/** How well the scores rank, over all thresholds. */
function rankingPlots({ name, evaluation }: NamedEvaluation, models: readonly NamedEvaluation[]): Plot[] {
  const roc = curvesOf(models, (one) => one.roc);
  const precisionRecall = curvesOf(models, (one) => one.precisionRecall);
  const ranked = models.flatMap((one) =>
    one.evaluation.lift === null ? [] : [{ name: one.name, bins: one.evaluation.lift }],
  );
  return [
    ...(roc.length > 0 ? [rocPlot(roc)] : []),
    ...(precisionRecall.length > 0
      ? [precisionRecallPlot(precisionRecall, evaluation.positives / evaluation.rows)]
      : []),
    ...(ranked.length > 0 ? [gainsPlot(ranked)] : []),
    ...(evaluation.lift === null ? [] : [liftPlot({ name, bins: evaluation.lift })]),
  ];
}
