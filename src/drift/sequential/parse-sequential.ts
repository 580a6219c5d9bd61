import {
  count,
  list,
  nullable,
  number,
  numbers,
  object,
  oneOf,
  text,
  version,
  where,
  withDefault,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { profileDecoder, type Profile } from "../../data/profile/index.js";
import type { EndedAlarm, SequentialAlarm, SequentialState } from "./state.js";
import { sequentialPlan, stepOf, type SequentialPlan } from "./plan.js";
import type { ProfileWindows, WindowParts } from "./windows.js";

/** A state holds one alarm for each column at most. */
const maxAlarms = 10_002;

const head = {
  column: text(10_000),
  severity: oneOf(["warning", "critical"]),
  what: oneOf(["distribution", "psi", "jensenShannon", "missing", "newLevels", "rejected", "concept"]),
};
const alarm: Decoder<SequentialAlarm> = object({
  ...head,
  window: count(),
  rows: withDefault(count(), 0),
  log10p: number(),
  effect: number(),
  since: count(),
});
const ended: Decoder<EndedAlarm> = object({ ...head, window: withDefault(count(), 1), at: count() });

const bySeverity = object({ warning: number(), critical: number() });
const planMembers = object({ periodsPerYear: number(), windows: numbers(100), falseAlarmsPerYear: bySeverity });
const plan: Decoder<SequentialPlan> = (json) => sequentialPlan(planMembers(json));

/** A state as a part of another document. */
export const sequentialDecoder: Decoder<SequentialState> = object({
  format: version(1),
  plan,
  period: count(),
  spent: bySeverity,
  alarms: where(
    list(alarm, maxAlarms),
    (alarms) => new Set(alarms.map(({ column }) => column)).size === alarms.length,
    "one alarm for each column",
  ),
  // Older states have none.
  ended: withDefault(list(ended, maxAlarms), []),
});

const malformed = documentError("INPUT_MALFORMED", "", "Restore it from a copy, or start over.");

/**
 * Reads a monitor's state from untrusted JSON; unknown members are dropped.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of the problem, OPTION_INVALID for a plan out of range.
 */
export const parseSequential = (json: unknown): SequentialState =>
  sequentialDecoder(JsonValue.of(json, "The monitor's saved state", malformed));

const part = nullable(profileDecoder);
const window: Decoder<WindowParts<Profile>> = (json) => {
  const length = count(1)(json.get("length"));
  return {
    length,
    open: part(json.get("open")),
    closed: list(part, Math.ceil(length / stepOf(length)))(json.get("closed")),
  };
};
const windows: Decoder<ProfileWindows> = object({ format: version(1), period: count(), windows: list(window, 8) });

/**
 * Reads windows of profiles from untrusted JSON.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of the problem.
 *
 * @example
 * ```ts
 * import { parseSequential, parseWindows, sequentialStart, startWindows } from "churnkit/drift";
 *
 * const state = sequentialStart();
 * const stored = JSON.stringify({ state, windows: startWindows(state.plan) });
 * const { state: kept, windows } = JSON.parse(stored) as Record<string, unknown>;
 * console.assert(parseSequential(kept).period === 0 && parseWindows(windows).period === 0);
 * ```
 */
export function parseWindows(json: unknown): ProfileWindows {
  const parsed = windows(JsonValue.of(json, "The JSON of a monitor's windows", malformed));
  // Refuses lengths that a plan cannot have.
  sequentialPlan({ windows: parsed.windows.map(({ length }) => length) });
  return parsed;
}
