import { anyMetrics as knownMetrics, type AnyMetricName } from "../../model/evaluate/index.js";
import type { RunRecord } from "../runs/record.js";

/** A property of several runs, in their order; undefined for a run without it. */
export interface ComparedRow<T> {
  readonly name: string;
  readonly values: readonly (T | undefined)[];
  readonly differs: boolean;
}

/** Runs side by side. */
export interface RunComparison {
  readonly runs: readonly RunRecord[];
  /** Those that differ first, then by name. */
  readonly parameters: readonly ComparedRow<string>[];
  /** `best` has the index of the best run, for metrics whose better direction is known. */
  readonly metrics: readonly (ComparedRow<number> & { readonly best?: number | undefined })[];
  readonly tags: readonly ComparedRow<string>[];
}

/** A warning where runs were trained on different rows: held-out and test figures are then of different rows too. */
export const differentRows = ({ tags }: RunComparison): string | undefined => {
  const hashes = tags.find(({ name }) => name === "data.hash")?.values ?? [];
  return new Set(hashes.filter((hash) => hash !== undefined)).size > 1
    ? "The runs were trained on different rows (data.hash), so their figures are of different rows."
    : undefined;
};

/**
 * Puts runs side by side: what they were given, what came out, and which of them is best by each metric.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import { compareRuns, fileTracker } from "churnkit/tracking";
 *
 * const tracker = fileTracker(memoryStore());
 * for (const [penalty, auc] of [[0.1, 0.84], [1, 0.85]] as const) {
 *   const run = tracker.start();
 *   run.logParameters({ penalty });
 *   run.logMetrics({ auc });
 *   await run.end();
 * }
 * const { parameters, metrics } = compareRuns(await tracker.list());
 * console.assert(parameters[0]?.differs === true && metrics[0]?.best !== undefined);
 * ```
 */
export function compareRuns(runs: readonly RunRecord[]): RunComparison {
  const values = runs.map(({ metrics }) =>
    Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value])),
  );
  return {
    runs,
    parameters: rowsOf(runs.map(({ parameters }) => parameters)),
    metrics: rowsOf(values).map((row) => ({ ...row, best: bestOf(row) })),
    tags: rowsOf(runs.map(({ tags }) => tags)),
  };
}

function rowsOf<T>(each: readonly Readonly<Record<string, T>>[]): ComparedRow<T>[] {
  const names = [...new Set(each.flatMap((one) => Object.keys(one)))].sort();
  const rows = names.map((name) => {
    const values = each.map((one) => (Object.hasOwn(one, name) ? one[name] : undefined));
    return { name, values, differs: values.some((value) => !Object.is(value, values[0])) };
  });
  return [...rows.filter(({ differs }) => differs), ...rows.filter(({ differs }) => !differs)];
}

/** `test/auc` is an auc too, `auc.low` is none: the end of an interval is no result. */
function bestOf({ name, values, differs }: ComparedRow<number>): number | undefined {
  const metric = name.slice(name.lastIndexOf("/") + 1);
  const better = Object.hasOwn(knownMetrics, metric) ? knownMetrics[metric as AnyMetricName].better : lossLike(metric);
  const known = values.filter((value) => value !== undefined);
  if (!differs || better === undefined || known.length < 2) return undefined;
  const sign = better === "higher" ? 1 : -1;
  let best: number | undefined;
  values.forEach((value, i) => {
    if (value === undefined || Number.isNaN(value)) return;
    const before = best === undefined ? undefined : values[best];
    if (before === undefined || sign * value > sign * before) best = i;
  });
  return best;
}

function lossLike(metric: string): "higher" | "lower" | undefined {
  if (metric === "loss" || metric === "validation_loss") return "lower";
  return metric === "validation_auc" ? "higher" : undefined;
}
