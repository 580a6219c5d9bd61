import { quietly } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import { patiently } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { type PipelineStepState, stepsOf } from "./steps.js";

/** Settings of watching an execution. */
export interface PipelineWatchOptions {
  /** Is told each step when it begins, and whenever it has changed. */
  readonly onStep?: ((step: PipelineStepState) => void) | undefined;
  /** The longest wait; the execution goes on after it. Default: as long as it takes. */
  readonly timeoutSeconds?: number | undefined;
  /** Ends the wait with its reason; the execution goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** An execution that succeeded. */
export interface PipelineResult {
  /** In the order in which they began. */
  readonly steps: readonly PipelineStepState[];
  /** ARNs of the model packages that it registered. */
  readonly versions: readonly string[];
}

/** Milliseconds between two looks. */
const pause = 30_000;

/** Waits for the end of an execution. */
export async function watchExecution(
  session: AwsSession,
  arn: string,
  { onStep, timeoutSeconds = Infinity, signal }: PipelineWatchOptions,
): Promise<PipelineResult> {
  const { clock } = session;
  const deadline = clock.now() + timeoutSeconds * 1000;
  const told = new Map<string, string>();
  for (;;) {
    // The status first: the steps of an execution that has ended do not change any more.
    const { status, reason } = await patiently(clock, () => statusOf(session, arn), signal);
    const steps = await patiently(clock, () => stepsOf(session, arn), signal);
    for (const step of steps) {
      const text = JSON.stringify(step);
      if (told.get(step.name) !== text) quietly(() => onStep?.(step));
      told.set(step.name, text);
    }
    if (status === "Succeeded")
      return {
        steps,
        versions: steps.flatMap(({ made }) => (made?.kind === "RegisterModel" ? [made.arn] : [])),
      };
    if (hasEnded(status)) throw failed(arn, ending(status, reason, steps));
    const left = deadline - clock.now();
    if (!(left > 0)) {
      const current = steps.filter((step) => !hasEnded(step.status)).map(({ name }) => name);
      throw failed(
        arn,
        `has not ended after ${timeoutSeconds} s; it is at ${current.join(", ") || status}. It goes on: watch it again, or stop it`,
      );
    }
    await clock.sleep(Math.min(pause, left), signal);
  }
}

/** Stops an execution and its jobs, and waits for that; returns how it ended. */
export async function stopExecution(session: AwsSession, PipelineExecutionArn: string): Promise<string> {
  for (let isAsked = false; ;) {
    const { status } = await patiently(session.clock, () => statusOf(session, PipelineExecutionArn));
    if (hasEnded(status)) return status;
    if (status === "Executing" && !isAsked) {
      await patiently(session.clock, () =>
        session.call("sagemaker", "StopPipelineExecution", { PipelineExecutionArn }),
      ).catch(async (error: unknown) => {
        // It may have ended meanwhile.
        if (!hasEnded((await statusOf(session, PipelineExecutionArn)).status)) throw error;
      });
      isAsked = true;
    } else await session.clock.sleep(pause);
  }
}

async function statusOf(session: AwsSession, PipelineExecutionArn: string) {
  const { PipelineExecutionStatus: status = "Executing", FailureReason: reason } = await session.call(
    "sagemaker",
    "DescribePipelineExecution",
    { PipelineExecutionArn },
  );
  return { status, reason };
}

const hasEnded = (status: string): boolean => !/^(Starting|Executing|Stopping)$/.test(status);

/** Why an execution ended, by the steps that failed. */
function ending(status: string, reason: string | undefined, steps: readonly PipelineStepState[]): string {
  if (status === "Stopped") return "was stopped";
  const reasons = steps.filter((step) => step.status === "Failed").map(failureOf);
  return `failed${reasons.length === 0 ? `: ${reason ?? "SageMaker gives no reason"}` : reasons.join("; and")}`;
}

/** Groups of CloudWatch in which jobs log, each in streams that begin with its name. */
const logGroups: Readonly<Record<string, string>> = {
  TrainingJob: "/aws/sagemaker/TrainingJobs",
  TuningJob: "/aws/sagemaker/TrainingJobs",
  ProcessingJob: "/aws/sagemaker/ProcessingJobs",
  TransformJob: "/aws/sagemaker/TransformJobs",
};

function failureOf({ name, reason = "SageMaker gives no reason", made }: PipelineStepState): string {
  // SageMaker adds a line about policies, also where nothing could be repeated.
  const why = reason
    .replace(/\n+Retry not appropriate[\s\S]*$/, "")
    .replace(/^ClientError: (?=\w+: )/, "")
    .replace(/\.$/, "");
  const group = logGroups[made?.kind ?? ""];
  const log = group === undefined ? "" : ` (log ${group}, streams ${made?.arn.split("/").at(-1)})`;
  return ` at the step ${name}: ${why}${log}`;
}

const failed = (arn: string, what: string): ChurnkitError =>
  new ChurnkitError("JOB_FAILED", `The execution ${arn} ${what}.`, { where: { value: arn } });
