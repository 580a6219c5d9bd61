import { ChurnkitError } from "../../base/errors.js";
import type { Costs, Decision } from "../artifact.js";
import { checkCosts, checkThreshold } from "../evaluate/options.js";
import { checkProbabilities, endsTie, sortScores, type SortedScores } from "../evaluate/sorted-scores.js";

/**
 * Number of customers that can be contacted: a share of all, in (0, 1], or a number among the scored rows, 0 or more.
 */
export type Capacity = { readonly share: number } | { readonly customers: number };

/** A rule for the threshold, as an option of training. */
export type ThresholdRule =
  | { readonly rule: "f1" }
  | { readonly rule: "cost"; readonly costs: Costs }
  | { readonly rule: "capacity"; readonly capacity: Capacity }
  | { readonly rule: "given"; readonly threshold: number; readonly costs?: Costs | undefined };

/**
 * Chooses the threshold by a rule; it tries every cut between two distinct scores, in O(n log n) altogether. The
 * threshold is halfway to the next lower score, so that rounding does not move a row across it. Of equally good cuts
 * the highest threshold wins, which contacts fewest.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of rows the model was not trained on, in [0, 1], one for each label.
 * @throws ChurnkitError OPTION_INVALID for costs, a capacity or a threshold out of range, METRIC_UNDEFINED if the
 * rule is F1 and no row is positive, and the errors of `evaluateScores` for bad input.
 *
 * @example
 * ```ts
 * import { chooseThreshold } from "churnkit/model";
 *
 * const labels = Uint8Array.of(1, 1, 0, 0);
 * const probabilities = Float64Array.of(0.9, 0.5, 0.3, 0.1);
 * const decision = chooseThreshold(labels, probabilities, { rule: "f1" });
 * console.assert(decision.threshold === 0.4);
 * ```
 */
export function chooseThreshold(labels: Uint8Array, probabilities: Float64Array, rule: ThresholdRule): Decision {
  switch (rule.rule) {
    case "f1":
      return thresholdByF1(labels, probabilities);
    case "cost":
      return thresholdByCost(labels, probabilities, rule.costs);
    case "capacity":
      return thresholdByCapacity(probabilities, rule.capacity);
    case "given":
      return givenThreshold(rule.threshold, rule.costs);
  }
}

/**
 * The threshold with the largest F1 of the positive class.
 *
 * @throws ChurnkitError METRIC_UNDEFINED if no row is positive, and the errors of `evaluateScores` for bad input.
 */
export function thresholdByF1(labels: Uint8Array, probabilities: Float64Array): Decision {
  const sorted = sortScores(labels, probabilities);
  if (sorted.positives === 0)
    throw new ChurnkitError(
      "METRIC_UNDEFINED",
      `None of ${sorted.rows} rows is positive, so no threshold has an F1. Give rows of both classes.`,
    );
  // F1 = 2 TP / (called + positives).
  const threshold = bestCut(sorted, (tp, fp) => (2 * tp) / (tp + fp + sorted.positives));
  return { threshold, rule: "f1" };
}

/**
 * The threshold that would have cost least on these rows: false negatives * falseNegative + false positives *
 * falsePositive. For calibrated probabilities {@link costThreshold} needs no rows.
 *
 * @throws ChurnkitError OPTION_INVALID for costs that are negative or both 0, and the errors of `evaluateScores`.
 */
export function thresholdByCost(labels: Uint8Array, probabilities: Float64Array, costs: Costs): Decision {
  checkCosts(costs);
  const sorted = sortScores(labels, probabilities);
  const threshold = bestCut(sorted, (tp, fp) => tp * costs.falseNegative - fp * costs.falsePositive);
  return { threshold, rule: "cost", costs: { ...costs } };
}

/**
 * Returns the lowest threshold that calls at most this many rows positive. Rows with equal scores are called together
 * or not at all; if more rows than the capacity have the probability 1, they are called nevertheless.
 *
 * @param probabilities Of customers like those to score, in [0, 1].
 * @throws ChurnkitError OPTION_INVALID for a share outside (0, 1] or a number below 0, and the errors of
 * `evaluateScores`.
 */
