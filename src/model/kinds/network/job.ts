import type { EpochRecord } from "../learner.js";
import type { TrainingEngine } from "./engine.js";
import { fitNetwork, type FitRows, type FitSettings, type FitState, type FittedNetwork } from "./fit-network.js";
import type { NetworkSpec } from "./spec.js";

/**
 * Training job of one network: everything that a thread needs, structured-cloneable; the matrix may be in shared
 * memory.
 */
export interface FitJob {
  readonly spec: NetworkSpec;
  readonly rows: FitRows;
  readonly settings: FitSettings;
  readonly resume?: FitState | undefined;
  /** Send the state every this many epochs; 0 for never. */
  readonly stateEvery: number;
  /** In shared memory: when its number isn't 0, the fit ends with the best weights so far. */
  readonly stop?: Int32Array | undefined;
}

/** Told after each epoch. */
export interface FitEvent {
  readonly history: readonly EpochRecord[];
  readonly state: FitState | undefined;
}

/** {@link FitJob} as work for a thread. */
export interface NetworkWork {
  readonly kind: "network";
  readonly job: FitJob;
  readonly event: FitEvent;
  readonly result: FittedNetwork;
}

/** Runs a job on the current thread; `pause` is awaited after each epoch. */
export function runJob(
  engine: TrainingEngine,
  job: FitJob,
  tell: (event: FitEvent) => void,
  signal?: AbortSignal,
  pause?: () => Promise<void>,
): Promise<FittedNetwork> {
  return fitNetwork(engine, job.spec, job.rows, job.settings, {
    resume: job.resume,
    signal,
    stopped: async () => {
      await pause?.();
      return job.stop !== undefined && Atomics.load(job.stop, 0) !== 0;
    },
    onEpoch: async (history, state) => {
      const send = job.stateEvery > 0 && history.length % job.stateEvery === 0;
      tell({ history, state: send ? await state() : undefined });
    },
  });
}
