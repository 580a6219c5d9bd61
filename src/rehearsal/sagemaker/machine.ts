import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualClock } from "../clock.js";
import { type ContainerEntry, type Job, JobEnd, type JobRun, type LogLine } from "./job.js";
import type { Objects } from "./objects.js";

export interface MachineOptions {
  readonly clock: VirtualClock;
  readonly objects: Objects;
  readonly entry: ContainerEntry;
  /** Virtual milliseconds that a container takes. Default five minutes. */
  readonly duration?: ((job: Job) => number) | undefined;
  /** Whether spot capacity is taken away now: asked whenever the container of a job on spot capacity has printed something. */
  readonly interrupt?: ((job: Job) => boolean) | undefined;
}

/** One job, as its machine sees it. */
interface JobOnMachine {
  readonly current: () => Job;
  readonly log: LogLine[];
  readonly signal: AbortSignal;
  /** Of all containers together. */
  readonly maxSeconds: number;
  readonly enter: (stage: string) => void;
  readonly report: JobRun["report"];
}

/** Virtual milliseconds of the stages around the container. */
const stageMs = 60_000;

/** Gives a job's work a machine with folders, which are gone after it. */
export async function onMachine<T>(
  { clock, objects, entry, duration = () => 300_000, interrupt, ...job }: MachineOptions & JobOnMachine,
  work: (run: JobRun) => Promise<T>,
): Promise<T> {
  const { current, log, signal, enter, report } = job;
  const { during } = clock;
  /** Virtual milliseconds that are left to the containers. */
  let left = job.maxSeconds * 1000;

  /** Waits as long as containers take; for a part of it, if the rest is lost or was done before. */
  async function busy(part = 1): Promise<void> {
    const takes = duration(current()) * part;
    await clock.sleep(Math.min(takes, left), signal);
    left -= takes;
    if (left < 0) throw new JobEnd("Stopped", "MaxRuntimeExceeded", "");
  }

  const print = (text: string, host = 0): void => {
    for (const line of text.split("\n")) if (line !== "") log.push({ host, time: clock.now(), text: line });
  };

  const folder = await during(() => mkdtemp(join(tmpdir(), "churnkit-rehearsal-")));
  const root = (host: number): string => join(folder, `host-${host}`);

  async function containers(hosts: number, argv: readonly string[], env: Readonly<Record<string, string>>) {
    const capacity = new AbortController();
    const ends = AbortSignal.any([signal, capacity.signal]);
    const isSpot = current().input["EnableManagedSpotTraining"] === true;
    const run = (host: number): Promise<number> => {
      const printed = {
        write(text: string): void {
          print(text, host);
          if (isSpot && !capacity.signal.aborted && interrupt?.(current()) === true) capacity.abort();
        },
      };
      return entry(argv, { root: root(host), env, stdout: printed, stderr: printed, signal: ends });
    };
    const codes = await during(() => Promise.all(Array.from({ length: hosts }, (_, host) => run(host))));
    // A container that was done before it heard of it is done.
    const isInterrupted = capacity.signal.aborted && codes.some((code) => code !== 0);
    const isResumed = current().stages.some(({ Status }) => Status === "Interrupted");
    await busy(isInterrupted || isResumed ? 0.5 : 1);
    return { codes, isInterrupted };
  }

  async function stage(name: string): Promise<void> {
    enter(name);
    await clock.sleep(stageMs, signal);
  }

  try {
    const { RoleArn } = current().input;
    const mine = objects.as(typeof RoleArn === "string" ? RoleArn : "");
    return await work({ objects: mine, root, during, containers, busy: () => busy(), report, print, signal, stage });
  } finally {
    await during(() => rm(folder, { recursive: true, force: true }));
  }
}
