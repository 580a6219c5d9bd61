import type { CellIssue, Target } from "../../data/contract/index.js";
import type { Calibration, Decision } from "../artifact.js";
import { calibrate } from "./calibrate.js";
import type { ScoredRecord } from "./compile.js";

/** How many classes there are, and the place of the positive one. */
export interface ClassPlaces {
  readonly count: number;
  readonly positive: number;
}

export const classPlaces = ({ classes, positive }: Target): ClassPlaces => ({
  count: classes.length,
  positive: classes.indexOf(positive),
});

/**
 * Calibrates each row's probabilities of all classes, in place: calibration moves the positive class, and the others keep
 * their proportions.
 *
 * @param table rows x classes, row-major.
 */
export function calibrateClasses(
  calibration: Calibration,
  table: Float64Array,
  { count, positive }: ClassPlaces,
): void {
  for (let at = 0; at < table.length; at += count) {
    const p = calibrate(calibration, table[at + positive] as number);
    // Not 1 - raw, of which little but rounding is left where the positive class is nearly certain.
    let others = 0;
    for (let k = 0; k < count; k++) if (k !== positive) others += table[at + k] as number;
    for (let k = 0; k < count; k++) {
      const share = others === 0 ? 1 / (count - 1) : (table[at + k] as number) / others;
      table[at + k] = k === positive ? p : share * (1 - p);
    }
  }
}

/**
 * The place of a row's class: the positive one from the threshold on, else the most probable other one.
 *
 * @param table calibrated probabilities; those of the row begin at `at`.
 */
export function classAt(table: Float64Array, at: number, { classes, positive }: Target, threshold: number): number {
  const place = classes.indexOf(positive);
  if ((table[at + place] as number) >= threshold) return place;
  let best = place === 0 ? 1 : 0;
  for (let k = 0; k < classes.length; k++)
    if (k !== place && (table[at + k] as number) > (table[at + best] as number)) best = k;
  return best;
}

/**
 * Result of a row with so many classes.
 *
 * @param own the row's calibrated probabilities, all finite.
 */
export function classResult(
  own: Float64Array,
  target: Target,
  { threshold }: Decision,
  issues: readonly CellIssue[],
): ScoredRecord & { readonly probability: number } {
  const { classes, positive } = target;
  const probability = own[classes.indexOf(positive)] as number;
  const label = classes[classAt(own, 0, target, threshold)] ?? positive;
  const probabilities = Object.fromEntries(classes.map((name, k) => [name, own[k] as number]));
  return { probability, label, issues, probabilities };
}
