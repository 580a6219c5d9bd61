import { count, strictObject, text, withDefault } from "../../../base/json/index.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../target.js";
import type { State, StateMachine } from "./definition.js";
import { ends } from "./ends.js";
import { integrationArn } from "./integrations.js";
import { assembled, checkPolls, decodeMachine, machineMembers, type MachineOptions } from "./machine.js";
import { retriesOf } from "./retries.js";
import { catches } from "./surroundings.js";

/** What the machine of a release has besides other machines. */
export interface ReleaseMachineOptions extends MachineOptions {
  /** Name or ARN of the function that takes a release one step further. Default: the target's name with `release-step`. */
  readonly function?: string | undefined;
  /** Seconds from one step to the next; default 300. */
  readonly everySeconds?: number | undefined;
}

/**
 * The state machine of a release: it calls a function again and again, which takes the release as far as it can without waiting, until
 * the release has ended, and tells how. Its input is what the function gets, such as `{ "version": 7 }`. An execution that dies leaves a
 * release that the next one continues.
 *
 * @throws ChurnkitError OPTION_INVALID.
 * @example
 * ```ts
 * import { parseAwsTarget, releaseMachine } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * console.log(JSON.stringify(releaseMachine(target, { topic: "arn:aws:sns:us-east-1:123456789012:churn" })));
 * ```
 */
export function releaseMachine(json: AwsTarget, options: ReleaseMachineOptions = {}): StateMachine {
  const target = parseAwsTarget(json);
  const decoded = decodeMachine(
    options,
    strictObject({
      ...machineMembers,
      function: withDefault(text(2048), nameOf(target, "release-step")),
      everySeconds: withDefault(count(1, 3600), 300),
    }),
  );
  const { everySeconds } = decoded;
  checkPolls("everySeconds", everySeconds, decoded);
  const step: State = {
    Type: "Task",
    Resource: integrationArn(target)("lambda:invoke"),
    Parameters: { FunctionName: decoded.function, "Payload.$": "$$.Execution.Input" },
    ResultSelector: { "outcome.$": "$.Payload.outcome", "reason.$": "$.Payload.reason" },
    ResultPath: "$.Release",
    TimeoutSeconds: 900,
    // A release is there to be continued, whatever a step met.
    Retry: [
      ...retriesOf("lambda"),
      { ErrorEquals: ["States.ALL"], IntervalSeconds: 60, MaxAttempts: 3, BackoffRate: 2 },
    ],
    Catch: catches,
    Next: "Over",
  };
  const is = (StringEquals: string, Next: string) => ({ Variable: "$.Release.outcome", StringEquals, Next });
  const failure = { "Error.$": "$.Release.outcome", "Cause.$": "$.Release.reason" };
  return assembled(target, { Parameters: [] }, decoded, "Step", [
    ["Step", step],
    [
      "Over",
      {
        Type: "Choice",
        Choices: [is("under way", "Wait"), is("released", ends.succeeded), is("unchanged", ends.succeeded)],
        Default: "Not released",
      },
    ],
    ["Wait", { Type: "Wait", Seconds: everySeconds, Next: "Step" }],
    ["Not released", { Type: "Pass", Parameters: failure, ResultPath: "$.Failure", Next: ends.failed }],
  ]);
}
