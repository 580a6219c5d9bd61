import { classCodes, targetColumn, type Table } from "../../data/table/index.js";
import { rowLogLoss } from "../../stats/logistic.js";
import { mean, standardError } from "../../stats/mean.js";
import type { Scorer } from "../scoring/compile.js";
import { measurable, measure } from "./measure.js";
import type { MetricValue } from "./metrics.js";
import { sortScores } from "./sorted-scores.js";

/** One class against the others. */
export interface ClassMetrics {
  readonly label: string;
  /** Rows of the class. */
  readonly rows: number;
  /** Of the class's probability, its rows against all others. */
  readonly auc: number | null;
  /** Of the rows where the class is the most probable one, 0 if there are none. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
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
  /** Mean of the classes' F1. */
  readonly macroF1: number;
  /** Mean of the classes' AUC; null if one has none. */
  readonly macroAuc: number | null;
}

/** A standard normal variable is within this of 0 with probability 0.95. */
const z95 = 1.959964;

/**
 * Evaluates the probabilities of all classes on labeled rows; for what the positive class alone is worth, see
 * {@link evaluate}. A tie between classes goes to the first one. The intervals are normal, from the rows' own variance.
 *
 * @throws ChurnkitError TARGET_INVALID when the table has no target column or lacks a class, CONTRACT_MISMATCH when it was
 * read with another contract.
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
  const count = classes.length;
  const codes = classCodes(table);
  const all = model.scorer.scoreClasses(table);
  const confusion = classes.map(() => new Array<number>(count).fill(0));
  const losses = new Float64Array(table.rows);
  const hits = new Float64Array(table.rows);
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
      recall: rows === 0 ? 0 : right / rows,
      f1: rows + taken === 0 ? 0 : (2 * right) / (rows + taken),
    };
  });
  const aucs = metrics.map(({ auc }) => auc).filter((auc) => auc !== null);
  return {
    rows: table.rows,
    classes: metrics,
    confusion,
    accuracy: withInterval(hits, 1),
    logLoss: withInterval(losses, Infinity),
    macroF1: metrics.reduce((sum, { f1 }) => sum + f1, 0) / count,
    macroAuc: aucs.length < count ? null : aucs.reduce((sum, auc) => sum + auc, 0) / count,
  };
}

/** The mean of values from 0 to `most`, with its interval. */
function withInterval(values: Float64Array, most: number): MetricValue {
  const value = mean(values);
  const half = z95 * standardError(values);
  return { value, low: Math.max(0, value - half), high: Math.min(most, value + half) };
}
