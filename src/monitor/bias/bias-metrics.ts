import { log } from "../../base/elementary.js";
import { callShare, labelShare, rowsOf, type GroupCounts, type Share } from "./counts.js";
import { precisionShare, recallShare, specificityShare } from "./group-rates.js";
import {
  absolute,
  larger,
  minus,
  odds,
  over,
  overlapRatio,
  overRectangle,
  wilson,
  type Estimate,
} from "./intervals.js";

/** Normal quantiles: of one interval, and of two that must be valid together (Bonferroni). */
export interface Quantiles {
  readonly one: number;
  readonly two: number;
}

/** A metric's estimate (its high end may be infinite), or the reason why it has none. */
export type BiasMeasurement = Estimate | string;

type Measure = (a: GroupCounts, d: GroupCounts, z: Quantiles) => BiasMeasurement;

interface BiasMetricEntry {
  readonly label: string;
  /** "pre": from the data alone; "post": from the model's calls. */
  readonly stage: "pre" | "post";
  /** The value if both groups are treated the same. */
  readonly neutral: 0 | 1;
  /** The largest and smallest possible value; null if there is none. */
  readonly range: readonly [number | null, number | null];
  /** The interval's method. */
  readonly interval: string;
  readonly measure: Measure;
}

const empty = (name: string, of: Share): string | undefined =>
  of.trials === 0 ? `The ${name} has no such rows.` : undefined;

/** A share of each group, as Wilson intervals, or which group has no rows for it. */
function shares(
  share: (group: GroupCounts) => Share,
  combine: (a: Estimate, d: Estimate) => BiasMeasurement,
  quantile: keyof Quantiles = "one",
): Measure {
  return (a, d, z) => {
    const [of, and] = [share(a), share(d)];
    const reason = empty("advantaged group", of) ?? empty("disadvantaged group", and);
    return reason ?? combine(wilson(of, z[quantile]), wilson(and, z[quantile]));
  };
}

const rejection = (g: GroupCounts): Share => ({
  successes: g.trueNegatives,
  trials: g.trueNegatives + g.falseNegatives,
});
const accuracy = (g: GroupCounts): Share => {
  const successes = g.truePositives + g.trueNegatives;
  return { successes, trials: successes + g.falsePositives + g.falseNegatives };
};

const scaled = ({ value, low, high }: Estimate, by: number): Estimate => ({
  value: value * by,
  low: low * by,
  high: high * by,
});

/** Sum over both outcomes of p ln(p / q); 0 where p is 0. */
const kullbackLeibler = (p: number, q: number): number => {
  const term = (x: number, y: number): number => (x === 0 ? 0 : y === 0 ? Infinity : x * log(x / y));
  return Math.max(0, term(p, q) + term(1 - p, 1 - q));
};
const jensenShannon = (p: number, q: number): number => {
  const middle = (p + q) / 2;
  return (kullbackLeibler(p, middle) + kullbackLeibler(q, middle)) / 2;
};

const classImbalance: Measure = (a, d, { one }) => {
  const [n, m] = [rowsOf(a), rowsOf(d)];
  if (n + m === 0) return "There are no rows in either group.";
  const { value, low, high } = wilson({ successes: n, trials: n + m }, one);
  return { value: 2 * value - 1, low: 2 * low - 1, high: 2 * high - 1 };
};

const divergence = (of: (p: number, q: number) => number): Measure =>
  shares(
    labelShare,
    (a, d) => {
      const estimate = overRectangle(a, d, of);
      if (!Number.isFinite(estimate.value))
        return "An outcome of the advantaged group never occurs in the disadvantaged one.";
      return estimate;
    },
    "two",
  );

/** Outcomes over calls, in each group: how many rows have the outcome for each row called so. */
const conditional = (
  counts: (g: GroupCounts) => { both: number; onlyLabel: number; onlyCall: number },
  combine: (a: Estimate, d: Estimate) => Estimate,
): Measure => {
  return (a, d, { one }) => {
    const [x, y] = [counts(a), counts(d)];
    if (x.both + x.onlyCall === 0) return "Nobody in the advantaged group gets this prediction.";
    if (y.both + y.onlyCall === 0) return "Nobody in the disadvantaged group gets this prediction.";
    return combine(
      overlapRatio(x.both, x.onlyLabel, x.onlyCall, one),
      overlapRatio(y.both, y.onlyLabel, y.onlyCall, one),
    );
  };
};

/**
 * Every bias metric, declared once, with SageMaker Clarify's names: a is the advantaged group (the others), d the
 * disadvantaged one. A metric is 0 (DI: 1) if both are treated the same. For a signed metric, positive means that d
 * is treated worse, except for SD, TE and DI, as in Clarify. All intervals are analytic.
 */
