import pLimit from "p-limit";
import { ChurnkitError } from "../../base/errors.js";
import type { Features } from "../../data/features/index.js";
import type { Contract } from "../../data/contract/index.js";
import type { Table } from "../../data/table/index.js";
import { resampledT, type ResampledT } from "../../stats/hypothesis/index.js";
import { type AnyMetricName, metricNamesOf } from "../evaluate/class-metrics.js";
import type { HeldOut, Learner } from "../kinds/learner.js";
import { churnNetwork } from "../kinds/network/learner.js";
import { classLabels } from "../training/classes/class-labels.js";
import { defaultWorkers } from "../training/default-workers.js";
import type { FoldData, FoldScores } from "../training/score-fold.js";
import type { LearnerComparison } from "./compare-learners.js";
import type { ByMetric, CrossValidateOptions, CrossValidation, FoldOptions } from "./cross-validate.js";
import { openFoldRunner } from "./fold-runner.js";
import { encodeFold, planFolds, testShare, type PlannedFold } from "./resampling.js";

/** Implements `crossValidate`. */
export async function runCrossValidation(
  features: Features,
  table: Table,
  { learner = churnNetwork(), ...options }: CrossValidateOptions,
): Promise<CrossValidation> {
  const { folds, scores } = await scoreAll(features, table, [learner], options);
  return summary(learner, table.contract, folds, scores[0] ?? []);
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
  const results = entries.map(
    ([name, learner], i) => [name, summary(learner, table.contract, folds, scores[i] ?? [])] as const,
  );
  const ratio = testShare(folds);
  const differences = results.flatMap(([a, first], i) =>
    results.slice(i + 1).map(([b, second]) => ({
      a,
      b,
      metrics: byMetric(table.contract, (name) =>
        overFolds(minus(valuesOf(first, name), valuesOf(second, name)), ratio),
      ),
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
  const known = classLabels(table);
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
          const all: FoldScores[] = [];
          let encoded: { readonly ratios: number; readonly data: FoldData } | undefined;
          for (const learner of learners) {
            const { ratios = 0 } = learner;
            if (encoded?.ratios !== ratios)
              encoded = { ratios, data: encodeFold(features, table, known, fold, ratios) };
            const { data } = encoded;
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
  contract: Contract,
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
    metrics: byMetric(contract, (name) => {
      const tested = overFolds(
        results.map(({ values }) => values[name] ?? null),
        ratio,
      );
      if (tested === null) return null;
      const { mean, low, high, standardError } = tested;
      return { mean, low, high, standardError };
    }),
    outOfFold: outOfFold(folds, scores),
  };
}

const valuesOf = ({ folds }: CrossValidation, name: AnyMetricName): (number | null)[] =>
  folds.map(({ values }) => values[name] ?? null);

const minus = (a: readonly (number | null)[], b: readonly (number | null)[]): (number | null)[] =>
  a.map((value, i) => {
    const other = b[i] ?? null;
    return value === null || other === null ? null : value - other;
  });

const byMetric = <T>({ target }: Contract, make: (name: AnyMetricName) => T | null): ByMetric<T> =>
  Object.fromEntries(
    metricNamesOf(target?.classes.length ?? 2).map((name) => [name, make(name)]),
  ) as unknown as ByMetric<T>;

/** Null if a fold has no value. */
function overFolds(values: readonly (number | null)[], ratio: number): ResampledT | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : resampledT(known, ratio);
}

function outOfFold(folds: readonly PlannedFold[], scores: readonly FoldScores[]): HeldOut {
  const { rows, values: probabilities } = meanByRow(
    folds,
    scores.map(({ probabilities }) => probabilities),
  );
  const all = scores.flatMap(({ ofClasses }) => ofClasses ?? []);
  return { rows, probabilities, ...(all.length === folds.length && { ofClasses: meanByRow(folds, all).values }) };
}

/** Each tested row, ascending, with the mean of its values over the folds that test it: one or more for each row. */
function meanByRow(
  folds: readonly PlannedFold[],
  scores: readonly Float64Array[],
): { readonly rows: Uint32Array; readonly values: Float64Array } {
  const width = (scores[0]?.length ?? 0) / (folds[0]?.test.length ?? 1);
  const sums = new Map<number, { readonly sum: Float64Array; count: number }>();
  folds.forEach(({ test }, i) => {
    test.forEach((row, place) => {
      const found = sums.get(row) ?? { sum: new Float64Array(width), count: 0 };
      found.count++;
      for (let k = 0; k < width; k++)
        found.sum[k] = (found.sum[k] as number) + (scores[i]?.[place * width + k] as number);
      sums.set(row, found);
    });
  });
  const rows = Uint32Array.from(sums.keys()).sort();
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    const { sum, count = 1 } = sums.get(row) ?? {};
    if (sum)
      values.set(
        sum.map((value) => value / count),
        i * width,
      );
  });
  return { rows, values };
}
