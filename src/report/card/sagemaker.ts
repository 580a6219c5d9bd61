import { ChurnkitError } from "../../base/errors.js";
import {
  metricNames,
  metrics as metricTable,
  type MetricSummary,
  type MetricValue,
} from "../../model/evaluate/index.js";
import type { CardMetrics, ModelCard } from "./card.js";
import type { CardGroups } from "./groups.js";
import { parameterText } from "./sections.js";

/** Characters that SageMaker takes for a card. */
const mostCharacters = 100_000;

/** A number with its interval in words. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly notes?: string;
}

/** A metric of an evaluation. */
interface SimpleMetric extends Figure {
  readonly type: "number";
}

interface MetricGroup {
  readonly name: string;
  readonly metric_data: readonly (
    | SimpleMetric
    | {
        readonly name: string;
        readonly type: "matrix";
        readonly value: readonly (readonly number[])[];
        readonly x_axis_name: readonly string[];
        readonly y_axis_name: readonly string[];
      }
  )[];
}

/** Content of a model card by SageMaker's JSON schema; texts that are too long for it are cut. */
export interface SageMakerCard {
  readonly model_overview: Readonly<Record<string, string>>;
  readonly intended_uses: Readonly<Record<string, string>>;
  readonly business_details: Readonly<Record<string, string>>;
  readonly training_details: Readonly<Record<string, unknown>>;
  readonly evaluation_details: readonly {
    readonly name: string;
    readonly evaluation_observation: string;
    readonly metric_groups: readonly MetricGroup[];
  }[];
  readonly additional_information: Readonly<Record<string, unknown>>;
}

/**
 * A model card as the content of SageMaker's: `JSON.stringify` of it is the parameter `Content` of CreateModelCard. A
 * package of the model registry takes the same without `model_overview`.
 *
 * @param card what `modelCard` returned.
 * @throws ChurnkitError OPTION_INVALID if even without groups and parameters it is longer than SageMaker takes.
 */