export function thresholdByCapacity(probabilities: Float64Array, capacity: Capacity): Decision {
  checkProbabilities(probabilities);
  const rows = probabilities.length;
  const room = roomOf(capacity, rows);
  const scores = probabilities.slice().sort().reverse();
  let called = Math.min(room, rows);
  while (called > 0 && !endsTie(scores, called - 1)) called--;
  return { threshold: cutBelow(scores, called), rule: "capacity" };
}

/**
 * Returns the highest threshold that calls at least this share of the positive rows positive; 1 if no row is positive.
 *
 * @throws ChurnkitError with the codes of `evaluateScores` for bad input.
 */
export function thresholdByRecall(labels: Uint8Array, probabilities: Float64Array, recall: number): number {
  const sorted = sortScores(labels, probabilities);
  const wanted = Math.ceil(recall * sorted.positives - 1e-9);
  let called = 0;
  for (let i = 0, found = 0; i < sorted.rows && found < wanted; i++) {
    found += sorted.labels[i] as number;
    called = i + 1;
  }
  while (called > 0 && !endsTie(sorted.scores, called - 1)) called++;
  return cutBelow(sorted.scores, called);
}

/**
 * A threshold that the caller knows.
 *
 * @throws ChurnkitError OPTION_INVALID for a threshold outside [0, 1] or costs that are negative or both 0.
 */
export function givenThreshold(threshold: number, costs?: Costs): Decision {
  checkThreshold(threshold);
  if (costs === undefined) return { threshold, rule: "given" };
  checkCosts(costs);
  return { threshold, rule: "given", costs: { ...costs } };
}

/**
 * The threshold of least expected cost for calibrated probabilities: falsePositive / (falsePositive + falseNegative).
 * Contacting a customer who churns with probability p costs (1 - p) * falsePositive in expectation, not contacting
 * p * falseNegative; both are equal at this p (Elkan, The foundations of cost-sensitive learning, 2001).
 *
 * @throws ChurnkitError OPTION_INVALID for costs that are negative or both 0.
 *
 * @example
 * ```ts
 * import { costThreshold } from "churnkit/model";
 *
 * console.assert(costThreshold({ falseNegative: 450, falsePositive: 50 }) === 0.1);
 * ```
 */
export function costThreshold(costs: Costs): number {
  checkCosts(costs);
  return costs.falsePositive / (costs.falsePositive + costs.falseNegative);
}

/** How many of so many rows can be contacted. */
export function roomOf(capacity: Capacity, rows: number): number {
  if ("share" in capacity) {
    if (!(capacity.share > 0 && capacity.share <= 1))
      throw new ChurnkitError("OPTION_INVALID", `The capacity is a share of ${capacity.share}. Give one in (0, 1].`);
    return Math.floor(capacity.share * rows + 1e-9);
  }
  if (!(capacity.customers >= 0))
    throw new ChurnkitError("OPTION_INVALID", `The capacity is ${capacity.customers} customers. Give 0 or more.`);
  return Math.floor(capacity.customers);
}

/**
 * Returns the cut with the largest value, the highest of equal ones; calling no row (0 true, 0 false positives) is
 * one.
 */
function bestCut(sorted: SortedScores, value: (truePositives: number, falsePositives: number) => number): number {
  const { rows, labels, scores } = sorted;
  let best = scores[0] === 1 ? -Infinity : value(0, 0);
  let called = 0;
  let truePositives = 0;
  for (let i = 0; i < rows; i++) {
    truePositives += labels[i] as number;
    if (!endsTie(scores, i)) continue;
    const here = value(truePositives, i + 1 - truePositives);
    if (here > best) {
      best = here;
      called = i + 1;
    }
  }
  return cutBelow(scores, called);
}

/** A threshold that calls exactly the first `called` of the falling scores: 1 for none, 0 for all, else halfway. */
function cutBelow(scores: Float64Array, called: number): number {
  if (called === 0) return 1;
  if (called === scores.length) return 0;
  const last = scores[called - 1] as number;
  const next = scores[called] as number;
  const middle = next + (last - next) / 2;
  return middle > next ? middle : last;
}
