import { kFold } from "../../../data/split/index.js";
import { logOnePlusExp } from "../../../stats/logistic.js";
import { mean, standardError } from "../../../stats/mean.js";
import { fitSum, type Labels, type LogOdds } from "./fit-weights.js";

/** How the members of a stack are weighted, the simplest first. */
export const rules = ["one", "equal", "fitted"] as const;
/** An item of {@link rules}. */
export type WeightRule = (typeof rules)[number];

/** Candidates by their held-out log odds, and what scoring with each costs. */
export interface Judged extends Labels {
  readonly logOdds: LogOdds;
  /** Microseconds a row, and the most that all members together may take. */
  readonly costs: readonly number[];
  readonly mostCost: number;
}

export interface ChosenWeights {
  readonly rule: WeightRule;
  /** One for each candidate, with sum 1; 0 for one that is left out. */
  readonly weights: Float64Array;
  /** Mean log loss by each rule on rows that it did not see. */
  readonly losses: Readonly<Record<WeightRule, number>>;
  /** For each part of the rows the weights that were chosen without it. */
  readonly unseen: readonly { readonly rows: Uint32Array; readonly weights: Float64Array }[];
}

/** Members beyond these cost more than they gain. */
const mostMembers = 8;
/** A member lowers the summed log loss by at least this, in nats (what one without use does once in twenty), and by this share. */
const leastGain = 2;
const leastShare = 5e-5;
/** Pulls coefficients toward equal ones as strongly as this much curvature: about a hundred rows that are hard to tell. */
const prior = 16;
const folds = 5;
/** With fewer rows the folds are drawn several times. */
const manyRows = 5000;
const repeats = 4;

/**
 * Chooses weights for a mean of log odds by held-out rows. Rows that fit the weights would flatter them, so each rule
 * chooses on some folds of the rows and is judged on the others. The best one is chosen once, on all rows, which
 * flatters it little: chosen fold by fold it would change, and be judged worse than any one. A mean of several must
 * beat it by a standard error, paired by row: it also evens out the noise of single members on the rows they held out,
 * which the members of a finished model even out among themselves.
 */
export function chooseWeights(judged: Judged, seed: number): ChosenWeights {
  const { labels, rowWeights } = judged;
  const rows = labels.length;
  const least = labels.reduce((sum, label) => sum + label, 0);
  const parts = Math.min(folds, least, rows - least);
  const all = Uint32Array.from(labels.keys());
  const one = oneOf(judged, all);
  if (parts < 2) {
    const losses = { one: NaN, equal: NaN, fitted: NaN };
    return { rule: "one", weights: one, losses, unseen: [{ rows: all, weights: one }] };
  }
  const rounds = rows < manyRows ? repeats : 1;
  const byRow = { one: new Float64Array(rows), equal: new Float64Array(rows), fitted: new Float64Array(rows) };
  const unseen: { rows: Uint32Array; weights: Record<WeightRule, Float64Array> }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { train, test } of kFold(labels, parts, seed + round)) {
      const weights = { one, ...meansBy(judged, train) };
      if (round === 0) unseen.push({ rows: test, weights });
      for (const rule of rules) {
        const pooled = weightedMean(judged.logOdds, weights[rule]);
        const line = fitSum([pooled], judged, train, 0);
        const own = byRow[rule];
        for (const row of test) {
          const z = (line.coefficients[0] as number) * (pooled[row] as number) + line.intercept;
          const loss = (rowWeights?.[row] ?? 1) * (logOnePlusExp(z) - z * (labels[row] as number));
          own[row] = (own[row] as number) + loss / rounds;
        }
      }
    }
  }
  const losses = { one: mean(byRow.one), equal: mean(byRow.equal), fitted: mean(byRow.fitted) };
  const best = losses.fitted < losses.equal ? "fitted" : "equal";
  const gains = byRow.one.map((loss, row) => loss - (byRow[best][row] as number));
  const rule = mean(gains) > standardError(gains) ? best : "one";
  const weights = { one, ...meansBy(judged, all) }[rule];
  return { rule, weights, losses, unseen: unseen.map((part) => ({ ...part, weights: part.weights[rule] })) };
}

