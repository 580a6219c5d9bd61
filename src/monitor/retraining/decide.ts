import { leastAccuracyLabels, rememberTriggers, scheduleDue, type RetrainingSignals } from "./observe.js";
import type { RetrainingPolicy } from "./retraining-policy.js";
import { shortText, type PendingTrigger, type RetrainingState } from "./retraining-state.js";

/** Reasons to hold a run back. */
export const retrainingBlocks = {
  stopped: "all retraining is stopped, or the policy is disabled",
  running: "a run is in progress",
  cooldown: "the last run ended too recently",
  runs: "the budget of runs is used up",
  cost: "the budget of cost is used up",
} as const;

/** Reason why a wanted run does not start. */
export interface RetrainingBlock {
  readonly kind: keyof typeof retrainingBlocks;
  /** When it ends without action, ISO 8601; null if it does not. */
  readonly until: string | null;
  readonly message: string;
}

/** A decision and its reasons; plain JSON. */
export interface RetrainingDecision {
  /** `retrain`: start a run. `wait`: one is wanted but delayed. `skip`: none is wanted, or all is stopped. */
  readonly action: "retrain" | "wait" | "skip";
  /** All triggers that no run has served yet. */
  readonly triggers: readonly PendingTrigger[];
  readonly blockedBy: readonly RetrainingBlock[];
  /** The decision in words, with every trigger and every block. */
  readonly explanation: string;
  /** Latest time of the next check, ISO 8601. */
  readonly nextCheck: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Decides whether to retrain now, purely from the policy, the state and the signals. It changes nothing;
 * `rememberTriggers` with the same arguments returns the next state.
 *
 * @throws ChurnkitError VALUE_INVALID for a signal that is not a finite number in its range.
 * @example
 * ```ts
 * import { decideRetraining, newRetrainingState, retrainingPolicy } from "churnkit/monitor";
 *
 * const now = new Date("2026-11-21T12:00:00Z");
 * const decision = decideRetraining(retrainingPolicy(), newRetrainingState(now), { accuracy: { value: 0.78, labels: 900 } }, now);
 * console.assert(decision.action === "retrain" && decision.explanation.includes("accuracy 0.78 is below 0.8"));
 * ```
 */
export function decideRetraining(
  policy: RetrainingPolicy,
  state: RetrainingState,
  signals: RetrainingSignals,
  now: Date,
): RetrainingDecision {
  const seen = rememberTriggers(policy, state, signals, now);
  const triggers = seen.pending;
  const blockedBy = blocks(policy, seen, now);
  const off = blockedBy.some(({ kind }) => kind === "stopped");
  const action = off || triggers.length === 0 ? "skip" : blockedBy.length > 0 ? "wait" : "retrain";
  return {
    action,
    triggers,
    blockedBy,
    explanation: explain(action, triggers, blockedBy, criticalWords(policy, state, signals)),
    nextCheck: nextCheck(policy, seen, blockedBy, now),
  };
}

function blocks(policy: RetrainingPolicy, state: RetrainingState, now: Date): RetrainingBlock[] {
  const found: RetrainingBlock[] = [];
  const add = (kind: RetrainingBlock["kind"], message: string, until: number | null = null): void => {
    found.push({ kind, message, until: until === null ? null : new Date(until).toISOString() });
  };
  const { stopped, running } = state;
  if (stopped !== null) add("stopped", `${stopped.by} stopped all retraining at ${stopped.at}: ${stopped.reason}`);
  if (!policy.enabled) add("stopped", "the policy is disabled");
  if (running !== null)
    add("running", `run ${running.id} has been running since ${running.startedAt}`, Date.parse(running.leaseUntil));
  const asked = state.pending.some(({ kind }) => kind === "manual");
  const last = state.runs[0];
  if (last !== undefined && !asked) {
    const hours = last.status === "succeeded" ? policy.cooldownHours : policy.retryHours;
    const end = Date.parse(last.finishedAt) + hours * hourMs;
    if (end > now.getTime())
      add("cooldown", `the last run ${last.status} at ${last.finishedAt}, less than ${hours} hours ago`, end);
  }
  return [...found, ...budgetBlocks(policy, state, now)];
}

/** Runs that began within the period count, whatever their result. */
function budgetBlocks({ budget }: RetrainingPolicy, state: RetrainingState, now: Date): RetrainingBlock[] {
  const period = budget.perDays * dayMs;
  const counted = [...(state.running === null ? [] : [state.running]), ...state.runs]
    .map(({ startedAt, cost }) => ({ leaves: Date.parse(startedAt) + period, cost }))
    .filter(({ leaves }) => leaves > now.getTime())
    .sort((a, b) => a.leaves - b.leaves);
  const found: RetrainingBlock[] = [];
  const until = (leaves: number | undefined): string | null =>
    leaves === undefined ? null : new Date(leaves).toISOString();
  if (counted.length >= budget.runs) {
    const message = `the budget of ${budget.runs} runs in ${budget.perDays} days is used up`;
    found.push({
      kind: "runs",
      message,
      until: budget.runs === 0 ? null : until(counted[counted.length - budget.runs]?.leaves),
    });
  }
  const { cost: limit, costPerRun = 0 } = budget;
  let spent = counted.reduce((sum, { cost }) => sum + cost, 0);
  if (limit !== undefined && spent + costPerRun > limit) {
    const message = `a run at ${costPerRun} would exceed the budget of ${limit} in ${budget.perDays} days, of which ${spent} is spent`;
    const enough = counted.find(({ cost }) => (spent -= cost) + costPerRun <= limit);
    found.push({ kind: "cost", message, until: until(enough?.leaves) });
  }
  return found;
}

function explain(
  action: RetrainingDecision["action"],
  triggers: readonly PendingTrigger[],
  blockedBy: readonly RetrainingBlock[],
  critical: string,
): string {
  const why = triggers.map(({ message }) => message).join("; ");
  const held = blockedBy
    .map(({ message, until }) => (until === null ? message : `${message} (until ${until})`))
    .join("; ");
  if (action === "retrain") return `Retrain: ${why}.`;
  if (action === "wait") return `Wait: ${why}; but ${held}.`;
  if (triggers.length === 0) {
    const none = held === "" ? "no trigger is pending" : `no trigger is pending; ${held}`;
    return critical === "" ? `Nothing to do: ${none}.` : `No retraining: ${none}. ${critical}`;
  }
  return `Stopped: ${held}. Still pending: ${why}.`;
}

/**
 * Describes critical findings that do not start a retraining, and why: a critical report is never passed over in
 * silence.
 */
function criticalWords(
  { accuracy, psi }: RetrainingPolicy,
  { lastSuccess }: RetrainingState,
  { critical = [] }: RetrainingSignals,
): string {
  if (critical.length === 0) return "";
  const served = lastSuccess === null ? -Infinity : Date.parse(lastSuccess.startedAt);
  const found = critical.filter(({ at }) => at === undefined || at.getTime() > served);
  if (found.length === 0)
    return "The report is critical, but it describes the model before the last retraining. Make a new report.";
  const rules = [
    ...(accuracy === undefined
      ? []
      : [`an accuracy below ${accuracy.below} from ${accuracy.minLabels ?? leastAccuracyLabels} labels on`]),
    ...(psi === undefined ? [] : [`a PSI of a feature above ${psi.above}`]),
  ];
  const by = rules.length === 0 ? "accuracy and PSI are not watched" : `it retrains only for ${rules.join(" or ")}`;
  const told = found.map(({ name, message, action }) => `${name}: ${shortText(message)} ${shortText(action)}`);
  return `The report is critical, but this policy does not retrain for that: ${by}. ${told.join(" ")}`;
}

/** The earliest time at which the decision may change without new signals, and `checkEveryHours` at the latest. */
function nextCheck(
  policy: RetrainingPolicy,
  state: RetrainingState,
  blockedBy: readonly RetrainingBlock[],
  now: Date,
): string {
  const times = blockedBy.map(({ until }) => (until === null ? Infinity : Date.parse(until)));
  const ahead = [...times, scheduleDue(policy, state), now.getTime() + policy.checkEveryHours * hourMs].filter(
    (time) => time > now.getTime(),
  );
  return new Date(Math.min(...ahead)).toISOString();
}
