import { ChurnkitError } from "../../base/errors.js";
import { labels, type Table } from "../../data/table/index.js";
import type { Artifact, TrainingRun } from "../../model/artifact.js";
import type { Manifest } from "../../model/bundle/index.js";
import {
  chanceNote,
  type ClassEvaluation,
  type Confusion,
  evaluateClasses,
  evaluateScores,
  type MetricSummary,
  summarize,
} from "../../model/evaluate/index.js";
import type { Scorer } from "../../model/scoring/index.js";
import { seenRows, trainingFactsOf } from "../../model/training/index.js";
import { minimumSample } from "../../drift/policy.js";
import type { Facet } from "../../monitor/bias/index.js";
import { cardData, type CardData } from "./data.js";
import { cardGroups, type CardGroups } from "./groups.js";
import { cardModel, cardTraining, type CardModel, type CardTraining, toldBy } from "./model.js";
import { checkedNotes, type CardNotes } from "./notes.js";

/** Metrics on some rows. */
export interface CardMetrics {
  readonly name: "held-out rows" | "evaluated rows";
  /** Which rows, in words. */
  readonly rows: string;
  readonly summary: MetricSummary;
  /** Null where the bundle does not keep it. */
  readonly confusion: Confusion | null;
  /** Of all classes, where there are more than two; the other metrics are of the positive class against all others. */
  readonly classes: ClassEvaluation | null;
}

/** Everything that is known about a model, as plain JSON; null is what is not known. */
export interface ModelCard {
  readonly format: 1;
  readonly name: string;
  /** When the bundle was written. */
  readonly createdAt: string | null;
  /** Of the bundle: equal for equal models. */
  readonly contentHash: string | null;
  readonly notes: CardNotes;
  readonly model: CardModel;
  readonly data: CardData;
  /** The held-out metrics of the bundle, then those of the labeled rows, if any were given. */
  readonly metrics: readonly CardMetrics[];
  /** By column; empty without labeled rows or columns. */
  readonly groups: readonly CardGroups[];
  readonly limits: readonly string[];
  readonly training: CardTraining | null;
}

/** What a card is made from, besides the model. */
export interface ModelCardOptions {
  /** Labeled rows that the model has not seen, for metrics and groups. */
  readonly rows?: Table | undefined;
  /**
   * Columns whose groups are compared, by name or as facets. A column of numbers that is only named is cut at the
   * quartiles of the training rows.
   */
  readonly by?: readonly (string | Facet)[] | undefined;
  /** Groups with fewer rows are not shown. Default 30. */
  readonly leastRows?: number | undefined;
  readonly notes?: CardNotes | undefined;
}

/** A loaded bundle or a trained model. */
export interface CardSubject {
  readonly artifact: Artifact;
  readonly scorer: Scorer;
  readonly manifest?: Pick<Manifest, "createdAt" | "contentHash" | "trainingRun">;
  readonly trainingRun?: TrainingRun;
}

/**
 * Makes the card of a model from its bundle: data, metrics, members, limits and costs; from labeled rows also its
 * quality and fairness by group; and from notes what only people know. It invents nothing.
 *
 * @param model A loaded bundle or a trained model.
 * @throws ChurnkitError OPTION_INVALID for notes or groups that cannot be, CONTRACT_MISMATCH and TARGET_INVALID for rows
 * that the model cannot be evaluated on.
 *
 * @example
 * ```ts
 * import { defineFeatures, split, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { logistic, train } from "churnkit/model";
 * import { modelCard, modelCardHtml, modelCardMarkdown, modelCardSageMaker } from "churnkit/report";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 1000, seed: 1 }).records);
 * const { train: training, test } = split(customers, { seed: 1, validation: 0 });
 * const model = await train(defineFeatures(syntheticContract), training, { learner: logistic(), baseline: false });
 * const card = modelCard(model, { rows: test, by: ["gender"], notes: { owner: "Retention team" } });
 * console.log(modelCardMarkdown(card), await modelCardHtml(card), JSON.stringify(modelCardSageMaker(card)));
 * ```
 */