/** The weights of either mean, chosen by some rows. */
function meansBy(judged: Judged, rows: Uint32Array): Record<"equal" | "fitted", Float64Array> {
  const fitted = fittedOf(judged, rows);
  const members = fitted.reduce((sum, weight) => sum + Number(weight > 0), 0);
  return { equal: fitted.map((weight) => (weight > 0 ? 1 / members : 0)), fitted };
}

/** All weight on the candidate with the smallest loss. */
function oneOf(judged: Judged, rows: Uint32Array): Float64Array {
  const { logOdds, costs, mostCost } = judged;
  const losses = logOdds.map((one, k) =>
    (costs[k] as number) <= mostCost ? calibratedLoss(one, judged, rows) : Infinity,
  );
  const best = losses.indexOf(Math.min(...losses));
  return Float64Array.from(losses, (_, k) => Number(k === best));
}

/** Mean log loss of some rows after a line through the log odds that fits them best. */
export function calibratedLoss(logOdds: Float64Array, labels: Labels, rows: Uint32Array): number {
  return rowLosses(logOdds, labels, rows).reduce((sum, loss) => sum + loss, 0) / rows.length;
}

/** The same row by row, times the row's weight. */
export function rowLosses(logOdds: Float64Array, given: Labels, rows: Uint32Array): Float64Array {
  const { labels, rowWeights } = given;
  const { coefficients, intercept } = fitSum([logOdds], given, rows, 0);
  return Float64Array.from(rows, (row) => {
    const z = (coefficients[0] as number) * (logOdds[row] as number) + intercept;
    return (rowWeights?.[row] ?? 1) * (logOnePlusExp(z) - z * (labels[row] as number));
  });
}

/**
 * Fitted weights. The member with the smallest one is left out as long as that hardly raises the loss, or as scoring
 * costs too much; the others are fitted again.
 */
function fittedOf(judged: Judged, rows: Uint32Array): Float64Array {
  const { logOdds, costs, mostCost } = judged;
  const costOf = (members: readonly number[]): number => members.reduce((sum, k) => sum + (costs[k] as number), 0);
  const fit = (members: readonly number[]): Fitted => {
    const all = members.map((k) => logOdds[k] as Float64Array);
    const { coefficients, loss } = fitSum(all, judged, rows, prior);
    const total = coefficients.reduce((sum, one) => sum + one, 0);
    const shares = members.map((_, i) => (total > 0 ? (coefficients[i] as number) / total : 1 / members.length));
    // Those without weight go at once.
    const kept = members.filter((_, i) => (shares[i] as number) > 0);
    return { members: kept, shares: shares.filter((share) => share > 0), loss };
  };
  let fitted = fit([...logOdds.keys()].filter((k) => (costs[k] as number) <= mostCost));
  while (fitted.members.length > 1) {
    const { members, shares, loss } = fitted;
    const dear = costOf(members) > mostCost;
    const worth = shares.map((share, i) => (dear ? share / (costs[members[i] as number] as number) : share));
    const lightest = worth.indexOf(Math.min(...worth));
    const without = fit(members.filter((_, i) => i !== lightest));
    const gain = without.loss - loss;
    if (!dear && members.length <= mostMembers && gain > Math.max(leastGain, leastShare * loss)) break;
    fitted = without;
  }
  const weights = new Float64Array(logOdds.length);
  fitted.members.forEach((k, i) => (weights[k] = fitted.shares[i] as number));
  return weights;
}

interface Fitted {
  readonly members: readonly number[];
  /** Above 0, with sum 1. */
  readonly shares: readonly number[];
  /** Summed over the rows. */
  readonly loss: number;
}

/** The weighted mean of the candidates' log odds. */
function weightedMean(logOdds: LogOdds, weights: Float64Array): Float64Array {
  const sums = new Float64Array(logOdds[0]?.length ?? 0);
  logOdds.forEach((one, k) => {
    const weight = weights[k] as number;
    if (weight > 0) one.forEach((value, row) => (sums[row] = (sums[row] as number) + weight * value));
  });
  return sums;
}

/** For each row the mean by the weights that were chosen without it. */
export function unseenMean({ unseen }: ChosenWeights, logOdds: LogOdds): Float64Array {
  const all = new Float64Array(logOdds[0]?.length ?? 0);
  for (const { rows, weights } of unseen) {
    const means = weightedMean(logOdds, weights);
    for (const row of rows) all[row] = means[row] as number;
  }
  return all;
}
