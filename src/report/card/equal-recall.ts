import type { Costs } from "../../model/artifact.js";
import { thresholdByRecall } from "../../model/training/index.js";

/** Calls of some thresholds on labeled rows. */
export interface CallOutcome {
  readonly called: number;
  readonly recall: number;
  /** Null if nobody is called. */
  readonly precision: number | null;
  readonly falsePositives: number;
  /** Costs of all mistakes; null if the model has no costs. */
  readonly cost: number | null;
}

/** Thresholds by group that would find the same share of positives in each, and what they would change. */
export interface EqualRecall {
  /** Of all rows, at the model's threshold. */
  readonly recall: number;
  readonly thresholds: readonly { readonly group: string; readonly threshold: number; readonly recall: number }[];
  readonly withOne: CallOutcome;
  /** Groups without a threshold of their own keep the model's. */
  readonly withOneEach: CallOutcome;
}

/** A group with fewer positive rows says too little about its recall. */
const leastPositives = 10;

/** Returns null unless at least two groups have enough positive rows. */
export function equalRecall(
  {
    labels,
    probabilities,
    threshold,
    costs,
  }: {
    readonly labels: Uint8Array;
    readonly probabilities: Float64Array;
    readonly threshold: number;
    readonly costs: Costs | undefined;
  },
  groups: readonly { readonly name: string; readonly rows: readonly number[] }[],
): EqualRecall | null {
  const thresholdAt = new Float64Array(labels.length).fill(threshold);
  const outcome = (rows?: readonly number[]): CallOutcome => outcomeOf(labels, probabilities, thresholdAt, costs, rows);
  const withOne = outcome();
  const judged = groups.filter(({ rows }) => rows.filter((row) => labels[row] === 1).length >= leastPositives);
  if (judged.length < 2) return null;
  const thresholds = judged.map(({ name, rows }) => {
    const own = thresholdByRecall(
      Uint8Array.from(rows, (row) => labels[row] as number),
      Float64Array.from(rows, (row) => probabilities[row] as number),
      withOne.recall,
    );
    for (const row of rows) thresholdAt[row] = own;
    return { group: name, threshold: own, recall: outcome(rows).recall };
  });
  return { recall: withOne.recall, thresholds, withOne, withOneEach: outcome() };
}

function outcomeOf(
  labels: Uint8Array,
  probabilities: Float64Array,
  thresholdAt: Float64Array,
  costs: Costs | undefined,
  rows?: readonly number[],
): CallOutcome {
  let called = 0;
  let found = 0;
  let positives = 0;
  const count = (row: number): void => {
    const positive = labels[row] === 1 ? 1 : 0;
    positives += positive;
    if ((probabilities[row] as number) < (thresholdAt[row] as number)) return;
    called++;
    found += positive;
  };
  if (rows) rows.forEach(count);
  else labels.forEach((_, row) => count(row));
  return {
    called,
    recall: positives === 0 ? 0 : found / positives,
    precision: called === 0 ? null : found / called,
    falsePositives: called - found,
    cost: costs ? (positives - found) * costs.falseNegative + (called - found) * costs.falsePositive : null,
  };
}
