import { rowLogLoss, sigmoid } from "../../../stats/logistic.js";
import type { FitRows, FittedNetwork } from "./fit-network.js";

/** Share of the log loss by which two members must lower it; a single one may add nothing by chance. */
const leastGain = 2e-4;
/** With fewer rows, chance hides so small a gain. */
const fewestRows = 2000;

/**
 * Watches the log loss of the mean probability on rows that no member trains on, member by member in the plan's
 * order, whatever the order in which they finish.
 *
 * @returns a function that takes a finished member, and returns how many members are enough if that is known.
 */
export function enoughMembers(plan: readonly FitRows[]): (member: number, fitted: FittedNetwork) => number | undefined {
  const rows = commonRows(plan);
  const labels = plan[0]?.labels ?? new Uint8Array(0);
  const sums = new Float64Array(rows.length);
  const waiting = new Map<number, FittedNetwork>();
  let through = 0;
  const losses: number[] = [];
  let enough: number | undefined;

  /** Adds a member; returns whether the loss is nearly the same as two members before. */
  const settles = ({ validation }: FitRows, { validationLogits }: FittedNetwork): boolean => {
    let at = 0;
    rows.forEach((row, i) => {
      while (validation[at] !== row) at++;
      sums[i] = (sums[i] as number) + sigmoid(validationLogits[at] as number);
    });
    const loss =
      rows.reduce((sum, row, i) => sum + rowLogLoss(labels[row] as number, (sums[i] as number) / (through + 1)), 0) /
      rows.length;
    losses.push(loss);
    return loss > (1 - leastGain) * (losses.at(-3) ?? Infinity);
  };
  return (member, fitted) => {
    // A stopped member differs from one without a budget, so it decides nothing.
    if (fitted.ended !== "stopped") waiting.set(member, fitted);
    for (
      let next = waiting.get(through);
      next && enough === undefined && rows.length >= fewestRows;
      next = waiting.get(through)
    ) {
      const settled = settles(plan[through] as FitRows, next);
      through++;
      if (settled) enough = through;
    }
    return enough;
  };
}

/** Rows, ascending, that every member leaves out. */
function commonRows(plan: readonly FitRows[]): Uint32Array {
  const counts = new Map<number, number>();
  for (const { validation } of plan) for (const row of validation) counts.set(row, (counts.get(row) ?? 0) + 1);
  return Uint32Array.from([...counts].flatMap(([row, count]) => (count === plan.length ? [row] : []))).sort();
}
