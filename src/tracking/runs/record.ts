/** How a run stands. `killed`: it was ended from outside; a run whose process died stays `running`. */
export type RunStatus = "running" | "finished" | "failed" | "killed";

/** A value of a metric. */
export interface RunMetric {
  /** NaN and the infinities are values too: a training may diverge. */
  readonly value: number;
  /** Epoch, trial or the like; 0 for a metric without steps. */
  readonly step: number;
  /** ISO 8601. */
  readonly at: string;
}

/** A file of a run. */
export interface RunArtifact {
  /** A path of its own, such as `plots/roc.svg`. */
  readonly name: string;
  /** Length in bytes. */
  readonly bytes: number;
  readonly contentType: string;
}

/** Data that a run used. */
export interface RunInput {
  readonly name: string;
  /** SHA-256 of its content. */
  readonly hash: string;
  readonly source?: string | undefined;
  /** Its purpose: `training`, `evaluation`. */
  readonly context: string;
}

/** All that a tracker knows of a run, but for the histories of its metrics and the contents of its artifacts. */
export interface RunRecord {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: RunStatus;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  /** The run that this one is nested in. */
  readonly parent?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  /** The last value of each. */
  readonly metrics: Readonly<Record<string, RunMetric>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: readonly RunInput[];
  /** Empty in a list of runs, if the tracker would have to ask for those of each. */
  readonly artifacts: readonly RunArtifact[];
  /** Where people can look at it. */
  readonly link?: string | undefined;
}
