import { setTimeout as wait } from "node:timers/promises";
import type { VirtualClock } from "../clock.js";
import { AwsError, invalid } from "../front/aws-error.js";
import { type MachineOptions, onMachine } from "./machine.js";
import type { Objects } from "./objects.js";

/** The entry of an image: the words after the image's name, and the machine around them; returns the exit code. */
export type ContainerEntry = (
  argv: readonly string[],
  options: {
    readonly root: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly stdout: { write(text: string): unknown };
    readonly stderr: { write(text: string): unknown };
    readonly signal: AbortSignal;
  },
) => Promise<number>;

export type JobStatus = "InProgress" | "Completed" | "Failed" | "Stopping" | "Stopped";

/** A job, and what it has come to. */
export interface Job {
  readonly kind: JobKind;
  readonly name: string;
  readonly arn: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly status: JobStatus;
  /** Its stages so far, the last one current. */
  readonly stages: readonly { readonly Status: string; readonly StartTime: number }[];
  readonly reason?: string | undefined;
  /** Seconds since 1970, as on the wire. */
  readonly created: number;
  readonly ended?: number | undefined;
  /** What its output adds to its description. */
  readonly results: Readonly<Record<string, unknown>>;
  /** What its containers printed. */
  readonly log: readonly LogLine[];
}

/** A line that the container of one of a job's hosts printed. */
export interface LogLine {
  readonly host: number;
  /** Virtual milliseconds since 1970. */
  readonly time: number;
  readonly text: string;
}

export type JobKind = "TrainingJob" | "ProcessingJob" | "TransformJob" | "HyperParameterTuningJob";

/** The machine on which a job's containers run. */
export interface JobRun {
  readonly objects: Objects;
  /** The job's folder in place of `/opt/ml`, on one of several hosts. */
  readonly root: (host: number) => string;
  /**
   * Runs the container on so many hosts at once, and waits as long as it would take.
   *
   * @returns the exit code of each, and whether spot capacity was taken away before its end.
   */
  readonly containers: (
    hosts: number,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
  ) => Promise<{ readonly codes: readonly number[]; readonly isInterrupted: boolean }>;
  /** Waits as long as a container takes. */
  readonly busy: () => Promise<void>;
  /** Real work: time stands still. */
  readonly during: VirtualClock["during"];
  /** Enters a stage that takes some virtual time. */
  readonly stage: (name: string) => Promise<void>;
  /** Adds to the job's description while it runs. */
  readonly report: (results: Job["results"]) => void;
  readonly print: (text: string) => void;
  /** Aborted when the job is stopped, or a limit is reached. */
  readonly signal: AbortSignal;
}

/** What a kind of job does; returns what its description has in addition. */
export type RunJob = (job: Job, run: JobRun) => Promise<Readonly<Record<string, unknown>>>;

/** Why a job ended otherwise than completed. */
export class JobEnd extends Error {
  constructor(
    readonly status: "Failed" | "Stopped",
    readonly stage: string,
    reason: string,
  ) {
    super(reason);
  }
}

export interface JobsOptions extends MachineOptions {
  readonly arn: (kind: JobKind, name: string) => string;
  readonly onChange: (job: Job) => void;
}

/** Seconds that a job may take. */
export interface JobLimits {
  /** Of its containers. */
  readonly run: number;
  /** From its creation to its end. */
  readonly whole?: number | undefined;
}

/** Jobs that run. */
export interface Jobs {
  start(kind: JobKind, name: string, input: Job["input"], run: RunJob, limits: JobLimits): Job;
  find(kind: JobKind, name: string): Job;
  stop(kind: JobKind, name: string): void;
  readonly all: (kind: JobKind) => readonly Job[];
  /** Resolves when the job has ended. */
  ended(kind: JobKind, name: string): Promise<Job>;
  /** Ends all jobs without a word, so that their folders go. */
  readonly close: () => Promise<void>;
}

