import type { AwsTarget } from "../../aws/target.js";
import type { AwsSession } from "../session.js";

/** What is known of a job while it runs. */
export interface JobProgress {
  readonly name: string;
  /** `InProgress`, `Stopping`, or how it ended. */
  readonly status: string;
  /** The stage of a training, such as `Downloading`, `Training` or, on spot capacity, `Interrupted`. */
  readonly stage?: string | undefined;
  /** What SageMaker says about the stage. */
  readonly message?: string | undefined;
  /** The last value of each metric of a training. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  /** Number of a tuning's training jobs. */
  readonly trials?: Readonly<Record<"completed" | "running" | "failed" | "stopped", number>> | undefined;
  /** A tuning's best training job so far, with the values that the search gave it. */
  readonly best?:
    | {
        readonly name: string;
        readonly objective: number;
        readonly hyperparameters: Readonly<Record<string, string>>;
      }
    | undefined;
}

/** A job's description, as far as waiting needs it. */
export interface JobState extends Omit<JobProgress, "name"> {
  readonly reason?: string | undefined;
  /** The limit that SageMaker stopped it at. */
  readonly limit?: "MaxRuntimeExceeded" | "MaxWaitTimeExceeded" | undefined;
}

/** What messages about a kind of job say. */
export interface JobWords {
  /** `training job` */
  readonly noun: string;
  /** What gives a job more time, in a sentence. */
  readonly moreTime: string;
  /** The group of CloudWatch that has its log. */
  readonly logGroup: string;
  /** The job that the log is of, if it is another one. */
  readonly loggedAs?: (session: AwsSession, name: string) => Promise<string | undefined>;
}

/** A kind of job that runs: its calls, and what its descriptions mean. */
export interface JobKind<Described extends object, Result> extends JobWords {
  readonly describe: (session: AwsSession, name: string) => Promise<Described>;
  readonly stop: (session: AwsSession, name: string) => Promise<unknown>;
  readonly stateOf: (described: Described) => JobState;
  readonly resultOf: (described: Described, session: AwsSession) => Promise<Result>;
}

/** The same, with what starts it. */
export interface StartableJob<Description, Request extends object, Described extends object, Result> extends JobKind<
  Described,
  Result
> {
  readonly request: (target: AwsTarget, description: Description) => Request;
  readonly nameOf: (request: Request) => string;
  readonly create: (session: AwsSession, request: Request) => Promise<unknown>;
}

export const isOver = (status: string): boolean => /^(Completed|Failed|Stopped)$/.test(status);

/** Seconds between two times, if both are known. */
export const secondsBetween = (start: Date | undefined, end: Date | undefined): number =>
  start === undefined || end === undefined ? 0 : (end.getTime() - start.getTime()) / 1000;
