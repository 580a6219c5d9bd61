import { log } from "../../base/elementary.js";
import { severityBySize } from "../compare/verdict.js";
import type { DriftPolicy, Floors } from "../policy.js";
import { fisherExact, twoProportions } from "../../stats/hypothesis/index.js";
import type { SequentialAlarm, SequentialLook } from "./state.js";

/** One test of one look. */
interface Finding extends Pick<SequentialAlarm, "what" | "log10p" | "effect"> {
  readonly floors: Floors;
}

/**
 * All tests of a look by column; a column with too few rows is left out, so that it neither raises an alarm nor ends
 * one.
 */
export function findingsOf(report: SequentialLook["report"], policy: DriftPolicy): Map<string, readonly Finding[]> {
  const found = new Map<string, readonly Finding[]>();
  const { rows, rejected, concept } = report;
  const enough = rows.current >= policy.leastRows;
  for (const { name, role, shifts } of enough ? report.columns : []) {
    const judged = shifts.flatMap(({ what, log10pBound, effect }): Finding[] => {
      const floors = policy[what];
      // A column that the model doesn't read is a warning at most.
      return floors === false
        ? []
        : [
            {
              what,
              log10p: log10pBound,
              effect,
              floors: role === "ignored" ? { ...floors, critical: Infinity } : floors,
            },
          ];
    });
    found.set(name, judged);
  }
  if (enough && concept !== null && policy.concept !== false) {
    found.set("(concept)", [
      { what: "concept", log10p: concept.log10pBound, effect: concept.effect, floors: policy.concept },
    ]);
  }
  return rows.current + rejected.current < policy.leastRows
    ? found
    : found.set("(broken rows)", rejectedShift(report, policy));
}

/** A finding that deserves an alarm. */
type Alarming = Finding & { readonly severity: "warning" | "critical" };

/** The worst alarm among the tests of one column, by the log10 of each severity's share of the allowance. */
export function worstFinding(
  findings: readonly Finding[],
  threshold: { readonly warning: number; readonly critical: number },
): Alarming | undefined {
  const alarming = findings.flatMap((finding): Alarming[] => {
    const size = severityBySize(finding.effect, finding.floors);
    if (size === "critical" && finding.log10p <= threshold.critical) return [{ ...finding, severity: "critical" }];
    return size !== "none" && finding.log10p <= threshold.warning ? [{ ...finding, severity: "warning" }] : [];
  });
  return alarming.find(({ severity }) => severity === "critical") ?? alarming[0];
}

/** Returns whether the shift that raised an alarm is small or insignificant in a later look at the same window. */
export function hasEnded(
  findings: readonly Finding[],
  alarm: Pick<SequentialAlarm, "what">,
  policy: DriftPolicy,
): boolean {
  const now = findings.find(({ what }) => what === alarm.what);
  return now === undefined || now.effect < now.floors.warning || now.log10p > log(policy.alpha) / Math.LN10;
}

/** Returns the rise of rows that break the contract, if any. */
function rejectedShift({ rows, rejected }: SequentialLook["report"], policy: DriftPolicy): readonly Finding[] {
  if (policy.rejected === false) return [];
  const before = rejected.reference + rows.reference;
  const after = rejected.current + rows.current;
  const test = twoProportions(rejected.reference, before, rejected.current, after, { correction: true });
  if (test === undefined || test.difference >= 0 || before < policy.leastRows) return [];
  const exact = fisherExact(rejected.reference, before, rejected.current, after);
  return [
    {
      what: "rejected",
      log10p: Math.max(test.log10p, exact.log10p),
      effect: -test.difference,
      floors: policy.rejected,
    },
  ];
}
