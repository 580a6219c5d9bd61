import type { MonitorPolicies } from "../judging/findings.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import type { MonitorState } from "../judging/state.js";
import { mergedTally } from "../counting/tally.js";
import { constraintsJson, type MonitorConstraints } from "./constraints.js";
import { statisticsJson } from "./statistics.js";
import { constraintViolations } from "./violations.js";

/**
 * Returns Model Monitor's files for all counts of a monitor, by name; none without counts.
 *
 * @param constraints the constraints in force; without them the baseline's own.
 */
export function modelMonitorFiles(
  baseline: MonitorBaseline,
  { periods }: Pick<MonitorState, "periods">,
  {
    constraints,
    policies = {},
  }: { readonly constraints?: MonitorConstraints | undefined; readonly policies?: MonitorPolicies | undefined } = {},
): Readonly<Record<string, unknown>> {
  const tally = mergedTally(periods, 0);
  if (tally === null) return {};
  const rules = constraints ?? constraintsJson(baseline, policies.data);
  return {
    "statistics.json": statisticsJson(baseline, tally),
    "constraints.json": rules,
    "constraint_violations.json": constraintViolations(rules, baseline, tally),
  };
}
