import pLimit from "p-limit";
import { ChurnkitError } from "../../base/errors.js";
import type { Features } from "../../data/features/index.js";
import { labels, type Table } from "../../data/table/index.js";
import { resampledT, type ResampledT } from "../../stats/hypothesis/index.js";
import { metricNames, type MetricName } from "../evaluate/metrics.js";
import type { HeldOut, Learner } from "../kinds/learner.js";
import { churnNetwork } from "../kinds/network/learner.js";
import { defaultWorkers } from "../training/default-workers.js";
import type { FoldScores } from "../training/score-fold.js";
import type { LearnerComparison } from "./compare-learners.js";
import type { CrossValidateOptions, CrossValidation, FoldOptions } from "./cross-validate.js";
import { openFoldRunner } from "./fold-runner.js";
import { encodeFold, planFolds, testShare, type PlannedFold } from "./resampling.js";

/** Implements `crossValidate`. */
export async function runCrossValidation(
  features: Features,
  table: Table,
  { learner = churnNetwork(), ...options }: CrossValidateOptions,
): Promise<CrossValidation> {
  const { folds, scores } = await scoreAll(features, table, [learner], options);
  return summary(learner, folds, scores[0] ?? []);
}

/** Implements `compareLearners`. */
export async function runComparison<Name extends string>(
  features: Features,
  table: Table,
  learners: Readonly<Record<Name, Learner>>,
  options: FoldOptions,
): Promise<LearnerComparison<Name>> {
  const entries = Object.entries(learners) as [Name, Learner][];
  if (entries.length < 2)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `There is nothing to compare: ${entries.length} learners. Give two or more.`,
    );
  const { folds, scores } = await scoreAll(
    features,
    table,
    entries.map(([, learner]) => learner),
    options,
  );
  const results = entries.map(([name, learner], i) => [name, summary(learner, folds, scores[i] ?? [])] as const);
  const ratio = testShare(folds);
  const differences = results.flatMap(([a, first], i) =>
    results.slice(i + 1).map(([b, second]) => ({
      a,
      b,
      metrics: byMetric((name) => overFolds(minus(valuesOf(first, name), valuesOf(second, name)), ratio)),
    })),
  );
  return { results: Object.fromEntries(results) as Record<Name, CrossValidation>, differences };
}

/** Trains every learner on every fold; a fold is encoded once, when its turn comes. */
async function scoreAll(
  features: Features,
  table: Table,
  learners: readonly Learner[],
  { workers: given, signal, onProgress, threshold = { rule: "f1" }, ...resampling }: FoldOptions,
): Promise<{ readonly folds: readonly PlannedFold[]; readonly scores: readonly (readonly FoldScores[])[] }> {
  const classes = labels(table);
  const folds = planFolds(table, resampling);
  if (folds.length < 2)
    throw new ChurnkitError("OPTION_INVALID", "One fold in time gives no interval. Give 2 folds or more.");
  const of = folds.length * learners.length;
  const workers = Math.max(1, Math.min(given ?? (await defaultWorkers()), of));
  const stop = new AbortController();
  const ends = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  const runner = await openFoldRunner(workers);
  let done = 0;
  try {
    const limit = pLimit(workers);
    const byFold = await Promise.all(
      folds.map((fold) =>
        limit(async () => {
          ends.throwIfAborted();
          const data = encodeFold(features, table, classes, fold);
          const all: FoldScores[] = [];
          for (const learner of learners) {
            all.push(await runner.score(learner, data, { threshold, seed: fold.seed }, ends));
            onProgress?.({ done: ++done, of });
          }
          return all;
        }),
      ),
    );
    return { folds, scores: learners.map((_, i) => byFold.map((all) => all[i] as FoldScores)) };
  } finally {
    // After a failure nothing else begins.
    stop.abort();
    await runner.close();
  }
}

/** Sums up the folds of a learner. */
export function summary(
  learner: Pick<Learner, "name" | "parameters">,
  folds: readonly PlannedFold[],
  scores: readonly FoldScores[],
): CrossValidation {
  const results = folds.map(({ repeat, fold, train, test }, i) => {
    const { threshold, values } = scores[i] as FoldScores;
    return { repeat, fold, rows: { train: train.length, test: test.length }, threshold, values };
  });
  const ratio = testShare(folds);
  return {
    learner: learner.name,
    parameters: learner.parameters,
    folds: results,
    metrics: byMetric((name) => {
      const tested = overFolds(
        results.map(({ values }) => values[name]),
        ratio,
      );
      if (tested === null) return null;
      const { mean, low, high, standardError } = tested;
      return { mean, low, high, standardError };
    }),
    outOfFold: outOfFold(folds, scores),
  };
}

const valuesOf = ({ folds }: CrossValidation, name: MetricName): (number | null)[] =>
  folds.map(({ values }) => values[name]);

const minus = (a: readonly (number | null)[], b: readonly (number | null)[]): (number | null)[] =>
  a.map((value, i) => {
    const other = b[i] ?? null;
    return value === null || other === null ? null : value - other;
  });

const byMetric = <T>(make: (name: MetricName) => T): Record<MetricName, T> =>
  Object.fromEntries(metricNames.map((name) => [name, make(name)])) as Record<MetricName, T>;

/** Null if a fold has no value. */
function overFolds(values: readonly (number | null)[], ratio: number): ResampledT | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : resampledT(known, ratio);
}

function outOfFold(folds: readonly PlannedFold[], scores: readonly FoldScores[]): HeldOut {
  const sums = new Map<number, { sum: number; count: number }>();
  folds.forEach(({ test }, i) => {
    test.forEach((row, place) => {
      const { sum, count } = sums.get(row) ?? { sum: 0, count: 0 };
      sums.set(row, { sum: sum + (scores[i]?.probabilities[place] as number), count: count + 1 });
    });
  });
  const rows = Uint32Array.from(sums.keys()).sort();
  return {
    rows,
    probabilities: Float64Array.from(rows, (row) => {
      const { sum, count } = sums.get(row) ?? { sum: 0, count: 1 };
      return sum / count;
    }),
  };
}
