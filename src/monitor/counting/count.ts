import { RecordKeys, recordOf, type RecordValue, rowBuffer, takeRows, type Table } from "../../data/table/index.js";
import { numericAgainst, withColumn, predictionsOf, profileAgainst } from "../../data/profile/index.js";
import { countBias } from "../bias/count-table.js";
import { resolveFacet } from "../bias/facets.js";
import { confidenceCounter } from "../performance/confidence-counts.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { firstNames, sortedIssues, type IssueTally, type Tally } from "./tally.js";

/** A record with the model's probability. */
export interface ScoredRecord {
  readonly record: unknown;
  /** Of the positive class; null without one. */
  readonly probability: number | null;
}

/** Result of counting a batch, and which of its rows were counted. */
export interface CountedBatch {
  readonly tally: Tally;
  /** The rows kept that have a probability. */
  readonly scored: readonly ScoredRow[];
}

/** A row that was counted. */
export interface ScoredRow {
  /** Its place in the batch. */
  readonly at: number;
  /** Its side in each group of the facets: d, a or - for neither. */
  readonly sides: string;
  /** The row as its contract reads it; call it before the next batch is counted. */
  record(): Readonly<Record<string, RecordValue>>;
}

/** Counts records batch by batch against a baseline. */
export type BatchCounter = (batch: readonly ScoredRecord[]) => CountedBatch;

/** @param capacity most records of one batch. */
export function batchCounter(baseline: MonitorBaseline, capacity: number): BatchCounter {
  const { contract, profile, model, bias } = baseline;
  const buffer = rowBuffer(contract, { capacity, source: "monitored records" });
  const prediction = predictionsOf(profile);
  const reference = {
    ...profile,
    columns: profile.columns.filter((column) => column !== prediction && column.name !== contract.target?.column),
  };

  return (batch) => {
    const keys = new RecordKeys(contract);
    for (const { record } of batch) keys.note(record);
    const table = buffer.fill(batch.map(({ record }) => record));
    const places: number[] = [];
    const scores: number[] = [];
    table.rowNumbers.forEach((at, row) => {
      const probability = batch[at]?.probability ?? null;
      if (probability === null || !(probability >= 0 && probability <= 1)) return;
      places.push(row);
      scores.push(probability);
    });
    const probabilities = Float64Array.from(scores);
    const confidence = confidenceCounter(model.threshold);
    for (const probability of probabilities) confidence.add(probability);
    const received = profileAgainst(reference, table);
    const scored = places.length === table.rows ? table : takeRows(table, places);
    return {
      tally: {
        rows: table.rows,
        rejected: table.rejected.length,
        unscored: table.rows - places.length,
        issues: sortedIssues(issuesOf(table)),
        extraColumns: firstNames(keys.extra()),
        profile: prediction === undefined ? received : withColumn(received, numericAgainst(prediction, probabilities)),
        confidence: confidence.counts(),
        bias:
          bias === null
            ? null
            : countBias(scored, {
                facets: bias.facets,
                probabilities,
                threshold: model.threshold,
                favorable: bias.favorable,
              }),
        attributed: [],
      },
      scored: sidesOf(scored, baseline).map((sides, i) => ({
        at: scored.rowNumbers[i] as number,
        sides,
        record: () => recordOf(scored, i),
      })),
    };
  };
}

function* issuesOf(table: Table): Generator<IssueTally> {
  for (const { issues } of table.rejected) {
    for (const { column, rule } of issues) yield { column, rule, count: 1 };
  }
}

/** Side of each row in each facet's groups, in the order of the baseline's counts. */
function sidesOf(table: Table, { bias }: MonitorBaseline): string[] {
  const groups = (bias?.facets ?? []).flatMap((facet) => resolveFacet(table, facet).groups);
  return Array.from({ length: table.rows }, (_, row) => groups.map(({ side }) => side(row) ?? "-").join(""));
}