export const biasMetrics = {
  CI: {
    label: "class imbalance: (n_a - n_d) / (n_a + n_d)",
    stage: "pre",
    neutral: 0,
    range: [-1, 1],
    interval: "Wilson",
    measure: classImbalance,
  },
  DPL: {
    label: "difference in proportions of labels: q_a - q_d",
    stage: "pre",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(labelShare, minus),
  },
  KL: {
    label: "Kullback-Leibler divergence of the labels, of a from d, in nats",
    stage: "pre",
    neutral: 0,
    range: [0, null],
    interval: "rectangle",
    measure: divergence(kullbackLeibler),
  },
  JS: {
    label: "Jensen-Shannon divergence of the labels, in nats",
    stage: "pre",
    neutral: 0,
    range: [0, Math.LN2],
    interval: "rectangle",
    measure: divergence(jensenShannon),
  },
  LP: {
    label: "L2 norm of the difference of the labels' shares",
    stage: "pre",
    neutral: 0,
    range: [0, Math.SQRT2],
    interval: "Newcombe",
    measure: shares(labelShare, (a, d) => scaled(absolute(minus(a, d)), Math.SQRT2)),
  },
  TVD: {
    label: "total variation distance of the labels",
    stage: "pre",
    neutral: 0,
    range: [0, 1],
    interval: "Newcombe",
    measure: shares(labelShare, (a, d) => absolute(minus(a, d))),
  },
  KS: {
    label: "largest difference of a label's share",
    stage: "pre",
    neutral: 0,
    range: [0, 1],
    interval: "Newcombe",
    measure: shares(labelShare, (a, d) => absolute(minus(a, d))),
  },
  DPPL: {
    label: "difference in proportions of positive calls (demographic parity): q'_a - q'_d",
    stage: "post",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(callShare, minus),
  },
  DI: {
    label: "disparate impact: q'_d / q'_a",
    stage: "post",
    neutral: 1,
    range: [0, null],
    interval: "Donner and Zou",
    measure: shares(callShare, (a, d) =>
      a.value === 0 ? "Nobody in the advantaged group is predicted positive." : over(d, a),
    ),
  },
  DCAcc: {
    label: "difference in conditional acceptance: n_a(1) / n'_a(1) - n_d(1) / n'_d(1)",
    stage: "post",
    neutral: 0,
    range: [null, null],
    interval: "log-normal, MOVER",
    measure: conditional(
      (g) => ({ both: g.truePositives, onlyLabel: g.falseNegatives, onlyCall: g.falsePositives }),
      minus,
    ),
  },
  DCR: {
    label: "difference in conditional rejection: n_d(0) / n'_d(0) - n_a(0) / n'_a(0)",
    stage: "post",
    neutral: 0,
    range: [null, null],
    interval: "log-normal, MOVER",
    measure: conditional(
      (g) => ({ both: g.trueNegatives, onlyLabel: g.falsePositives, onlyCall: g.falseNegatives }),
      (a, d) => minus(d, a),
    ),
  },
  RD: {
    label: "recall difference (equal opportunity): TPR_a - TPR_d",
    stage: "post",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(recallShare, minus),
  },
  SD: {
    label: "specificity difference: TNR_d - TNR_a",
    stage: "post",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(specificityShare, (a, d) => minus(d, a)),
  },
  DAR: {
    label: "difference in acceptance rates: precision_a - precision_d",
    stage: "post",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(precisionShare, minus),
  },
  DRR: {
    label: "difference in rejection rates: NPV_d - NPV_a",
    stage: "post",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(rejection, (a, d) => minus(d, a)),
  },
  AD: {
    label: "accuracy difference: ACC_a - ACC_d",
    stage: "post",
    neutral: 0,
    range: [-1, 1],
    interval: "Newcombe",
    measure: shares(accuracy, minus),
  },
  TE: {
    label: "treatment equality: FN_d / FP_d - FN_a / FP_a",
    stage: "post",
    neutral: 0,
    range: [null, null],
    interval: "Wilson odds, MOVER",
    measure: (a, d, { one }) => {
      if (a.falsePositives === 0) return "The advantaged group has no false positives.";
      if (d.falsePositives === 0) return "The disadvantaged group has no false positives.";
      return minus(odds(d.falseNegatives, d.falsePositives, one), odds(a.falseNegatives, a.falsePositives, one));
    },
  },
  EO: {
    label: "equalized odds: the larger of the gaps in recall and in false positive rate",
    stage: "post",
    neutral: 0,
    range: [0, 1],
    interval: "Newcombe, Bonferroni",
    measure: (a, d, z) => {
      const gaps = [
        shares(recallShare, minus, "two")(a, d, z),
        shares(specificityShare, minus, "two")(a, d, z),
      ] as const;
      const [first, second] = gaps;
      if (typeof first === "string") return first;
      return typeof second === "string" ? second : larger(absolute(first), absolute(second));
    },
  },
} as const satisfies Readonly<Record<string, BiasMetricEntry>>;

/** A name of {@link biasMetrics}. */
export type BiasMetric = keyof typeof biasMetrics;

/** The names, in the order of the table. */
export const biasMetricNames = Object.keys(biasMetrics) as readonly BiasMetric[];
