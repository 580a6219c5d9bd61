import type { TrainingObserver } from "../../model/training/index.js";
import type { ListRunsOptions, TrackerCapabilities } from "./backend.js";
import type { RunInput, RunMetric, RunRecord, RunStatus } from "./record.js";

/** How a run begins. */
export interface StartRunOptions {
  /** Default: the tracker's own. */
  readonly experiment?: string | undefined;
  /** For people. Default: the run's id. */
  readonly name?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** What became of the entries of a run. */
export interface RunDelivery {
  /** `sent`: the tracker has all of them. `kept`: some wait in the spool. `lost`: some could not even be kept. */
  readonly state: "sent" | "kept" | "lost";
  readonly sent: number;
  readonly kept: number;
  readonly lost: number;
  /** Why entries were not sent. */
  readonly problem?: string | undefined;
}

/**
 * An open run. What is logged goes out in the background, in order; a server that is slow, down or gone fails nothing
 * and delays nothing but `end`, and that only up to the tracker's limit.
 *
 * Names are 1 to 250 letters, digits, spaces and `_-./:`.
 *
 * @throws ChurnkitError OPTION_INVALID for a bad name or value, a parameter that gets another value, or a run that has ended.
 */
export interface TrackedRun extends TrainingObserver {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  /** Settings of the run, each logged once. */
  logParameters(parameters: Readonly<Record<string, string | number | boolean>>): void;
  logMetrics(
    metrics: Readonly<Record<string, number>>,
    options?: { readonly step?: number | undefined; readonly at?: Date | undefined },
  ): void;
  /** A file of the run, from memory or from disk; `contentType` follows from the name where it is left out. */
  logArtifact(
    name: string,
    content: string | Uint8Array | { readonly file: string },
    contentType?: string,
  ): Promise<void>;
  logInput(input: RunInput): void;
  setTags(tags: Readonly<Record<string, string>>): void;
  /** Starts a run nested in this one. */
  start(options?: Omit<StartRunOptions, "experiment">): TrackedRun;
  /** Ends the run; default `finished`. It never rejects, and the second call gives the result of the first. */
  end(status?: Exclude<RunStatus, "running">): Promise<RunDelivery>;
}

/** What became of entries that waited in the spool. */
export interface RunSync {
  /** Runs and entries that were sent. */
  readonly runs: number;
  readonly entries: number;
  /** Runs that still wait, and why. */
  readonly waiting: readonly { readonly run: string; readonly problem: string }[];
}

/**
 * The port for tracked runs: files in an object store, MLflow, SageMaker Experiments. As `tracker` of `train` it logs a
 * training by itself.
 *
 * Reading throws ChurnkitError STORE_FAILED where the tracker cannot be reached.
 */
export interface RunTracker extends TrainingObserver {
  readonly name: string;
  readonly capabilities: TrackerCapabilities;
  /** Starts a run. Nothing is asked of the server before it returns. */
  start(options?: StartRunOptions): TrackedRun;
  /** The newest first. */
  list(options?: ListRunsOptions): Promise<readonly RunRecord[]>;
  /** @throws ChurnkitError INPUT_NOT_FOUND if there is no such run. */
  get(id: string): Promise<RunRecord>;
  /** Values of a metric, in order of step; without the capability `metricHistory` the last one. */
  history(id: string, metric: string): Promise<readonly RunMetric[]>;
  /** The content of an artifact; undefined if the run has none of that name. */
  artifact(id: string, name: string): Promise<Uint8Array | undefined>;
  /** Sends what waits in the spool from earlier runs of any process. */
  sync(): Promise<RunSync>;
}
