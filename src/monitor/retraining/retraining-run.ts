import type { RetrainingPolicy, RetrainingTrigger } from "./retraining-policy.js";
import type { FinishedRun, RetrainingRun, RetrainingState } from "./retraining-state.js";
import { endRun, renewRun, type RunEnd } from "./transitions.js";

/** Inputs of a run. */
export interface RetrainingRunContext {
  /**
   * Unique, 44 letters, digits and -: pass it on as the request token or execution name, so that a repeated call does
   * nothing.
   */
  readonly runId: string;
  /** The kinds of triggers that it serves. */
  readonly triggers: readonly RetrainingTrigger[];
  /** Aborted when the run must end: everything was stopped, or its lease was lost to another process. */
  readonly signal: AbortSignal;
}

/** Result of a run; `undefined` is a success too. */
export type RetrainingOutcome =
  | {
      readonly status: "succeeded" | "failed";
      readonly detail?: string;
      readonly reference?: string;
      readonly cost?: number;
    }
  | { readonly status: "started"; readonly reference?: string };

/** Retrains, or starts a system that retrains. */
export type RetrainingWork = (context: RetrainingRunContext) => Promise<RetrainingOutcome | undefined>;

interface LeaseRoom {
  readonly policy: RetrainingPolicy;
  readonly change: (work: (state: RetrainingState, at: Date) => RetrainingState) => Promise<RetrainingState>;
  readonly work: RetrainingWork;
  readonly now: () => Date;
  /** Called whenever the lease is renewed. */
  readonly beat: () => Promise<void>;
  readonly tell: (error: unknown) => void;
}

/** Runs the work of a claimed run while its lease is renewed, and records its end. Null if it continues elsewhere. */
export async function runUnderLease(room: LeaseRoom, run: RetrainingRun): Promise<FinishedRun | null> {
  const aborter = new AbortController();
  const stopRenewing = keepLease(room, run, aborter);
  let outcome: RetrainingOutcome;
  try {
    outcome = (await room.work({ runId: run.id, triggers: run.triggers, signal: aborter.signal })) ?? {
      status: "succeeded",
    };
  } catch (error) {
    outcome = { status: "failed", detail: error instanceof Error ? error.message : String(error) };
  } finally {
    stopRenewing();
  }
  const { reference } = outcome;
  if (outcome.status === "started") {
    await room.change((state, at) => renewRun(room.policy, state, run.id, at, reference));
    return null;
  }
  const end: RunEnd = outcome;
  const state = await room.change((before, at) => endRun(room.policy, before, run.id, end, at));
  return state.runs.find(({ id }) => id === run.id) ?? null;
}

/** Renews a lease three times in its length; aborts the run when the lease is lost, or all is stopped. */
function keepLease(
  { policy, change, now, beat, tell }: LeaseRoom,
  run: RetrainingRun,
  aborter: AbortController,
): () => void {
  let leaseUntil = Date.parse(run.leaseUntil);
  const renew = async (): Promise<void> => {
    const state = await change((before, at) => renewRun(policy, before, run.id, at));
    if (state.running?.id !== run.id) aborter.abort(new Error("the lease of this run was lost to another process"));
    else leaseUntil = Date.parse(state.running.leaseUntil);
    await beat();
    if (state.stopped !== null)
      aborter.abort(new Error(`${state.stopped.by} stopped all retraining: ${state.stopped.reason}`));
  };
  const failed = (error: unknown): void => {
    tell(error);
    // Other processes treat a run whose lease has ended as crashed.
    if (now().getTime() >= leaseUntil) aborter.abort(error);
  };
  const timer = setInterval(
    () => {
      renew().catch(failed);
    },
    (policy.leaseMinutes * 60_000) / 3,
  );
  return () => clearInterval(timer);
}
