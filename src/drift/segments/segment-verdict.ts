import type { Comparison } from "../compare/column.js";
import { judge, verdictOf, worst, type Judged } from "../compare/verdict.js";
import { percent } from "../compare/words.js";
import type { DriftPolicy } from "../policy.js";
import { severities, type SegmentColumn, type SegmentDrift } from "../report.js";

/** All comparisons within one slice. */
export interface SegmentComparison extends Pick<SegmentDrift, "column" | "level" | "rows" | "share"> {
  readonly comparisons: readonly Comparison[];
}

/**
 * Judges all slices at once: the tests of every column of every slice are corrected together, so that many slices raise no
 * more false alarms than few.
 *
 * @returns the worst first.
 */
export function judgeSegments(segments: readonly SegmentComparison[], policy: DriftPolicy): SegmentDrift[] {
  const all = segments.flatMap(({ comparisons }) =>
    comparisons.map((comparison) => ({ role: "feature" as const, comparison })),
  );
  const judged = judge(all, policy);
  let next = 0;
  const found = segments.map((segment) => {
    const columns = judged.slice(next, (next += segment.comparisons.length));
    return segmentDrift(segment, columns);
  });
  const rank = ({ severity }: SegmentDrift): number => severities.indexOf(severity);
  const size = ({ drifted }: SegmentDrift): number => drifted[0]?.effect ?? 0;
  return found.sort((a, b) => rank(b) - rank(a) || size(b) - size(a));
}

function segmentDrift(segment: SegmentComparison, columns: readonly Judged[]): SegmentDrift {
  const { column, level, rows, share } = segment;
  const drifted = columns
    .filter(({ verdict }) => verdict === "drift")
    .sort(
      (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || (b.effect ?? 0) - (a.effect ?? 0),
    );
  const [first] = drifted;
  const verdict = verdictOf(columns);
  const message =
    first !== undefined
      ? `${first.name}: ${first.message}`
      : rows.reference === 0
        ? `No reference rows; ${percent(share.current)} of the current rows.`
        : rows.current === 0
          ? `No current rows; ${percent(share.reference)} of the reference rows.`
          : verdict === "stable"
            ? "No shift found."
            : "Too few rows to judge.";
  return {
    column,
    level,
    rows,
    share,
    verdict,
    severity: worst(drifted.map(({ severity }) => severity)),
    worst: first?.name ?? null,
    drifted: drifted.map(
      ({ name, severity, test, statistic, log10p, adjustedP, effect, psi, message: finding }): SegmentColumn => ({
        name,
        severity,
        test,
        statistic,
        log10p,
        adjustedP,
        effect,
        psi,
        message: finding,
      }),
    ),
    message,
  };
}
