import { ChurnkitError } from "../../base/errors.js";
import type { Costs } from "../artifact.js";
import type { Confusion } from "./confusion.js";
import { endsTie, type SortedScores } from "./sorted-scores.js";

/** A curve over all distinct scores, from the highest threshold to the lowest. Three arrays of one length. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The score from which rows are called positive; Infinity if none is. */
  readonly threshold: Float64Array;
}

/** One point of a thinned curve, plain JSON: the threshold is null if no row is called positive. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly threshold: number | null;
}

type Point = (truePositives: number, falsePositives: number, score: number) => readonly [x: number, y: number];

function trace(sorted: SortedScores, first: { x: number; y: number; threshold: number } | null, point: Point): Curve {
  const { rows, labels, scores } = sorted;
  let points = first === null ? 0 : 1;
  for (let i = 0; i < rows; i++) if (endsTie(scores, i)) points++;
  const curve = { x: new Float64Array(points), y: new Float64Array(points), threshold: new Float64Array(points) };
  let next = 0;
  const add = (x: number, y: number, threshold: number): void => {
    curve.x[next] = x;
    curve.y[next] = y;
    curve.threshold[next++] = threshold;
  };
  if (first !== null) add(first.x, first.y, first.threshold);
  let truePositives = 0;
  for (let i = 0; i < rows; i++) {
    truePositives += labels[i] as number;
    if (!endsTie(scores, i)) continue;
    const score = scores[i] as number;
    const [x, y] = point(truePositives, i + 1 - truePositives, score);
    add(x, y, score);
  }
  return curve;
}

/** ROC curve, all points: x false positive rate, y true positive rate, from (0, 0). Null over one class. */
export function rocCurve(sorted: SortedScores): Curve | null {
  const { positives, rows } = sorted;
  if (positives === 0 || positives === rows) return null;
  return trace(sorted, { x: 0, y: 0, threshold: Infinity }, (tp, fp) => [fp / (rows - positives), tp / positives]);
}

/** Precision-recall curve, all points: x recall, y precision, from (0, 1). Null over one class. */
export function precisionRecallCurve(sorted: SortedScores): Curve | null {
  const { positives, rows } = sorted;
  if (positives === 0 || positives === rows) return null;
  return trace(sorted, { x: 0, y: 1, threshold: Infinity }, (tp, fp) => [tp / positives, tp / (tp + fp)]);
}

/**
 * Returns the money that the calls at one threshold save compared with contacting no customer, in the currency of the
 * costs.
 */
export const profitOf = ({ truePositives, falsePositives }: Confusion, costs: Costs): number =>
  truePositives * costs.falseNegative - falsePositives * costs.falsePositive;

/**
 * Returns the profit over the threshold: x threshold, y money saved compared with contacting no customer ({@link
 * profitOf}): true positives * falseNegative - false positives * falsePositive. Starts at (1, 0) if no score is 1.
 */
export function profitCurve(sorted: SortedScores, costs: Costs): Curve {
  const first = sorted.scores[0] === 1 ? null : { x: 1, y: 0, threshold: Infinity };
  return trace(sorted, first, (tp, fp, score) => [score, tp * costs.falseNegative - fp * costs.falsePositive]);
}

/**
 * Thins a curve for a report to at most `points` points, including its ends: spread evenly over the curve's length
 * after both axes are scaled to 1, so that steep parts keep their shape. A curve that is short enough is unchanged.
 *
 * @param points At least 2.
 * @throws ChurnkitError OPTION_INVALID for fewer than 2 points.
 */
export function thin(curve: Curve, points: number): CurvePoint[] {
  if (!(points >= 2)) throw new ChurnkitError("OPTION_INVALID", `A curve needs 2 or more points, not ${points}.`);
  const { x, y, threshold } = curve;
  const last = x.length - 1;
  const scale = (values: Float64Array): number => {
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return high > low ? 1 / (high - low) : 0;
  };
  const xScale = scale(x);
  const yScale = scale(y);
  const step = (i: number): number =>
    xScale * Math.abs((x[i] as number) - (x[i - 1] as number)) +
    yScale * Math.abs((y[i] as number) - (y[i - 1] as number));
  let length = 0;
  for (let i = 1; i <= last; i++) length += step(i);
  const kept: CurvePoint[] = [];
  let walked = 0;
  for (let i = 0; i <= last; i++) {
    if (i > 0) walked += step(i);
    const early = kept.length >= points - 1 || walked < (kept.length * length) / (points - 1);
    if (x.length > points && i < last && early) continue;
    const at = threshold[i] as number;
    kept.push({ x: x[i] as number, y: y[i] as number, threshold: Number.isFinite(at) ? at : null });
  }
  return kept;
}
