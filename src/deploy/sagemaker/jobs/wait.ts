import { quietly } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import { patiently } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { jobFailed } from "./job-failed.js";
import { isOver, type JobKind, type JobProgress } from "./kind.js";

/** Settings of waiting for a job. */
export interface JobWaitOptions {
  /** Is told what is known of the job, first and whenever that changes. */
  readonly onProgress?: ((progress: JobProgress) => void) | undefined;
  /** The longest wait; the job goes on after it. Default: until the job's own limits end it. */
  readonly timeoutSeconds?: number | undefined;
  /** Ends the wait with its reason; the job goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds between two looks at a job, first and later. */
const [firstPause, longestPause] = [5_000, 60_000];

/**
 * Waits for a job's end.
 *
 * @throws ChurnkitError JOB_FAILED if it ends otherwise than completed, or not in time.
 */
export async function waitForJob<Described extends object, Result>(
  kind: JobKind<Described, Result>,
  session: AwsSession,
  name: string,
  { onProgress, timeoutSeconds = Infinity, signal }: JobWaitOptions = {},
): Promise<Result> {
  const { clock } = session;
  const end = clock.now() + timeoutSeconds * 1000;
  let told = "";
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const described = await patiently(clock, () => kind.describe(session, name), signal);
    const state = kind.stateOf(described);
    const { status, stage, message, metrics, trials, best } = state;
    const progress: JobProgress = { name, status, stage, message, metrics, trials, best };
    const text = JSON.stringify(progress);
    if (text !== told) quietly(() => onProgress?.(progress));
    told = text;
    if (status === "Completed") return kind.resultOf(described, session);
    if (isOver(status)) throw await jobFailed(kind, session, name, state);
    const left = end - clock.now();
    if (!(left > 0))
      throw new ChurnkitError(
        "JOB_FAILED",
        `The ${kind.noun} ${name} is not done after ${timeoutSeconds} s: ${stage ?? status}. It goes on. Wait for it again, or stop it.`,
        { where: { value: name } },
      );
    await clock.sleep(Math.min(pause, left), signal);
  }
}
