import { awaitQuietly, quietly } from "../base/async/index.js";
import { ChurnkitError } from "../base/errors.js";
import type { ObjectStore } from "../io/store/index.js";
import type { TrainingBegin, TrainingWatch } from "../model/training/index.js";
import { trainingLog } from "./autolog/training-log.js";
import type { RunBackend } from "./runs/backend.js";
import { deliver, within, type DeliveryLimits } from "./runs/delivery.js";
import type { RunRef } from "./runs/entries.js";
import { openRun } from "./runs/open-run.js";
import type { RunDelivery, RunSync, RunTracker, StartRunOptions, TrackedRun } from "./runs/run.js";
import { spoolIn, type Spool, type Waiting } from "./runs/spool.js";

/** Options that every tracker has. */
export interface TrackerOptions {
  /** Experiment of runs that name none. Default `churn`. */
  readonly experiment?: string | undefined;
  /**
   * Keeps what could not be sent, such as a folder on this machine: `sync`, or the next `start`, sends it. It keeps up to
   * 1 GiB for each place, and a run for 90 days; the oldest go first, and `onProblem` hears of them. Without a spool it waits
   * in memory, and is lost with the process.
   */
  readonly spool?: ObjectStore | undefined;
  /** The longest that `end` waits for the tracker, in milliseconds, 0 to 3,600,000. Default 10,000. */
  readonly endMs?: number | undefined;
  /** Called when something could not be sent, once a run, when a run is dropped unsent, and when a training could not be logged. */
  readonly onProblem?: ((message: string) => void) | undefined;
}

/** Waits of a single call while the work goes on. */
const sendMs = 30_000;
/** So many failures that took so long: the place is down. Quick ones may be the runs' own, and others can be sent. */
const mostFailures = 3;
const patienceMs = 30_000;

/** The rules of all trackers, over the driver of one. */
export function trackerOver(backend: RunBackend, options: TrackerOptions): RunTracker {
  const { experiment = "churn", spool: store, endMs = 10_000, onProblem } = options;
  // A timer of more than 24 days ends at once.
  if (!(endMs >= 0 && endMs <= 3_600_000))
    throw new ChurnkitError("OPTION_INVALID", `endMs must be from 0 to 3,600,000, not ${endMs}.`);
  backend.checkExperiment(experiment);
  const limits: DeliveryLimits = { sendMs, endMs };
  const open = new Set<string>();
  const spool = store && spoolIn(store, backend.url, { open, onProblem });
  let catchingUp: Promise<void> | undefined;
  let over = new AbortController();
  let syncing: Promise<unknown> = Promise.resolve();
  const newId = runIds();

  /** An open connection would keep the process alive. */
  function stopCatchingUp(): void {
    over.abort();
    over = new AbortController();
  }

  /** Two at once could both make a run that a server does not have yet. */
  function sync(signal: AbortSignal): Promise<RunSync> {
    const turn = syncing.then(() => sendSpooled(signal));
    syncing = turn.catch(() => undefined);
    return turn;
  }

  async function sendSpooled(signal: AbortSignal): Promise<RunSync> {
    const sent = new Set<string>();
    const stuck = new Map<string, string>();
    let entries = 0;
    let failingMs = 0;
    for (const one of (await spool?.waiting()) ?? []) {
      const { id } = one.run;
      // The order within a run stays; a run of this process sends its own.
      if (stuck.has(id) || open.has(id)) continue;
      if ((stuck.size >= mostFailures && failingMs > patienceMs) || signal.aborted) {
        stuck.set(id, "not tried, because others failed before it");
        continue;
      }
      const began = performance.now();
      try {
        entries += await sendWaiting(one, { backend, spool, signal });
        sent.add(id);
      } catch (error) {
        stuck.set(id, error instanceof Error ? error.message : String(error));
        failingMs += performance.now() - began;
      }
    }
    for (const run of (await spool?.trim()) ?? []) stuck.delete(run);
    const waiting = [...stuck].map(([run, problem]) => ({ run, problem }));
    return { runs: [...sent].filter((id) => !stuck.has(id)).length, entries, waiting };
  }

  function start(given: StartRunOptions, parent: string | undefined): TrackedRun {
    const ref: RunRef = { id: newId(), experiment: given.experiment ?? experiment };
    backend.checkExperiment(ref.experiment);
    open.add(ref.id);
    const delivery = deliver(ref, { backend, spool, limits, onProblem });
    // What earlier processes left, in the background.
    if (spool !== undefined)
      catchingUp ??= awaitQuietly(() => sync(over.signal)).then(() => {
        catchingUp = undefined;
      });
    return openRun({
      ref,
      parent,
      options: given,
      push: (event) => delivery.push(event),
      async close() {
        const limit = new AbortController();
        const timer = setTimeout(() => limit.abort(), endMs);
        const result = await delivery.close();
        await awaitQuietly(() => within(endMs, limit.signal, () => catchingUp ?? Promise.resolve()));
        clearTimeout(timer);
        open.delete(ref.id);
        if (open.size === 0) stopCatchingUp();
        return result;
      },
      startChild: (child) => start(child, ref.id),
      observe: (run, begin) => told(run, begin, onProblem),
    });
  }

  return {
    name: backend.name,
    capabilities: backend.capabilities,
    start: (given = {}) => start(given, undefined),
    async list({ experiment: wanted = experiment, limit = 100 } = {}) {
      backend.checkExperiment(wanted);
      return backend.list(wanted, limit);
    },
    async get(id) {
      const found = await backend.get(id);
      if (found !== undefined) return found;
      throw new ChurnkitError(
        "INPUT_NOT_FOUND",
        `${backend.name} has no run ${JSON.stringify(id.slice(0, 80))}. List the runs to see their ids.`,
      );
    },
    history: (id, metric) => backend.history(id, metric),
    artifact: (id, name) => backend.artifact(id, name),
    sync: () => sync(new AbortController().signal),
    observe(begin) {
      const run = start({ name: begin.work === "tuning" ? `tuning of ${begin.learner}` : begin.learner }, undefined);
      return ending(told(run, begin, onProblem), (status) => run.end(status));
    },
  };
}

