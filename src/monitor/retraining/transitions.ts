import { decideRetraining, type RetrainingDecision } from "./decide.js";
import { rememberTriggers, type RetrainingSignals } from "./observe.js";
import type { RetrainingPolicy, RetrainingTrigger } from "./retraining-policy.js";
import {
  shortText,
  type FinishedRun,
  type PendingTrigger,
  type RetrainingState,
  type RunStatus,
} from "./retraining-state.js";

const dayMs = 86_400_000;
/** Finished runs that are kept in addition to those that the budget needs. */
const keptRuns = 50;

const later = (now: Date, minutes: number): string => new Date(now.getTime() + minutes * 60_000).toISOString();

/**
 * Returns the state with a run in progress; the caller has decided that it may start. Pure, like all functions here.
 */
export function beginRun(
  policy: RetrainingPolicy,
  state: RetrainingState,
  run: { id: string; owner: string },
  now: Date,
): RetrainingState {
  const triggers = [...new Set(state.pending.map(({ kind }): RetrainingTrigger => kind))];
  const cost = policy.budget.costPerRun ?? 0;
  return {
    ...state,
    running: {
      id: run.id,
      owner: shortText(run.owner),
      startedAt: now.toISOString(),
      leaseUntil: later(now, policy.leaseMinutes),
      reference: null,
      triggers,
      cost,
    },
  };
}

/**
 * Returns the state with the lease of a run renewed, and the started system's name for it; unchanged if it is not in
 * progress.
 */
export function renewRun(
  policy: RetrainingPolicy,
  state: RetrainingState,
  id: string,
  now: Date,
  reference?: string,
): RetrainingState {
  const { running } = state;
  if (running?.id !== id) return state;
  const named = reference === undefined ? running.reference : shortText(reference);
  return { ...state, running: { ...running, reference: named, leaseUntil: later(now, policy.leaseMinutes) } };
}

/** How a run ended. */
export interface RunEnd {
  readonly status: RunStatus;
  readonly detail?: string | undefined;
  readonly reference?: string | undefined;
  /** Actual cost, in place of the reserved cost. */
  readonly cost?: number | undefined;
}

/**
 * Returns the state with a run over; unchanged if that run is not in progress. A success serves the triggers that
 * were last seen before it began; those seen since stay, in doubt. Any other end serves none.
 */
export function endRun(
  policy: RetrainingPolicy,
  state: RetrainingState,
  id: string,
  end: RunEnd,
  now: Date,
): RetrainingState {
  const { running } = state;
  if (running?.id !== id) return state;
  // A clock that was set back must not put the end before the start.
  const finishedAt = new Date(Math.max(now.getTime(), Date.parse(running.startedAt))).toISOString();
  const finished: FinishedRun = {
    id,
    startedAt: running.startedAt,
    finishedAt,
    status: end.status,
    reference: end.reference === undefined ? running.reference : shortText(end.reference),
    triggers: running.triggers,
    cost: end.cost ?? running.cost,
    detail: shortText(end.detail ?? ""),
  };
  const succeeded = end.status === "succeeded";
  return {
    ...state,
    running: null,
    runs: pruned(policy, [finished, ...state.runs], now),
    pending: succeeded ? state.pending.flatMap((entry) => afterSuccess(entry, running.startedAt)) : state.pending,
    lastSuccess: succeeded ? { startedAt: running.startedAt, finishedAt } : state.lastSuccess,
  };
}

function afterSuccess(entry: PendingTrigger, startedAt: string): PendingTrigger[] {
  return entry.lastSeen <= startedAt ? [] : [{ ...entry, firstSeen: entry.lastSeen, doubtful: true }];
}

function pruned(policy: RetrainingPolicy, runs: readonly FinishedRun[], now: Date): FinishedRun[] {
  const from = now.getTime() - policy.budget.perDays * dayMs;
  return runs.filter(({ startedAt }, i) => i < keptRuns || Date.parse(startedAt) > from);
}

/** Returns the state in which a run past its lease counts as crashed. */
export function releaseCrashed(policy: RetrainingPolicy, state: RetrainingState, now: Date): RetrainingState {
  const { running } = state;
  if (running === null || Date.parse(running.leaseUntil) > now.getTime()) return state;
  return endRun(
    policy,
    state,
    running.id,
    { status: "crashed", detail: `it has been silent since its lease ended at ${running.leaseUntil}` },
    now,
  );
}

/**
 * One round on a state: takes a run that is silent for crashed, remembers the signals, decides, and claims the run where that is
 * the decision. What the controller does in its store and a pipeline from JSON to JSON.
 */
export function decideAndClaim(
  policy: RetrainingPolicy,
  before: RetrainingState,
  all: readonly RetrainingSignals[],
  run: { readonly id: string; readonly owner: string },
  now: Date,
): { readonly decision: RetrainingDecision; readonly state: RetrainingState } {
  const seen = all.reduce(
    (known, signals) => rememberTriggers(policy, known, signals, now),
    releaseCrashed(policy, before, now),
  );
  const critical = all.flatMap((signals) => signals.critical ?? []);
  const decision = decideRetraining(policy, seen, { critical }, now);
  return { decision, state: decision.action === "retrain" ? beginRun(policy, seen, run, now) : seen };
}
