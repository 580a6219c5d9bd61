import { ChurnkitError } from "../../../base/errors.js";
import type { StandingEndpoint } from "./standing.js";

/** What was asked of an endpoint, for messages. */
export interface Asked {
  readonly endpoint: string;
  readonly config: string;
  readonly versions: readonly string[];
}

/** In `where.value` of the error of an update that did not arrive. */
export interface FailedUpdate {
  readonly outcome: "rolled back" | "failed" | "stuck" | "busy";
  readonly config: string;
  readonly standing: string | undefined;
  readonly versions: readonly string[];
  readonly alarms: readonly string[];
}

const reasonOf = ({ FailureReason: reason = "" }: StandingEndpoint): string =>
  reason === "" ? "SageMaker gives no reason." : `SageMaker says: ${reason}`;
const logsOf = (endpoint: string): string => `the log group /aws/sagemaker/Endpoints/${endpoint}`;
const asked = ({ config, versions }: Asked): string =>
  versions.length === 0 ? config : `${config} (version ${versions.join(", ")})`;

function failed(
  what: Asked,
  message: string,
  value: Pick<FailedUpdate, "outcome"> & Partial<FailedUpdate>,
): ChurnkitError {
  const { config, versions } = what;
  return new ChurnkitError("DEPLOY_FAILED", message, {
    where: { value: { standing: undefined, alarms: [], config, versions, ...value } satisfies FailedUpdate },
  });
}

/** An update that ended `InService` with another configuration. */
export function rolledBack(what: Asked, seen: StandingEndpoint, alarms: readonly string[]): ChurnkitError {
  const { EndpointConfigName: standing = "another configuration" } = seen;
  const cause = alarms.length > 0 ? `In ALARM: ${alarms.join(", ")}.` : "None of its alarms is in ALARM now.";
  return failed(
    what,
    `The endpoint ${what.endpoint} did not arrive at ${asked(what)}: SageMaker rolled the update back, and it serves ${standing} again. ${cause} ${reasonOf(seen)} Read ${logsOf(what.endpoint)}, and deploy another version or the same again once the cause is removed.`,
    { outcome: "rolled back", standing, alarms },
  );
}

/** What to do about an endpoint in a status in which it cannot stay. */
export function adviceOn(endpoint: string, status: string): string {
  const replace = `Read ${logsOf(endpoint)}, then delete it and make it anew: deployEndpoint with replaceFailed.`;
  const advice: Readonly<Record<string, string>> = {
    Failed: `SageMaker only lets a failed endpoint be deleted. ${replace}`,
    OutOfService: `It takes no requests, and no update is known to bring it back. ${replace}`,
    UpdateRollbackFailed:
      "Old and new instances serve side by side. Roll back (rollBackEndpoint), or deploy again, as soon as the cause is removed, such as missing capacity.",
  };
  return advice[status] ?? "Look at it in the console.";
}

/** An endpoint that ended in a status in which it cannot stay. */
export function endedBadly(what: Asked, seen: StandingEndpoint, alarms: readonly string[]): ChurnkitError {
  const { endpoint } = what;
  const { EndpointStatus: status = "unknown", EndpointConfigName: standing } = seen;
  const alarmed = alarms.length > 0 ? ` In ALARM: ${alarms.join(", ")}.` : "";
  return failed(
    what,
    `The endpoint ${endpoint} is ${status} on the way to ${asked(what)}.${alarmed} ${reasonOf(seen)} ${adviceOn(endpoint, status)}`,
    { outcome: "failed", standing, alarms },
  );
}

/** An endpoint on which nothing ended in the time that was given. */
export const stuck = (what: Asked, seen: StandingEndpoint, seconds: number): ChurnkitError =>
  failed(
    what,
    `The endpoint ${what.endpoint} is still ${seen.EndpointStatus ?? "unknown"} after ${Math.round(seconds)} s, on the way to ${asked(what)}. It goes on in AWS: call again once that has ended, or with a larger maxSeconds to wait on. Read ${logsOf(what.endpoint)}: a container that never answers /ping looks like this.`,
    { outcome: "stuck", standing: seen.EndpointConfigName },
  );

/** An endpoint that somebody else is changing. */
export const busy = (what: Asked, seen: StandingEndpoint, pending: string): ChurnkitError =>
  failed(
    what,
    `The endpoint ${what.endpoint} is ${seen.EndpointStatus ?? "unknown"}, on the way to ${pending}, so that it cannot be given ${asked(what)}. Wait until that has ended; somebody else may be releasing.`,
    { outcome: "busy", standing: seen.EndpointConfigName },
  );

/** An endpoint that is not there any more, or never was. */
export const gone = (endpoint: string): ChurnkitError =>
  new ChurnkitError(
    "DEPLOY_FAILED",
    `There is no endpoint ${endpoint}. Deploy it first, or check the target's name and stage.`,
  );