export function modelCardSageMaker(card: ModelCard): SageMakerCard {
  const attempts = [{}, { parameters: false }, { parameters: false, groups: false }];
  for (const attempt of attempts) {
    const content = contentOf(card, attempt);
    if (JSON.stringify(content).length <= mostCharacters) return content;
  }
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The card of ${card.name.slice(0, 80)} is longer than the ${mostCharacters} characters that SageMaker takes. Shorten its notes.`,
  );
}

/** Cuts a text to what a member of the schema takes; line ends and other control characters become spaces. */
const cut = (text: string, most: number): string => {
  const plain = text.replace(/\p{Cc}+/gu, " ").trim();
  return plain.length <= most ? plain : `${plain.slice(0, most - 2).replace(/[\ud800-\udbff]$/, "")} …`;
};

/** A name must not be empty. */
const named = (text: string, most: number): string => cut(text, most) || "-";

/** The given texts, each cut; those that are not known are left out. */
const texts = (most: number, given: Readonly<Record<string, string | null | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([key, text]) =>
      text === undefined || text === null ? [] : [[key, cut(text, most)]],
    ),
  );

function contentOf(
  card: ModelCard,
  { parameters = true, groups = true }: { readonly parameters?: boolean; readonly groups?: boolean },
): SageMakerCard {
  const { name, notes, model, limits, metrics } = card;
  const last = metrics.length - 1;
  return {
    model_overview: texts(1024, {
      model_name: name,
      model_description: notes.description,
      problem_type: card.data.classes.length > 2 ? "Multiclass classification" : "Binary classification",
      algorithm_type: `${model.learner}: ${model.kind}`,
      model_owner: notes.owner,
    }),
    intended_uses: {
      ...texts(2048, {
        purpose_of_model: notes.purpose,
        intended_uses: both(notes.intendedUse, notes.outOfScope && `Out of scope: ${notes.outOfScope}`),
        factors_affecting_model_efficiency: limits.join(" "),
        explanations_for_risk_rating: notes.riskReason,
      }),
      risk_rating: notes.riskRating ?? "Unknown",
    },
    business_details: texts(2048, {
      business_problem: notes.businessProblem,
      business_stakeholders: notes.stakeholders,
      line_of_business: notes.lineOfBusiness,
    }),
    training_details: trainingDetails(card, parameters),
    evaluation_details: metrics.map((one, i) => ({
      name: one.name,
      evaluation_observation: cut(`On ${one.rows}.`, 2096),
      metric_groups: [metricGroup(one), ...ofClasses(one), ...(groups && i === last ? card.groups.map(ofColumn) : [])],
    })),
    additional_information: additional(card),
  };
}

const both = (...parts: readonly (string | undefined)[]): string | undefined =>
  parts.filter((part) => part !== undefined && part !== "").join(" ") || undefined;

const mostParameters = 100;

function trainingDetails({ model, data, metrics }: ModelCard, parameters: boolean): Record<string, unknown> {
  const classes = data.classes.map(({ label, rows }) => `${label} ${rows}`).join(", ");
  const observations = [
    `${data.rows.train} training rows, ${data.rows.validation} validation rows`,
    classes === "" ? "" : `classes: ${classes}`,
    data.chosen ?? "",
  ];
  return {
    training_observations: cut(observations.filter(Boolean).join("; "), 1024),
    training_job_details: {
      training_datasets: [cut(`${data.chosen ?? "not known"}; SHA-256 ${data.hash}`, 1024)],
      user_provided_training_metrics: metrics.slice(0, 1).flatMap(({ summary }) => figuresOf(summary)),
      user_provided_hyper_parameters: parameters
        ? [["seed", model.seed] as const, ...Object.entries(model.parameters)]
            .slice(0, mostParameters)
            .map(([name, value]) => ({ name: named(name, 255), value: named(parameterText(value), 255) }))
        : [],
    },
  };
}

function additional({
  notes,
  limits,
  training,
  model,
  data,
  createdAt,
  contentHash,
}: ModelCard): Record<string, unknown> {
  const seconds = (value: number | undefined): string | undefined => value?.toFixed(2);
  return {
    ...texts(2048, {
      ethical_considerations: notes.ethics,
      caveats_and_recommendations: both(notes.limits, ...limits),
    }),
    custom_details: texts(1024, {
      contact: notes.contact,
      license: notes.license,
      data_origin: notes.dataOrigin,
      data_hash: data.hash,
      content_hash: contentHash,
      created_at: createdAt,
      git_commit: model.gitCommit,
      versions: JSON.stringify(model.versions),
      calibration: model.calibration,
      threshold: String(model.threshold),
      training_seconds: seconds(training?.seconds),
      training_processor_seconds: seconds(training?.processorSeconds),
      training_machine: training?.machine,
      estimated_energy_watt_hours: training?.energy && (1000 * training.energy.kilowattHours).toPrecision(3),
      estimated_grams_of_carbon_dioxide: training?.energy?.gramsOfCarbonDioxide.toPrecision(3),
    }),
  };
}

const typed = (figure: Figure): SimpleMetric => ({ ...figure, type: "number" });

function figuresOf({ values }: MetricSummary): Figure[] {
  return metricNames.flatMap((name) => {
    const { value } = values[name];
    return value === null ? [] : [{ name: metricTable[name].label, value, ...noted(values[name]) }];
  });
}

/** The interval as the note of a metric, if there is one. */
const noted = ({ low, high }: Pick<MetricValue, "low" | "high">): Pick<Figure, "notes"> =>
  low === undefined || high === undefined ? {} : { notes: `95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}` };

function metricGroup({ summary, confusion }: CardMetrics): MetricGroup {
  const matrix = confusion && {
    name: "calls at the threshold",
    type: "matrix" as const,
    value: [
      [confusion.truePositives, confusion.falseNegatives],
      [confusion.falsePositives, confusion.trueNegatives],
    ],
    x_axis_name: ["called", "not called"],
    y_axis_name: ["positive", "negative"],
  };
  return { name: "quality", metric_data: [...figuresOf(summary).map(typed), ...(matrix ? [matrix] : [])] };
}

/** Rows and columns that SageMaker takes in a matrix. */
const widestMatrix = 20;

/** Metrics of all classes, where there are more than two. */
function ofClasses({ classes: found }: CardMetrics): MetricGroup[] {
  if (found === null) return [];
  const { accuracy, logLoss, macroF1, classes, confusion } = found;
  const names = classes.map(({ label }) => named(label, 63));
  const matrix = {
    name: "rows of each class (down) by their most probable one (across)",
    type: "matrix" as const,
    value: confusion,
    x_axis_name: names,
    y_axis_name: names,
  };
  const all = { accuracy, "log loss": logLoss, "mean F1": { value: macroF1 } };
  const figures = [
    ...Object.entries<MetricValue>(all),
    ...classes.flatMap(({ label, auc, precision, recall, f1 }): [string, MetricValue][] => [
      [`AUC, ${label}`, { value: auc }],
      [`precision, ${label}`, { value: precision }],
      [`recall, ${label}`, { value: recall }],
      [`F1, ${label}`, { value: f1 }],
    ]),
  ];
  return [
    {
      name: "all classes",
      metric_data: [
        ...figures.flatMap(([name, one]) =>
          one.value === null ? [] : [typed({ name: named(name, 255), value: one.value, ...noted(one) })],
        ),
        ...(classes.length <= widestMatrix ? [matrix] : []),
      ],
    },
  ];
}

function ofColumn({ column, groups }: CardGroups): MetricGroup {
  return {
    name: named(`groups of ${column}`, 63),
    metric_data: groups.flatMap((group) => {
      const { name, rows, auc, baseRate, meanProbability, selectionRate, recall, precision, falsePositiveRate } = group;
      const rates = { AUC: auc, baseRate, selectionRate, recall, precision, falsePositiveRate };
      const metric = (what: string, value: number): SimpleMetric =>
        typed({ name: named(`${what}, ${name}`, 255), value });
      return [
        metric("rows", rows),
        metric("mean probability", meanProbability),
        ...Object.entries<MetricValue | null>(rates).flatMap(([what, found]) =>
          found === null || found.value === null ? [] : [{ ...metric(what, found.value), ...noted(found) }],
        ),
      ];
    }),
  };
}
