import { ChurnkitError } from "../../../base/errors.js";
import type { AwsSession } from "../session.js";
import type { JobState, JobWords } from "./kind.js";
import { logTail } from "./log-tail.js";

/** What to do about a reason of SageMaker's. */
const advice: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/ResourceLimitExceeded/, "Ask AWS for a higher limit, or use another instance type."],
  [/Capacity/i, "Use another instance type, or try later."],
  [/AccessDenied|not authorized/i, "Give the target's role the permission: policyFor has the least ones."],
  [/^InternalServerError/, "SageMaker failed, not the job."],
];

/** The error of a job that ended otherwise than completed: its reason, what to do, and the end of its log. */
export async function jobFailed(
  kind: JobWords,
  session: AwsSession,
  name: string,
  state: JobState,
): Promise<ChurnkitError> {
  // A name is used once only.
  const again = "Start it again under another name.";
  const message = `The ${kind.noun} ${name} ${ending(kind, state)} ${again}`;
  const where = { value: name };
  // What someone stopped has nothing to say about why.
  if (state.status === "Stopped" && state.limit === undefined)
    return new ChurnkitError("JOB_FAILED", message, { where });
  const logged = kind.loggedAs === undefined ? name : await kind.loggedAs(session, name).catch(() => undefined);
  const tail = logged === undefined ? "" : await logTail(session, kind.logGroup, logged);
  return new ChurnkitError("JOB_FAILED", `${message}${tail}`, { where });
}

function ending({ moreTime }: JobWords, { status, limit, reason = "" }: JobState): string {
  if (limit === "MaxRuntimeExceeded") return `was stopped because it took longer than its longest run. ${moreTime}`;
  if (limit === "MaxWaitTimeExceeded")
    return "was stopped because spot capacity came too late or was taken away too often (MaxWaitTimeExceeded). Give a longer spot.maxWaitSeconds, use another instance type, or leave out spot.";
  if (status === "Stopped") return "was stopped before its end, by someone else or with what had started it.";
  const [, what = "Correct what the reason names."] = advice.find(([pattern]) => pattern.test(reason)) ?? [];
  return `failed: ${reason === "" ? "SageMaker gives no reason." : reason.replace(/\.?$/, ".")} ${what}`;
}
