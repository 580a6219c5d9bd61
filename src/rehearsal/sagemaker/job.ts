import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualClock } from "../clock.js";
import { AwsError, invalid } from "../front/aws-error.js";
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
  /** What its container printed. */
  readonly log: readonly string[];
}

export type JobKind = "TrainingJob" | "ProcessingJob";

/** The machine on which a job's containers run. */
export interface JobRun {
  readonly objects: Objects;
  /** The job's folder in place of `/opt/ml`, on one of several hosts. */
  readonly root: (host: number) => string;
  /** Runs the container on a host, and waits as long as it would take. */
  readonly container: (host: number, argv: readonly string[], env: Readonly<Record<string, string>>) => Promise<number>;
  /** Real work: time stands still. */
  readonly during: VirtualClock["during"];
  /** Enters a stage that takes some virtual time. */
  readonly stage: (name: string) => Promise<void>;
  readonly log: readonly string[];
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

export interface JobsOptions {
  readonly clock: VirtualClock;
  readonly objects: Objects;
  readonly entry: ContainerEntry;
  /** Virtual milliseconds that a container takes. Default five minutes. */
  readonly duration?: ((job: Job) => number) | undefined;
  readonly arn: (kind: JobKind, name: string) => string;
  readonly onChange: (job: Job) => void;
}

/** Virtual milliseconds of the stages around the container. */
const stageMs = 60_000;

/** Jobs that run. */
export interface Jobs {
  start(kind: JobKind, name: string, input: Job["input"], run: RunJob, maxSeconds: number): Job;
  find(kind: JobKind, name: string): Job;
  stop(kind: JobKind, name: string): void;
  all(kind: JobKind): readonly Job[];
  /** Resolves when the job has ended. */
  ended(kind: JobKind, name: string): Promise<Job>;
}

interface Entry {
  job: Job;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export function runningJobs({ clock, objects, entry, duration = () => 300_000, arn, onChange }: JobsOptions): Jobs {
  const entries = new Map<string, Entry>();

  function entryOf(kind: JobKind, name: string): Entry {
    const found = entries.get(`${kind} ${name}`);
    if (found === undefined) throw invalid(`Requested resource not found: ${kind} ${name}.`);
    return found;
  }

  function change(at: Entry, changes: Partial<Job>): void {
    at.job = { ...at.job, ...changes };
    onChange(at.job);
  }

  /** Runs a job to its end, whatever that is. */
  async function work(at: Entry, run: RunJob, maxSeconds: number): Promise<void> {
    const { signal } = at.abort;
    const log: string[] = [];
    const enter = (Status: string): void =>
      change(at, { stages: [...at.job.stages, { Status, StartTime: clock.now() / 1000 }], log });
    try {
      const results = await inFolder(async (folder) => run(at.job, machine(folder)));
      enter("Completed");
      change(at, { status: "Completed", results, ended: clock.now() / 1000 });
    } catch (error) {
      const end = endOf(error, signal.aborted);
      enter(end.stage);
      change(at, { status: end.status, reason: end.message, ended: clock.now() / 1000 });
    }

    function machine(folder: string): JobRun {
      const printed = { write: (text: string) => void log.push(...text.split("\n").filter((line) => line !== "")) };
      const root = (host: number): string => join(folder, `host-${host}`);
      return {
        objects,
        root,
        log,
        during: clock.during,
        stage: async (name) => {
          enter(name);
          await clock.sleep(stageMs, signal);
        },
        container: async (host, argv, env) => {
          const options = { root: root(host), env, stdout: printed, stderr: printed, signal };
          const code = await clock.during(() => entry(argv, options));
          const takes = duration(at.job);
          await clock.sleep(Math.min(takes, maxSeconds * 1000), signal);
          if (takes > maxSeconds * 1000) throw new JobEnd("Stopped", "MaxRuntimeExceeded", "");
          return code;
        },
      };
    }
  }

  /** Gives work a folder, which is gone after it. */
  async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = await clock.during(() => mkdtemp(join(tmpdir(), "churnkit-rehearsal-")));
    try {
      return await work(folder);
    } finally {
      await clock.during(() => rm(folder, { recursive: true, force: true }));
    }
  }

  return {
    start(kind, name, input, run, maxSeconds) {
      const key = `${kind} ${name}`;
      if (entries.has(key)) throw new AwsError("ResourceInUse", `${kind} ${arn(kind, name)} already exists.`);
      const created = clock.now() / 1000;
      const job: Job = {
        kind,
        name,
        arn: arn(kind, name),
        input,
        status: "InProgress",
        stages: [],
        created,
        results: {},
        log: [],
      };
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const at: Entry = { job, abort: new AbortController(), done: begun.then(() => work(at, run, maxSeconds)) };
      entries.set(key, at);
      onChange(job);
      begin();
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
      return at.job;
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
