import { quietly } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { typedStore, type ObjectStore } from "../../io/store/index.js";
import type { MetricSink, MonitorMetric } from "../../io/metrics/index.js";
import type { RetrainingDecision } from "./decide.js";
import { heartbeat } from "./heartbeat.js";
import { rememberTriggers, type RetrainingSignals } from "./observe.js";
import { checkRetrainingPolicy, type RetrainingPolicy } from "./retraining-policy.js";
import { runUnderLease, type RetrainingWork } from "./retraining-run.js";
import { changeState, readRetrainingState } from "./state-store.js";
import type { FinishedRun, RetrainingRun, RetrainingState } from "./retraining-state.js";
import { decideAndClaim, endRun, renewRun, type RunEnd } from "./transitions.js";

/** State of a run in the started system: still running, over, or unknown. */
export type RunReport = "running" | "unknown" | RunEnd;

/** Functions that a controller calls: to start runs and to read signals. */
export interface RetrainingControllerOptions {
  /**
   * Retrains: the local pipeline, or a call that starts one elsewhere. The run ends with its promise, unless it
   * returns `{ status: "started" }`: then `check` reports when the run is over. An error is a failure, with its
   * message.
   */
  readonly run: RetrainingWork;
  /**
   * Checks a run, by its `id` or `reference`; called in every round while a run is in progress elsewhere. An error
   * counts as "running", so that there is at most one run even while the other system cannot be reached.
   */
  readonly check?: ((run: RetrainingRun) => Promise<RunReport>) | undefined;
  /** Reads the current levels in every round, so that missed changes are found again. */
  readonly signals?: (() => Promise<RetrainingSignals>) | undefined;
  /**
   * Receives `retraining_decisions_total`, `pipeline_runs_total`, `pipeline_duration_seconds` and
   * `monitor_heartbeat_timestamp_seconds`, each with the label `policy`.
   */
  readonly sink?: MetricSink | undefined;
  /** Called for failures that do not stop a round: of `signals`, `check`, `sink` and of a lease's renewal. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Author of changes in the state; default "churnkit". */
  readonly owner?: string | undefined;
  /** The current time; default the system's. */
  readonly now?: (() => Date) | undefined;
}

/** Result of one round. */
export interface RetrainingRound {
  readonly decision: RetrainingDecision;
  /** The run that this round started, if it is over; null if none was started or it continues elsewhere. */
  readonly run: FinishedRun | null;
}

/** A retraining policy running on a store. Any number of controllers, in any number of processes, may share it. */
export interface RetrainingController {
  /**
   * One round: releases a crashed run, finds out about one elsewhere, reads the signals, remembers triggers, decides,
   * starts a run if that is the decision, waits for it, and sends a heartbeat. Call it by a timer or a schedule and
   * at every alarm; extra calls do no harm, and the next call makes up for a missed one.
   */
  reconcile(signals?: RetrainingSignals): Promise<RetrainingRound>;
  /** Remembers triggers without deciding, for callers that must be fast: the next round finds them. */
  remember(signals: RetrainingSignals): Promise<void>;
  state(): Promise<RetrainingState>;
}

/**
 * Runs retraining by a policy: at most one run at a time over all processes, within the budget, and without losing a
 * trigger. State and heartbeat (with the policy's name) are kept in the store.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid policy or a store without compare-and-swap.
 * @example
 * ```ts
 * import { retrainingController, retrainingPolicy } from "churnkit/monitor";
 * import { memoryStore } from "churnkit/io";
 *
 * const controller = retrainingController(memoryStore(), retrainingPolicy({ name: "churn" }), {
 *   run: async ({ runId, triggers }) => ({ status: "succeeded", detail: `${runId} retrained because of ${triggers.join()}` }),
 * });
 * const { decision, run } = await controller.reconcile({ psi: { value: 0.31, column: "tenure" } });
 * console.assert(decision.action === "retrain" && run?.status === "succeeded");
 * console.assert((await controller.reconcile()).decision.action === "skip");
 * ```
 */
