import { logOnePlusExp } from "../../base/logistic.js";
import type { Booster } from "./boost.js";
import type { MemberPlan } from "./plan.js";

/** Rows that some member did not train on. */
export interface HeldOutMargins {
  /** Rows of the plan's matrix, ascending. */
  readonly rows: Uint32Array;
  /** The mean log-odds of those members now, row for row. */
  means(): Float64Array;
}

/** The log-odds that members give to rows they did not train on, and to no others. */
export function heldOutMargins({ members, labels }: MemberPlan, boosters: readonly Booster[]): HeldOutMargins {
  const counts = new Uint32Array(labels.length);
  for (const { heldOut } of members) for (const row of heldOut) counts[row] = (counts[row] as number) + 1;
  const rows = Uint32Array.from(counts.keys()).filter((row) => (counts[row] as number) > 0);
  const sums = new Float64Array(labels.length);
  return {
    rows,
    means() {
      sums.fill(0);
      members.forEach(({ heldOut }, member) => {
        const { margins } = boosters[member] as Booster;
        for (const row of heldOut) sums[row] = (sums[row] as number) + (margins[row] as number);
      });
      return Float64Array.from(rows, (row) => (sums[row] as number) / (counts[row] as number));
    },
  };
}

/** Mean log loss in nats, straight from log-odds: log(1 + exp(m)) - y m. */
export function marginLoss(margins: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i] as number;
    sum += logOnePlusExp(margin) - (labels[i] as number) * margin;
  }
  return sum / margins.length;
}