interface Entry {
  job: Job;
  readonly log: LogLine[];
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Real milliseconds after which a container that does not end is left alone. */
const closeMs = 10_000;

export function runningJobs({ arn, onChange, ...options }: JobsOptions): Jobs {
  const { clock } = options;
  const entries = new Map<string, Entry>();
  let isClosed = false;

  function entryOf(kind: JobKind, name: string): Entry {
    const found = entries.get(`${kind} ${name}`);
    if (found === undefined) throw invalid(`Requested resource not found: ${kind} ${name}.`);
    return found;
  }

  function change(at: Entry, changes: Partial<Job>): void {
    at.job = { ...at.job, ...changes };
    if (!isClosed) onChange(at.job);
  }

  /** Runs a job to its end, whatever that is. */
  async function work(at: Entry, run: RunJob, { run: maxSeconds, whole = Infinity }: JobLimits): Promise<void> {
    const { signal } = at.abort;
    const limit = at.job.kind === "TrainingJob" ? "MaxWaitTimeExceeded" : "MaxRuntimeExceeded";
    const off =
      whole === Infinity
        ? undefined
        : clock.at(at.job.created * 1000 + whole * 1000, () => at.abort.abort(new JobEnd("Stopped", limit, "")));
    const enter = (Status: string): void =>
      change(at, { stages: [...at.job.stages, { Status, StartTime: clock.now() / 1000 }] });
    const report = (results: Job["results"]): void => {
      at.job = { ...at.job, results: { ...at.job.results, ...results } };
    };
    const job = { current: () => at.job, log: at.log, signal, maxSeconds, enter, report };
    try {
      report(await onMachine({ ...options, ...job }, (machine) => run(at.job, machine)));
      enter("Completed");
      change(at, { status: "Completed", ended: clock.now() / 1000 });
    } catch (error) {
      const end = endOf(error, signal.aborted);
      enter(end.stage);
      change(at, { status: end.status, reason: end.message, ended: clock.now() / 1000 });
    } finally {
      off?.();
    }
  }

  return {
    start(kind, name, input, run, limits) {
      const key = `${kind} ${name}`;
      if (entries.has(key)) throw new AwsError("ResourceInUse", `${kind} ${arn(kind, name)} already exists.`);
      const log: LogLine[] = [];
      const fresh = { status: "InProgress", stages: [], created: clock.now() / 1000, results: {} } as const;
      const job: Job = { kind, name, arn: arn(kind, name), input, log, ...fresh };
      // It begins after this call.
      const done = Promise.resolve().then(() => work(at, run, limits));
      const at: Entry = { job, log, abort: new AbortController(), done };
      entries.set(key, at);
      onChange(job);
      return job;
    },
    find: (kind, name) => entryOf(kind, name).job,
    stop: (kind, name) => {
      const at = entryOf(kind, name);
      if (at.job.status !== "InProgress") return;
      change(at, { status: "Stopping" });
      at.abort.abort(new JobEnd("Stopped", "Stopped", ""));
    },
    all: (kind) => [...entries.values()].map(({ job }) => job).filter((job) => job.kind === kind),
    async ended(kind, name) {
      const at = entryOf(kind, name);
      await at.done;
      // Nobody goes on after the end.
      return isClosed ? new Promise<never>(() => undefined) : at.job;
    },
    async close() {
      isClosed = true;
      const running = [...entries.values()].filter(({ job }) => job.ended === undefined);
      for (const { abort } of running) abort.abort(new JobEnd("Stopped", "Stopped", ""));
      await Promise.race([Promise.all(running.map(({ done }) => done)), wait(closeMs, undefined, { ref: false })]);
    },
  };
}

function endOf(error: unknown, isAborted: boolean): JobEnd {
  if (error instanceof JobEnd) return error;
  if (isAborted) return new JobEnd("Stopped", "Stopped", "");
  const reason = error instanceof Error ? error.message : String(error);
  return new JobEnd(
    "Failed",
    "Failed",
    error instanceof AwsError ? `ClientError: ${reason}` : `InternalServerError: ${reason}`,
  );
}
