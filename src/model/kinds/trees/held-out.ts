import type { TreeKernel } from "./kernel.js";
import type { MemberPlan } from "./plan.js";

/** Rows that some member did not train on. */
export interface HeldOutJudge {
  /** Rows of the plan's matrix, ascending. */
  readonly rows: Uint32Array;
  /** Returns, from each member's log-odds of its held-out rows, the mean log loss of the mean log-odds, in nats. */
  loss(margins: readonly Float64Array[]): number;
  /** The last judged mean log-odds, row by row. */
  means(): Float64Array;
}

/** Judges members only by rows they did not train on. */
export function heldOutJudge(kernel: TreeKernel, { members, labels, rowWeights }: MemberPlan): HeldOutJudge {
  const counts = new Uint32Array(labels.length);
  for (const { heldOut } of members) for (const row of heldOut) counts[row] = (counts[row] as number) + 1;
  const rows = Uint32Array.from(counts.keys()).filter((row) => (counts[row] as number) > 0);
  const places = new Uint32Array(labels.length);
  rows.forEach((row, place) => (places[row] = place));
  const classes = kernel.allocate(rows.length);
  const weights = rowWeights ? kernel.allocate(4 * rows.length) : 0;
  const own = rowWeights && Float32Array.from(rows, (row) => rowWeights[row] as number);
  const total = own?.reduce((sum, weight) => sum + weight, 0) ?? rows.length;
  const means = kernel.allocate(8 * rows.length);
  kernel.bytes(classes, rows.length).set(Uint8Array.from(rows, (row) => labels[row] as number));
  if (own) kernel.floats(weights, rows.length).set(own);
  return {
    rows,
    loss(margins) {
      const sums = kernel.doubles(means, rows.length).fill(0);
      members.forEach(({ heldOut }, member) => {
        const own = margins[member] as Float64Array;
        for (let i = 0; i < own.length; i++) {
          const place = places[heldOut[i] as number] as number;
          sums[place] = (sums[place] as number) + (own[i] as number);
        }
      });
      for (let i = 0; i < rows.length; i++) sums[i] = (sums[i] as number) / (counts[rows[i] as number] as number);
      return kernel.exports.sumLogLoss(means, classes, weights, rows.length) / total;
    },
    means: () => kernel.doubles(means, rows.length).slice(),
  };
}
