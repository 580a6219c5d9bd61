import { takeRows, type Table } from "../../data/table/index.js";
import type { Comparison } from "../compare/column.js";
import type { DriftPolicy } from "../policy.js";
import type { SegmentDrift } from "../report.js";
import { segmentLabels, segmentPositions, segmentRules } from "./rules.js";
import { judgeSegments, type SegmentComparison } from "./segment-verdict.js";

/**
 * Compares two tables slice by slice.
 *
 * @param compare compares all columns of two tables except those named.
 */
export function compareTableSegments(
  reference: Table,
  current: Table,
  columns: readonly string[],
  policy: DriftPolicy,
  compare: (reference: Table, current: Table, without: string) => readonly Comparison[],
): SegmentDrift[] {
  const found: SegmentComparison[] = [];
  for (const rule of segmentRules(reference, columns)) {
    const before = segmentPositions(rule, reference);
    const after = segmentPositions(rule, current);
    segmentLabels(rule).forEach((level, i) => {
      const [mine, theirs] = [before[i] ?? [], after[i] ?? []];
      const [n, m] = [mine.length, theirs.length];
      if (n + m === 0) return;
      found.push({
        column: rule.column,
        level,
        rows: { reference: n, current: m },
        share: { reference: n / reference.rows || 0, current: m / current.rows || 0 },
        comparisons:
          n === 0 || m === 0 ? [] : compare(takeRows(reference, mine), takeRows(current, theirs), rule.column),
      });
    });
  }
  return judgeSegments(found, policy);
}