export function modelCard(model: CardSubject, options: ModelCardOptions = {}): ModelCard {
  const { artifact, manifest, trainingRun = manifest?.trainingRun } = model;
  const { by = [], rows, leastRows = minimumSample } = options;
  const notes = checkedNotes(options.notes ?? {});
  if (by.length > 0 && rows === undefined)
    throw new ChurnkitError("OPTION_INVALID", "Groups are measured on labeled rows, and none were given. Give rows.");
  if (!(Number.isInteger(leastRows) && leastRows >= 1))
    throw new ChurnkitError("OPTION_INVALID", `leastRows is ${leastRows}. Give a whole number of 1 or more.`);
  const evaluated = rows && evaluatedRows(model, rows);
  const { contract, baseline, provenance } = artifact;
  return {
    format: 1,
    name: contract.name,
    createdAt: manifest?.createdAt ?? null,
    contentHash: manifest?.contentHash ?? null,
    notes,
    model: cardModel(artifact),
    data: cardData(contract, baseline, provenance, trainingRun?.rows),
    metrics: [heldOutMetrics(artifact), ...(evaluated ? [evaluated.metrics] : [])],
    groups: evaluated ? by.map((one) => cardGroups(evaluated.scored, one, baseline, leastRows)) : [],
    limits: limitsOf(artifact, evaluated?.metrics),
    training: cardTraining(trainingRun, notes),
  };
}

function heldOutMetrics({ metrics: summary, provenance, model }: Artifact): CardMetrics {
  const { rows, parameters } = provenance;
  const { auto, classes = [] } = toldBy(provenance);
  const stacked = [{ auto }, ...classes].some((one) => one.auto !== undefined);
  const softmax = model.kind === "classes" ? "the softmax of the classes, " : "";
  const chose = `${stacked ? "the members, their weights, " : ""}${softmax}calibration and threshold`;
  const which =
    "importedFrom" in parameters
      ? `${summary.rows} labeled rows of the import, which also chose the threshold`
      : rows.validation > 0
        ? `${summary.rows} validation rows, which also chose ${chose} and may have stopped the training`
        : `${summary.rows} training rows, each scored by models that had not seen it (out of fold); they also chose ${chose}`;
  return { name: "held-out rows", rows: which, summary, confusion: null, classes: summary.classes ?? null };
}

/** Evaluates the model on labeled rows, and says whether it was trained on them. */
function evaluatedRows({ artifact, scorer }: CardSubject, table: Table) {
  const { threshold, costs } = scorer.decision;
  const probabilities = scorer.score(table);
  const evaluation = evaluateScores(labels(table, { everyClass: false }), probabilities, { threshold, costs });
  const { verdict, seen, checked } = seenRows(trainingFactsOf(artifact), artifact.contract, table);
  const source = table.source.replace(/^[^(]*[\\/]/, "");
  const trainedOn = {
    seen: `the model was trained on ${seen} of ${checked} of them, so the figures are too optimistic`,
    unseen: "the model was not trained on them",
    unknown: "it is not known whether the model was trained on them",
  }[verdict];
  const metrics: CardMetrics = {
    name: "evaluated rows",
    rows: `${evaluation.rows} rows of ${source}; ${trainedOn}`,
    summary: summarize(evaluation),
    confusion: evaluation.confusion,
    classes: (artifact.contract.target?.classes.length ?? 2) > 2 ? evaluateClasses({ scorer }, table) : null,
  };
  return { metrics, scored: { table, probabilities, threshold, costs } };
}

/** Limits that follow from the bundle and the metrics. */
function limitsOf(artifact: Artifact, evaluated: CardMetrics | undefined): string[] {
  const { extras, metrics, provenance } = artifact;
  const leaks = trainingFactsOf(artifact)?.leaks ?? [];
  const { caps = [] } = toldBy(provenance);
  const chance = [
    { of: "held-out rows", note: chanceNote(metrics) },
    { of: "evaluated rows", note: evaluated && chanceNote(evaluated.summary) },
  ];
  return [
    ...chance.flatMap(({ of, note }) => (note === undefined ? [] : [`On the ${of} the model is ${note}.`])),
    ...leaks.map(({ message }) => `A column may know the answer: ${message}`),
    ...caps.map(({ message }) => `The training was limited: ${message}.`),
    "A number outside the range of the training rows, and a level that they did not have, is scored with a warning: the model has seen no such customer.",
    "A probability says who is likely to leave. It does not say whom an offer would keep.",
    extras?.["monitor"] === undefined
      ? "The bundle has the baseline for drift, and none for the monitors of quality, bias and attribution."
      : "The bundle has the baselines for drift and for the monitors.",
  ];
}