/** Sends what waits, unless another process does: two at once could both make a run that a server does not have yet. */
async function sendWaiting(
  one: Waiting,
  {
    backend,
    spool,
    signal,
  }: { readonly backend: RunBackend; readonly spool: Spool | undefined; readonly signal: AbortSignal },
): Promise<number> {
  const release = await spool?.claim(one.run);
  if (release === undefined) throw new Error("another process is sending it");
  try {
    const entries = await one.entries();
    await backend.send(one.run, entries, signal);
    await one.remove();
    return entries.length;
  } finally {
    await release();
  }
}

/** Logs a training; what cannot be logged of it is told once, because the training does not hear of it. */
function told(run: TrackedRun, begin: TrainingBegin, onProblem: TrackerOptions["onProblem"]): TrainingWatch {
  let quiet = false;
  const tell = (error: unknown): void => {
    if (quiet) return;
    quiet = true;
    onProblem?.(error instanceof Error ? error.message : String(error));
  };
  try {
    const watch = trainingLog(run, begin);
    return {
      progress: (progress) => quietly(() => watch.progress(progress), tell),
      trial: (trial, metric) => quietly(() => watch.trial(trial, metric), tell),
      trained: (model) => awaitQuietly(() => watch.trained(model), tell),
      failed: (error, aborted) => awaitQuietly(() => watch.failed(error, aborted), tell),
    };
  } catch (error) {
    quietly(() => tell(error));
    throw error;
  }
}

/** A watch that also ends the run, which the training alone is. */
function ending(
  watch: TrainingWatch,
  end: (status: "finished" | "failed" | "killed") => Promise<RunDelivery>,
): TrainingWatch {
  return {
    progress: (progress) => watch.progress(progress),
    trial: (trial, metric) => watch.trial(trial, metric),
    async trained(model) {
      await awaitQuietly(() => watch.trained(model));
      await end("finished");
    },
    async failed(error, aborted) {
      await awaitQuietly(() => watch.failed(error, aborted));
      await end(aborted ? "killed" : "failed");
    },
  };
}

/**
 * `20261130-104512-1f0c9a3b`: in order of time without a question to a server, and unlike any other. Its last part begins with
 * the milliseconds.
 */
function runIds(): () => string {
  let last = 0;
  return () => {
    last = Math.max(Date.now(), last + 1);
    const time = new Date(last).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
    return `${time}-${(last % 1_000).toString(16).padStart(3, "0")}${crypto.randomUUID().slice(0, 5)}`;
  };
}
