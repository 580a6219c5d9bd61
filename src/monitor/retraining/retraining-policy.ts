import { ChurnkitError } from "../../base/errors.js";
import { checkKey } from "../../io/store/index.js";
import { nextDue, type RetrainingSchedule } from "./schedule.js";

/** Reasons for retraining: the kinds of triggers. */
export const retrainingTriggers = {
  schedule: "the scheduled time has passed since the last success started",
  accuracy: "realized accuracy is below the limit, with enough mature labels",
  psi: "a population stability index is above the limit",
  newLabels: "enough labels have arrived since the last training",
  alarm: "an alarm in another system fired",
  manual: "someone requested it",
} as const;

/** A kind of {@link retrainingTriggers}. */
export type RetrainingTrigger = keyof typeof retrainingTriggers;

/** When a model is retrained, and when not: plain JSON. A trigger without its member is not watched. */
export interface RetrainingPolicy {
  /** Names the policy's state in the store: one segment of letters, digits and `._-`. */
  readonly name: string;
  /** If false, nothing is started; triggers are still remembered. */
  readonly enabled: boolean;
  readonly schedule?: RetrainingSchedule | undefined;
  /** Accuracy in [0, 1]; a value from fewer than `minLabels` labels (default 100) is not judged. */
  readonly accuracy?: { readonly below: number; readonly minLabels?: number | undefined } | undefined;
  readonly psi?: { readonly above: number } | undefined;
  readonly newLabels?: { readonly atLeast: number } | undefined;
  /** Whether alarms of other systems count. */
  readonly alarm: boolean;
  /** Whether requests of people count; they skip the cooldown, but not the budget. */
  readonly manual: boolean;
  /** Minimum hours from the end of a success to the next run. */
  readonly cooldownHours: number;
  /** Minimum hours from the end of a failed or crashed run to the next one. */
  readonly retryHours: number;
  /** No period of `perDays` days has more than `runs` started runs, whatever their result. */
  readonly budget: {
    readonly runs: number;
    readonly perDays: number;
    /** Maximum cost of the runs of a period, in any one currency; a run's `costPerRun` is reserved when it starts. */
    readonly cost?: number | undefined;
    readonly costPerRun?: number | undefined;
  };
  /** A run without a sign of life for this many minutes has crashed. */
  readonly leaseMinutes: number;
  /** Minimum frequency of calls of `reconcile`. */
  readonly checkEveryHours: number;
}

/** Retraining every 30 days, below an accuracy of 0.80, above a PSI of 0.25, and with 1,000 new labels. */
export const defaultRetrainingPolicy: RetrainingPolicy = {
  name: "churn",
  enabled: true,
  schedule: { everyDays: 30 },
  accuracy: { below: 0.8, minLabels: 100 },
  psi: { above: 0.25 },
  newLabels: { atLeast: 1000 },
  alarm: true,
  manual: true,
  cooldownHours: 24,
  retryHours: 1,
  budget: { runs: 4, perDays: 30 },
  leaseMinutes: 15,
  checkEveryHours: 1,
};

type Limit = readonly [min: number, max: number, whole?: "whole"];

/** Numbers of a policy by their path, with their ranges. */
const limits: Readonly<Record<string, Limit>> = {
  "schedule.everyDays": [0.01, 3650],
  "accuracy.below": [0, 1],
  "accuracy.minLabels": [1, 1e9, "whole"],
  "psi.above": [0, 1000],
  "newLabels.atLeast": [1, 1e12, "whole"],
  cooldownHours: [0, 87_600],
  retryHours: [0, 87_600],
  "budget.runs": [0, 1000, "whole"],
  "budget.perDays": [0.01, 3650],
  "budget.cost": [0, 1e12],
  "budget.costPerRun": [0, 1e12],
  leaseMinutes: [0.1, 100_000],
  checkEveryHours: [0.01, 8760],
};

const required = [
  "name",
  "enabled",
  "alarm",
  "manual",
  "cooldownHours",
  "retryHours",
  "budget",
  "leaseMinutes",
  "checkEveryHours",
];

const invalid = (path: string, what: string, value: unknown): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `The retraining policy's ${path} ${what}.`, { where: { path, value } });

/**
 * Fills in a policy from {@link defaultRetrainingPolicy} and checks it. A trigger set to `null` is not watched.
 *
 * @throws ChurnkitError OPTION_INVALID for an unknown member, a number out of range or a schedule that cannot be read.
 * @example
 * ```ts
 * import { retrainingPolicy } from "churnkit/monitor";
 *
 * const policy = retrainingPolicy({ name: "churn", schedule: { cron: "0 3 1 * *" }, newLabels: null });
 * console.assert(policy.accuracy?.below === 0.8 && policy.newLabels === undefined);
 * ```
 */
export function retrainingPolicy(
  given: { readonly [Member in keyof RetrainingPolicy]?: RetrainingPolicy[Member] | null } = {},
): RetrainingPolicy {
  if (!isPlain(given)) throw invalid("whole", "is not an object", given);
  const merged = Object.entries({ ...defaultRetrainingPolicy, ...given }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return checkRetrainingPolicy(Object.fromEntries(merged) as unknown as RetrainingPolicy);
}

/**
 * Checks a whole policy. It fills in nothing: a trigger that is left out is not watched.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function checkRetrainingPolicy(policy: RetrainingPolicy): RetrainingPolicy {
  const missing = required.find((name) => !Object.hasOwn(policy, name));
  if (missing !== undefined) throw invalid(missing, "is missing", undefined);
  for (const [name, value] of Object.entries(policy)) if (value !== undefined) checkMember(name, value);
  checkKey(policy.name);
  if (policy.name.includes("/")) throw invalid("name", "must not contain a /", policy.name);
  const { cost, costPerRun } = policy.budget;
  if (cost !== undefined && costPerRun === undefined)
    throw invalid("budget.costPerRun", "is required with budget.cost, to reserve it when a run starts", costPerRun);
  if (policy.schedule !== undefined) nextDue(policy.schedule, 0);
  return policy;
}

const texts = new Set(["name", "schedule.cron"]);
const groups: Readonly<Record<string, readonly string[]>> = {
  accuracy: ["below"],
  psi: ["above"],
  newLabels: ["atLeast"],
  budget: ["runs", "perDays"],
  schedule: [],
};

function checkMember(path: string, value: unknown): void {
  if (["enabled", "alarm", "manual"].includes(path)) {
    if (typeof value !== "boolean") throw invalid(path, "is not true or false", value);
  } else if (texts.has(path)) {
    if (typeof value !== "string") throw invalid(path, "is not a text", value);
  } else if (Object.hasOwn(limits, path)) {
    const [min, max, whole] = limits[path] ?? [0, 0];
    const fits =
      typeof value === "number" && value >= min && value <= max && (whole === undefined || Number.isInteger(value));
    if (!fits)
      throw invalid(
        path,
        `is ${String(value)}, not a ${whole ?? ""} number from ${min} to ${max}`.replace("  ", " "),
        value,
      );
  } else if (Object.hasOwn(groups, path)) {
    if (!isPlain(value)) throw invalid(path, "is not an object", value);
    const missing = groups[path]?.find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) throw invalid(`${path}.${missing}`, "is missing", undefined);
    if (path === "schedule" && Object.keys(value).length !== 1)
      throw invalid(path, "takes either everyDays or cron", value);
    for (const [name, member] of Object.entries(value))
      if (member !== undefined) checkMember(`${path}.${name}`, member);
  } else throw invalid(path, "is not known", value);
}

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