export function retrainingController(
  given: ObjectStore,
  policy: RetrainingPolicy,
  options: RetrainingControllerOptions,
): RetrainingController {
  const store = typedStore(given);
  const { owner = "churnkit", now = () => new Date(), onError } = options;
  const checked = checkRetrainingPolicy(policy);
  const { name } = checked;
  if (!store.capabilities.compareAndSwap) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The store ${store.name} has no compare-and-swap, so two runs could start at once. Use another store.`,
    );
  }
  const change = (work: (state: RetrainingState, at: Date) => RetrainingState): Promise<RetrainingState> =>
    changeState(store, name, now, work);
  const tell = (error: unknown): void => quietly(() => onError?.(error));

  const askAfter = async (run: RetrainingRun): Promise<void> => {
    if (options.check === undefined) return;
    const report = await options.check(run).catch((error: unknown): RunReport => {
      tell(error);
      return "running";
    });
    if (report === "running") await change((state, at) => renewRun(checked, state, run.id, at));
    else if (report !== "unknown") {
      const { runs } = await change((state, at) => endRun(checked, state, run.id, report, at));
      await measureRun(runs.find(({ id }) => id === run.id));
    }
  };

  const measure = async (metric: MonitorMetric, value: number, labels: Record<string, string> = {}): Promise<void> => {
    try {
      await options.sink?.write([{ name: metric, value, labels: { ...labels, policy: name }, at: now() }]);
    } catch (error) {
      tell(error);
    }
  };
  const measureRun = async (run: FinishedRun | null | undefined): Promise<void> => {
    if (run === null || run === undefined) return;
    await measure("pipeline_runs_total", 1, { status: run.status });
    await measure("pipeline_duration_seconds", (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000);
  };
  const beat = async (detail: string): Promise<void> => {
    const at = now();
    await measure("monitor_heartbeat_timestamp_seconds", at.getTime() / 1000);
    await heartbeat(store, { monitor: name, everySeconds: checked.checkEveryHours * 3600, detail, now: at }).catch(
      tell,
    );
  };

  const readSignals = async (): Promise<RetrainingSignals> => {
    try {
      return (await options.signals?.()) ?? {};
    } catch (error) {
      tell(error);
      return {};
    }
  };

  /** Decides on the newest state and, if a run is due, claims it in the same write. */
  const decide = async (
    all: readonly RetrainingSignals[],
  ): Promise<{ decision: RetrainingDecision; claimed: RetrainingRun | null }> => {
    const id = `retrain-${crypto.randomUUID()}`;
    let decision: RetrainingDecision | undefined;
    const state = await change((before, at) => {
      const round = decideAndClaim(checked, before, all, { id, owner }, at);
      decision = round.decision;
      return round.state;
    });
    if (decision === undefined)
      throw new ChurnkitError("STORE_FAILED", `The store ${store.name} kept a change that was never made.`);
    return { decision, claimed: state.running?.id === id ? state.running : null };
  };

  return {
    async reconcile(signals = {}) {
      const { running } = await readRetrainingState(store, name, now());
      if (running !== null) await askAfter(running);
      const { decision, claimed } = await decide([await readSignals(), signals]);
      await measure("retraining_decisions_total", 1, { action: decision.action });
      await beat(decision.explanation);
      if (claimed === null) return { decision, run: null };
      const lease = {
        policy: checked,
        change,
        work: options.run,
        now,
        tell,
        beat: () => beat(`run ${claimed.id} is in progress`),
      };
      const run = await runUnderLease(lease, claimed);
      await measureRun(run);
      await beat(decision.explanation);
      return { decision, run };
    },
    async remember(signals) {
      await change((state, at) => rememberTriggers(checked, state, signals, at));
    },
    state: () => readRetrainingState(store, name, now()),
  };
}
