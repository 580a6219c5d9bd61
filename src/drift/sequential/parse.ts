import { ChurnkitError } from "../../base/errors.js";
import { parseProfile } from "../../data/profile/parse.js";
import type { EndedAlarm, SequentialAlarm, SequentialState } from "./state.js";
import { sequentialPlan, stepOf, type SequentialPlan } from "./plan.js";
import type { ProfileWindows, WindowParts } from "./windows.js";

const kinds = ["distribution", "psi", "jensenShannon", "missing", "newLevels", "rejected", "concept"] as const;
/** A state holds one alarm for each column at most. */
const MOST_ALARMS = 10_002;

/**
 * Reads a monitor's state from JSON that anybody may have written; unknown members are dropped.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of what is wrong, OPTION_INVALID for a plan out of range.
 */
export function parseSequential(json: unknown): SequentialState {
  const state = members(json, "$");
  if (state["format"] !== 1) fail("$.format", "1");
  const spent = members(state["spent"], "$.spent");
  const alarms = list(state["alarms"], "$.alarms", MOST_ALARMS).map((alarm, i) => parseAlarm(alarm, `$.alarms[${i}]`));
  if (new Set(alarms.map(({ column }) => column)).size !== alarms.length) fail("$.alarms", "one alarm for each column");
  return {
    format: 1,
    plan: parsePlan(state["plan"]),
    period: count(state["period"], "$.period"),
    spent: {
      warning: number(spent["warning"], "$.spent.warning"),
      critical: number(spent["critical"], "$.spent.critical"),
    },
    alarms,
    // Older states have none.
    ended: list(state["ended"] ?? [], "$.ended", MOST_ALARMS).map((alarm, i) => parseEnded(alarm, `$.ended[${i}]`)),
  };
}

function parsePlan(json: unknown): SequentialPlan {
  const plan = members(json, "$.plan");
  const allowed = members(plan["falseAlarmsPerYear"], "$.plan.falseAlarmsPerYear");
  return sequentialPlan({
    periodsPerYear: number(plan["periodsPerYear"], "$.plan.periodsPerYear"),
    windows: list(plan["windows"], "$.plan.windows", 100).map((length) => number(length, "$.plan.windows")),
    falseAlarmsPerYear: {
      warning: number(allowed["warning"], "$.plan.falseAlarmsPerYear.warning"),
      critical: number(allowed["critical"], "$.plan.falseAlarmsPerYear.critical"),
    },
  });
}

function parseEnded(json: unknown, path: string): EndedAlarm {
  const alarm = members(json, path);
  return { ...parseHead(alarm, path), window: count(alarm["window"] ?? 1, `${path}.window`), at: count(alarm["at"], `${path}.at`) };
}

function parseHead(alarm: Members, path: string): Pick<SequentialAlarm, "column" | "severity" | "what"> {
  const { column, severity } = alarm;
  const what = kinds.find((kind) => kind === alarm["what"]);
  if (typeof column !== "string" || column.length > 10_000) return fail(`${path}.column`, "a column's name");
  if (severity !== "warning" && severity !== "critical") return fail(`${path}.severity`, "warning or critical");
  if (what === undefined) return fail(`${path}.what`, `one of ${kinds.join(", ")}`);
  return { column, severity, what };
}

function parseAlarm(json: unknown, path: string): SequentialAlarm {
  const alarm = members(json, path);
  return {
    ...parseHead(alarm, path),
    window: count(alarm["window"], `${path}.window`),
    rows: count(alarm["rows"] ?? 0, `${path}.rows`),
    log10p: number(alarm["log10p"], `${path}.log10p`),
    effect: number(alarm["effect"], `${path}.effect`),
    since: count(alarm["since"], `${path}.since`),
  };
}

/**
 * Reads windows of profiles from JSON that anybody may have written.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of what is wrong.
 */
export function parseWindows(json: unknown): ProfileWindows {
  const state = members(json, "$");
  if (state["format"] !== 1) fail("$.format", "1");
  const profile = (value: unknown): WindowParts["open"] => (value === null ? null : parseProfile(value));
  const windows = list(state["windows"], "$.windows", 8).map((item, i): WindowParts => {
    const path = `$.windows[${i}]`;
    const window = members(item, path);
    const length = count(window["length"], `${path}.length`);
    const parts = Math.ceil(length / stepOf(length));
    const closed = list(window["closed"], `${path}.closed`, parts).map(profile);
    return { length, open: profile(window["open"]), closed };
  });
  // Refuses lengths that no plan may have.
  sequentialPlan({ windows: windows.map(({ length }) => length) });
  return { format: 1, period: count(state["period"], "$.period"), windows };
}

type Members = Readonly<Record<string, unknown>>;

const members = (value: unknown, path: string): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : fail(path, "an object");

const list = (value: unknown, path: string, limit: number): readonly unknown[] =>
  Array.isArray(value) && value.length <= limit ? value : fail(path, `an array of at most ${limit}`);

const number = (value: unknown, path: string): number =>
  typeof value === "number" && Number.isFinite(value) ? value : fail(path, "a finite number");

const count = (value: unknown, path: string): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : fail(path, "a count");

function fail(path: string, expected: string): never {
  throw new ChurnkitError(
    "INPUT_MALFORMED",
    `The monitor's saved state is malformed at ${path}: expected ${expected}. Restore it from a copy, or start anew.`,
    { where: { path } },
  );
}
