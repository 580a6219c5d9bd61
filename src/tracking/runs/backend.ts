import type { RunEntry, RunRef } from "./entries.js";
import type { RunMetric, RunRecord } from "./record.js";

/** What a tracker can and cannot do; the conformance suite tests what is declared. */
export interface TrackerCapabilities {
  /** Whether runs survive the process. */
  readonly durable: boolean;
  /** Whether every value of a metric is kept, or the last one only. */
  readonly metricHistory: boolean;
}

/** Which runs to list. */
export interface ListRunsOptions {
  /** Default: the tracker's own. */
  readonly experiment?: string | undefined;
  /** At most this many, the newest. Default 100. */
  readonly limit?: number | undefined;
}

/**
 * What a driver implements: a place that keeps runs. The rules are in `tracker-over.ts`.
 *
 * Errors are ChurnkitErrors without credentials in their messages.
 */
export interface RunBackend {
  /** Name in messages: "files at runs", "MLflow at http://localhost:5000". */
  readonly name: string;
  /** Address of the place and its experiment, without credentials: what could not be sent is kept under it. */
  readonly url: string;
  readonly capabilities: TrackerCapabilities;
  /** @throws ChurnkitError OPTION_INVALID for a name of an experiment that the place cannot keep. */
  checkExperiment(experiment: string): void;
  /**
   * Adds entries to a run, in order; the first entry of a run is its start. Entries that the place has already change
   * nothing. One call at a time for a run.
   */
  send(run: RunRef, entries: readonly RunEntry[], signal: AbortSignal): Promise<void>;
  /** The newest first. */
  list(experiment: string, limit: number): Promise<readonly RunRecord[]>;
  /** Undefined if there is no such run. */
  get(id: string): Promise<RunRecord | undefined>;
  /** Values of a metric in order of step; empty if it has none. */
  history(id: string, metric: string): Promise<readonly RunMetric[]>;
  /** Undefined if the run has no such artifact. */
  artifact(id: string, name: string): Promise<Uint8Array | undefined>;
}
