import { logit } from "../../../stats/logistic.js";
import type { Calibration } from "../../artifact.js";
import type { CalibrationRows } from "./parametric.js";

/** A group of neighboring rows that share a value. */
interface Block {
  rows: number;
  /** Sum of the rows' smoothed outcomes. */
  outcomes: number;
  /** Sum of their probabilities. */
  probabilities: number;
}

/** More groups follow noise, and make the bundle larger. */
const mostGroups = 100;
const fewestInGroup = 20;

/**
 * Isotonic regression (Ayer et al. 1955; Zadrozny and Elkan 2002) of the outcomes on the probabilities, over groups of
 * neighboring rows and joined by lines in log odds, so that different probabilities seldom become equal. Each group's
 * rate is pulled toward its mean probability by one row, so that no rate is 0 or 1.
 *
 * @returns null if fewer than two groups are left.
 */
export function fitIsotonic(rows: CalibrationRows): Calibration | null {
  const blocks = poolAdjacentViolators(groupsOf(rows));
  if (blocks.length < 2) return null;
  return {
    kind: "isotonic",
    from: blocks.map(({ rows, probabilities }) => logit(probabilities / rows)),
    to: blocks.map(({ rows, outcomes }) => logit(outcomes / rows)),
  };
}

/** Groups of about equal size by rising probability; rows of equal probability stay together. */
function groupsOf({ labels, probabilities }: CalibrationRows): Block[] {
  const order = Uint32Array.from(labels.keys()).sort(
    (a, b) => (probabilities[a] as number) - (probabilities[b] as number) || a - b,
  );
  const size = Math.max(fewestInGroup, Math.ceil(order.length / mostGroups));
  const groups: Block[] = [];
  let last = NaN;
  for (const row of order) {
    const p = probabilities[row] as number;
    const open = groups.at(-1);
    const group =
      open !== undefined && (open.rows < size || p === last) ? open : { rows: 0, outcomes: 0, probabilities: 0 };
    if (group !== open) groups.push(group);
    group.rows++;
    group.outcomes += labels[row] as number;
    group.probabilities += p;
    last = p;
  }
  for (const group of groups) {
    const pulled = (group.outcomes + group.probabilities / group.rows) / (group.rows + 1);
    group.outcomes = pulled * group.rows;
  }
  return groups;
}

/** Joins neighbors until the rates rise strictly from block to block: their least-squares fit among rising ones. */
export function poolAdjacentViolators(groups: readonly Block[]): Block[] {
  const blocks: Block[] = [];
  for (const group of groups) {
    let joined = { ...group };
    for (
      let before = blocks.at(-1);
      before !== undefined && before.outcomes / before.rows >= joined.outcomes / joined.rows;
      before = blocks.at(-1)
    ) {
      blocks.pop();
      joined = {
        rows: before.rows + joined.rows,
        outcomes: before.outcomes + joined.outcomes,
        probabilities: before.probabilities + joined.probabilities,
      };
    }
    blocks.push(joined);
  }
  return blocks;
}
