import { mergeProfiles } from "../../data/profile/merge.js";
import type { Profile } from "../../data/profile/profile.js";
import { sequentialPlan, stepOf, type SequentialPlan } from "./plan.js";

/**
 * The last periods' profiles, merged to windows of several lengths. A window keeps its last four parts and the one being
 * filled, so that the memory is constant: at most five profiles for each window, however long it is. Plain JSON.
 */
export interface ProfileWindows {
  readonly format: 1;
  /** Periods added so far. */
  readonly period: number;
  readonly windows: readonly WindowParts[];
}

/** One window's parts, the oldest first. */
export interface WindowParts {
  readonly length: number;
  readonly open: Profile | null;
  readonly closed: readonly (Profile | null)[];
}

/** A window that is due to be looked at, with all its periods merged. */
export interface DueWindow {
  readonly window: number;
  readonly profile: Profile;
}

/** Windows without any period yet. */
export function startWindows(plan: Partial<SequentialPlan> = {}): ProfileWindows {
  const { windows } = sequentialPlan(plan);
  return { format: 1, period: 0, windows: windows.map((length) => ({ length, open: null, closed: [] })) };
}

/**
 * Adds one period's profile, and gives the windows whose turn it is.
 *
 * @param profile counted against the same reference as all before; null for a period without rows.
 * @throws ChurnkitError CONTRACT_MISMATCH where it was counted against another reference.
 */
export function addPeriod(
  state: ProfileWindows,
  profile: Profile | null,
): { readonly state: ProfileWindows; readonly due: readonly DueWindow[] } {
  const period = state.period + 1;
  const due: DueWindow[] = [];
  const windows = state.windows.map((window): WindowParts => {
    const { length } = window;
    const step = stepOf(length);
    const open = both(window.open, profile);
    if (period % step !== 0) return { ...window, open };
    const kept = Math.ceil(length / step) - 1;
    const closed = [...(kept === 0 ? [] : window.closed.slice(-kept)), open];
    const merged = closed.reduce(both, null);
    if (merged !== null) due.push({ window: length, profile: merged });
    return { length, open: null, closed: kept === 0 ? [] : closed };
  });
  return { state: { format: 1, period, windows }, due };
}

function both(a: Profile | null, b: Profile | null): Profile | null {
  if (a === null || b === null) return a ?? b;
  return mergeProfiles(a, b);
}
