import { mergeProfiles, type Profile } from "../../data/profile/index.js";
import { sequentialPlan, stepOf, type SequentialPlan } from "./plan.js";

/** One window's parts, the oldest first: the last four, and the one being filled. */
export interface WindowParts<Part> {
  /** In periods. */
  readonly length: number;
  readonly open: Part | null;
  readonly closed: readonly (Part | null)[];
}

/**
 * The last periods, merged into windows of several lengths, in constant memory: at most five parts for each window,
 * however long it is. Plain JSON.
 */
export interface Windows<Part> {
  /** Periods added so far. */
  readonly period: number;
  readonly windows: readonly WindowParts<Part>[];
}

/** Adds two parts. */
export type Merge<Part> = (a: Part, b: Part) => Part;

/** Windows without any period yet. */
export const noPeriods = <Part>(lengths: readonly number[]): Windows<Part> => ({
  period: 0,
  windows: lengths.map((length) => ({ length, open: null, closed: [] })),
});

const both = <Part>(a: Part | null, b: Part | null, merge: Merge<Part>): Part | null =>
  a === null || b === null ? (a ?? b) : merge(a, b);

/**
 * Adds one period, and returns the windows that are due: four times in a window's length.
 *
 * @param part null for a period without rows.
 */
export function addPart<Part>(
  state: Windows<Part>,
  part: Part | null,
  merge: Merge<Part>,
): { readonly state: Windows<Part>; readonly due: readonly { readonly window: number; readonly part: Part }[] } {
  const period = state.period + 1;
  const due: { window: number; part: Part }[] = [];
  const windows = state.windows.map((window): WindowParts<Part> => {
    const { length } = window;
    const step = stepOf(length);
    const open = both(window.open, part, merge);
    if (period % step !== 0) return { ...window, open };
    const kept = Math.ceil(length / step) - 1;
    const closed = [...(kept === 0 ? [] : window.closed.slice(-kept)), open];
    const whole = closed.reduce<Part | null>((sum, each) => both(sum, each, merge), null);
    if (whole !== null) due.push({ window: length, part: whole });
    return { length, open: null, closed: kept === 0 ? [] : closed };
  });
  return { state: { period, windows }, due };
}

/** Returns the current content of a window: at least three quarters of its length once that has passed. */
export function recent<Part>({ windows }: Windows<Part>, length: number, merge: Merge<Part>): Part | null {
  const window = windows.find((each) => each.length === length);
  return [...(window?.closed ?? []), window?.open ?? null].reduce<Part | null>(
    (sum, each) => both(sum, each, merge),
    null,
  );
}

/** Skips periods without rows, many at once: after `longest` of them all windows are empty. */
export function skipPeriods<Part>(state: Windows<Part>, periods: number): Windows<Part> {
  return { ...noPeriods<Part>(state.windows.map(({ length }) => length)), period: state.period + periods };
}

/** Windows of profiles. */
export interface ProfileWindows extends Windows<Profile> {
  readonly format: 1;
}

/** A due window, with all its periods merged. */
export interface DueWindow {
  readonly window: number;
  readonly profile: Profile;
}

/** Windows of profiles without any period yet. */
export const startWindows = (plan: Partial<SequentialPlan> = {}): ProfileWindows => ({
  format: 1,
  ...noPeriods<Profile>(sequentialPlan(plan).windows),
});

/**
 * Adds one period's profile, and returns the windows that are due.
 *
 * @param profile counted against the same reference as all before; null for a period without rows.
 * @throws ChurnkitError CONTRACT_MISMATCH if it was counted against another reference.
 */
export function addPeriod(
  windows: ProfileWindows,
  profile: Profile | null,
): { readonly state: ProfileWindows; readonly due: readonly DueWindow[] } {
  const { state, due } = addPart(windows, profile, (a, b) => mergeProfiles(a, b));
  return { state: { format: 1, ...state }, due: due.map(({ window, part }) => ({ window, profile: part })) };
}
