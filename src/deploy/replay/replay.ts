import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import type { Costs } from "../../model/artifact.js";
import type { ScoredRecord, Scorer } from "../../model/scoring/index.js";

/** What would change for the customers if the candidate decided instead of the current model. */
export interface ReplayedDecisions {
  /** Records that both models scored. */
  readonly records: number;
  /** Records that only one of them scored, so that some customers would get an error or stop getting one. */
  readonly refusedBy: { readonly current: number; readonly candidate: number; readonly both: number };
  readonly changes: DecisionChanges;
  /** Change of the probability: its mean, and the mean of its size. */
  readonly shift: { readonly mean: number; readonly size: number };
  /** Customers by column and level, those with the largest share of changed decisions first. */
  readonly segments: readonly ChangedSegment[];
  /** Expected profit of each model's decisions, in the currency of the costs; null without costs. */
  readonly profit: { readonly current: number; readonly candidate: number } | null;
}

/** Decisions that change, as counts of records. */
export interface DecisionChanges {
  /** From the negative class to the positive one. */
  readonly toPositive: number;
  readonly toNegative: number;
  /** Both, as a share of the records. */
  readonly share: number;
}

/** A group of customers whose decisions change. */
export interface ChangedSegment extends DecisionChanges {
  readonly column: string;
  readonly level: string;
  readonly records: number;
}

/** Settings of {@link replayDecisions}. */
export interface ReplayOptions {
  /** Columns whose levels are the segments. Default: the contract's category and boolean columns. */
  readonly segments?: readonly string[] | undefined;
  /** Records that a segment needs to be listed. Default 30. */
  readonly leastRecords?: number | undefined;
  /** Money at stake; default none. */
  readonly costs?: Costs | undefined;
}

interface Counts {
  records: number;
  toPositive: number;
  toNegative: number;
}

/** Records scored at a time. */
const chunk = 1024;

/**
 * Scores records that the current model has answered with both models, and compares the decisions. Records usually
 * come from captured traffic.
 *
 * The profit is expected, not realized: each contacted customer counts `falseNegative * p - falsePositive * (1 - p)`,
 * where p is the mean of both models' probabilities, so that no model is the judge of its own decisions.
 *
 * @param current the model on duty.
 * @param candidate the model that may follow it.
 * @throws ChurnkitError OPTION_INVALID for a segment that is not a column.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { replayDecisions } from "churnkit/deploy";
 * import { compile, logistic, train } from "churnkit/model";
 *
 * const { records } = syntheticCustomers({ rows: 400, seed: 1 });
 * const table = tableFromRecords(syntheticContract, records);
 * const { artifact } = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * const scorer = await compile(artifact);
 * const { changes } = await replayDecisions(scorer, scorer, records);
 * console.assert(changes.share === 0);
 * ```
 */
export async function replayDecisions(
  current: Scorer,
  candidate: Scorer,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  { segments, leastRecords = 30, costs }: ReplayOptions = {},
): Promise<ReplayedDecisions> {
  if (segments !== undefined) checkSegments(segments, current.contract);
  const columns = segments ?? groupingColumns(current.contract);
  const all = noCounts();
  const groups = new Map<string, { column: string; level: string; counts: Counts }>();
  const refusedBy = { current: 0, candidate: 0, both: 0 };
  let [sum, size] = [0, 0];
  const profit = { current: 0, candidate: 0 };

  function compare(record: unknown, a: ScoredRecord, b: ScoredRecord): void {
    if (a.probability === null || b.probability === null) {
      refusedBy[a.probability !== null ? "candidate" : b.probability !== null ? "current" : "both"]++;
      return;
    }
    const { positive } = current.contract.target ?? {};
    const [was, becomes] = [a.label === positive, b.label === positive];
    count(all, was, becomes);
    for (const column of columns) count(groupOf(column, levelOf(record, column)), was, becomes);
    sum += b.probability - a.probability;
    size += Math.abs(b.probability - a.probability);
    if (costs === undefined) return;
    const mean = (a.probability + b.probability) / 2;
    const worth = costs.falseNegative * mean - costs.falsePositive * (1 - mean);
    if (was) profit.current += worth;
    if (becomes) profit.candidate += worth;
  }

  function groupOf(column: string, level: string): Counts {
    const key = JSON.stringify([column, level]);
    const group = groups.get(key) ?? { column, level, counts: noCounts() };
    groups.set(key, group);
    return group.counts;
  }

  for await (const some of inChunks(records)) {
    const [first, second] = [current.scoreRecords(some), candidate.scoreRecords(some)];
    for (const [i, record] of some.entries()) compare(record, first[i] as ScoredRecord, second[i] as ScoredRecord);
  }
  const mean = (value: number): number => (all.records === 0 ? 0 : value / all.records);
  return {
    records: all.records,
    refusedBy,
    changes: changesOf(all),
    shift: { mean: mean(sum), size: mean(size) },
    segments: [...groups.values()]
      .filter(({ counts }) => counts.records >= leastRecords)
      .map(({ column, level, counts }) => ({ column, level, records: counts.records, ...changesOf(counts) }))
      .sort((a, b) => b.share - a.share || b.records - a.records),
    profit: costs === undefined ? null : profit,
  };
}

const noCounts = (): Counts => ({ records: 0, toPositive: 0, toNegative: 0 });

function count(counts: Counts, was: boolean, becomes: boolean): void {
  counts.records++;
  if (was === becomes) return;
  counts[becomes ? "toPositive" : "toNegative"]++;
}

const changesOf = ({ records, toPositive, toNegative }: Counts): DecisionChanges => ({
  toPositive,
  toNegative,
  share: records === 0 ? 0 : (toPositive + toNegative) / records,
});

/** Columns that divide customers into groups large enough to read. */
const groupingColumns = ({ columns, target }: Contract): string[] =>
  columns
    .filter((column) => column.name !== target?.column)
    .filter((column) => column.kind === "boolean" || (column.kind === "category" && column.levels.length > 0))
    .map(({ name }) => name);

const missing = "(missing)";

/** A record's level, as its text. */
function levelOf(record: unknown, column: string): string {
  if (typeof record !== "object" || record === null || !Object.hasOwn(record, column)) return missing;
  const value = (record as Readonly<Record<string, unknown>>)[column];
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : missing;
}

function checkSegments(segments: readonly string[], { columns }: Contract): void {
  const unknown = segments.find((name) => !columns.some((column) => column.name === name));
  if (unknown === undefined) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The segment "${unknown}" is not a column of the model. Use one of ${columns.map(({ name }) => name).join(", ")}.`,
    { where: { column: unknown } },
  );
}

async function* inChunks(records: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown[]> {
  let some: unknown[] = [];
  for await (const record of records) {
    some.push(record);
    if (some.length < chunk) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
