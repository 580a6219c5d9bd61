import { type MetricName, metricNames } from "../evaluate/index.js";
import type { TrainingProgress } from "../kinds/learner.js";

/** A metric of a training's log: its name, and the regular expression whose group is its value. SageMaker reads logs by these. */
export interface TrainingMetric {
  readonly name: string;
  readonly regex: string;
}

/** The metrics of an epoch, by the member of its progress. */
const ofEpoch = {
  loss: "epoch:loss",
  validationLoss: "epoch:validation_loss",
  validationAuc: "epoch:validation_auc",
} as const;
const ofModel = (metric: MetricName): string => `validation:${metric}`;

/**
 * Every metric that a training in SageMaker prints, as MetricDefinitions find it: `validation:f1` and the like of the model, on rows
 * held out of the training, and `epoch:loss`, `epoch:validation_loss` and `epoch:validation_auc` of each network.
 *
 * @example
 * ```ts
 * import { trainingMetrics } from "churnkit/jobs";
 *
 * const objective = trainingMetrics.find(({ name }) => name === "validation:f1");
 * console.assert(new RegExp(objective?.regex ?? "").exec("validation:f1=0.6312")?.[1] === "0.6312");
 * ```
 */
export const trainingMetrics: readonly TrainingMetric[] = [...Object.values(ofEpoch), ...metricNames.map(ofModel)].map(
  (name) => ({ name, regex: `${name}=([-+.0-9eE]+)` }),
);

const written = (values: readonly (readonly [name: string, value: number | null])[]): string =>
  values.flatMap(([name, value]) => (value === null ? [] : `${name}=${Number(value.toPrecision(8))}`)).join("; ");

/** The line of a network's epoch; undefined for the steps of other models. */
export function epochLine(progress: TrainingProgress): string | undefined {
  const { member, members, epoch, epochs, of = "network", done } = progress;
  if (of !== "network" || done) return undefined;
  const values = Object.entries(ofEpoch).map(([key, name]) => [name, progress[key as keyof typeof ofEpoch]] as const);
  return `network ${member + 1} of ${members}, epoch ${epoch} of ${epochs}: ${written(values)}`;
}

/** The line of a trained model; a metric without a value is left out. */
export const modelLine = (values: Readonly<Record<MetricName, { readonly value: number | null }>>): string =>
  `held-out rows: ${written(metricNames.map((name) => [ofModel(name), values[name].value]))}`;
