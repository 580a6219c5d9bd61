import { classCodes, targetColumn, type Table } from "../../data/table/index.js";
import { rowLogLoss } from "../../stats/logistic.js";
import { groupedError, mean, standardError } from "../../stats/mean.js";
import type { Scorer } from "../scoring/compile.js";
import { measurable, measure } from "./measure.js";
import type { MetricValue } from "./metrics.js";
import { sortScores } from "./sorted-scores.js";

/** The metrics of one class. */
export const classMetricNames = ["auc", "precision", "recall", "f1"] as const;
/** The metrics of all classes together. */
export const allClassMetricNames = ["accuracy", "logLoss", "macroF1", "macroAuc"] as const;
export type AllClassMetric = (typeof allClassMetricNames)[number];

/** One class against the others. AUC, recall and F1 are null for a class without rows. */
export interface ClassMetrics {
  readonly label: string;
  /** Rows of the class. */
  readonly rows: number;
  /** Of the class's probability, its rows against all others. */
  readonly auc: number | null;
  /** Of the rows where the class is the most probable one, 0 if there are none. */
  readonly precision: number;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** Metrics of a model of two or more classes, where a row is taken for its most probable class. */
export interface ClassEvaluation {
  readonly rows: number;
  /** In the order of the contract's classes. */
  readonly classes: readonly ClassMetrics[];
  /** Rows by their class (first) and their most probable class (second). */
  readonly confusion: readonly (readonly number[])[];
  /** Share of rows whose most probable class is their own, with a 95 % interval. */
  readonly accuracy: MetricValue;
  /** Mean of -log of the own class's probability, in nats, with a 95 % interval. */
  readonly logLoss: MetricValue;
  /** Mean of the classes' F1; null if one has none. */
  readonly macroF1: number | null;
  /** Mean of the classes' AUC; null if one has none. */
  readonly macroAuc: number | null;
}

/** A standard normal variable is within this of 0 with probability 0.95. */
const z95 = 1.959964;

/**
 * Evaluates the probabilities of all classes on labeled rows; for what the positive class alone is worth, see
 * {@link evaluate}. A tie between classes goes to the first one. The intervals are normal, from the rows' own variance.
 * A class without rows has no AUC, recall and F1: they are null, and so are the means over the classes.
 *
 * @throws ChurnkitError TARGET_INVALID when the table has no target column, CONTRACT_MISMATCH when it was read with another
 * contract, TOO_FEW_ROWS without rows.
 * @example
 * ```ts
 * import { contractOf, defineFeatures, tableFromRecords } from "churnkit/data";
 * import { evaluateClasses, logistic, train } from "churnkit/model";
 * import { z } from "zod";
 *
 * const plans = ["basic", "plus", "pro"] as const;
 * const contract = contractOf(z.object({ usage: z.number(), plan: z.enum(plans) }), { target: "plan", positive: "pro" });
 * const records = Array.from({ length: 300 }, (_, i) => ({ usage: 10 * (i % 3) + (i % 7), plan: plans[i % 3] }));
 * const table = tableFromRecords(contract, records);
 * const model = await train(defineFeatures(contract), table, { learner: logistic(), baseline: false });
 * console.assert((evaluateClasses(model, table).accuracy.value ?? 0) > 0.9);
 * ```
 */
export function evaluateClasses<Row>(model: { readonly scorer: Scorer }, table: Table<Row>): ClassEvaluation {
  const { classes } = targetColumn(table).target;
  return classEvaluation(classes, classCodes(table, { everyClass: false }), model.scorer.scoreClasses(table));
}

/**
 * Evaluates probabilities of all classes.
 *
 * @param codes each row's class, by its place.
 * @param all rows x classes, row-major.
 * @param groups the number of each row, the same for copies of one: they say nothing more.
 */
export function classEvaluation(
  classes: readonly string[],
  codes: Uint8Array,
  all: Float64Array,
  groups?: ArrayLike<number>,
): ClassEvaluation {
  const count = classes.length;
  const confusion = classes.map(() => new Array<number>(count).fill(0));
  const losses = new Float64Array(codes.length);
  const hits = new Float64Array(codes.length);
  codes.forEach((code, row) => {
    const own = all.subarray(row * count, (row + 1) * count);
    const found = own.indexOf(own.reduce((most, p) => Math.max(most, p), 0));
    losses[row] = rowLogLoss(1, own[code] as number);
    hits[row] = Number(found === code);
    const line = confusion[code] as number[];
    line[found] = (line[found] as number) + 1;
  });
  const metrics = classes.map((label, k): ClassMetrics => {
    const labels = codes.map((code) => Number(code === k));
    const probabilities = Float64Array.from(codes, (_, row) => all[row * count + k] as number);
    const right = confusion[k]?.[k] ?? 0;
    const rows = (confusion[k] ?? []).reduce((sum, one) => sum + one, 0);
    const taken = confusion.reduce((sum, line) => sum + (line[k] as number), 0);
    return {
      label,
      rows,
      auc: measure(measurable(sortScores(labels, probabilities), 0.5)).auc,
      precision: taken === 0 ? 0 : right / taken,
      recall: rows === 0 ? null : right / rows,
      f1: rows === 0 ? null : (2 * right) / (rows + taken),
    };
  });
  return {
    rows: codes.length,
    classes: metrics,
    confusion,
    accuracy: withInterval(hits, groups, 1),
    logLoss: withInterval(losses, groups, Infinity),
    macroF1: meanOf(metrics.map(({ f1 }) => f1)),
    macroAuc: meanOf(metrics.map(({ auc }) => auc)),
  };
}

/** One metric of all classes, with its interval if it has one. */
export function allClassMetric(evaluation: ClassEvaluation, name: AllClassMetric): MetricValue {
  const found = evaluation[name];
  return typeof found === "object" && found !== null ? found : { value: found };
}

/** Their mean; null if one is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : known.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of values from 0 to `most`, with its interval. */
function withInterval(values: Float64Array, groups: ArrayLike<number> | undefined, most: number): MetricValue {
  const value = mean(values);
  const half = z95 * (groups === undefined ? standardError(values) : groupedError(values, groups));
  return { value, low: Math.max(0, value - half), high: Math.min(most, value + half) };
}
