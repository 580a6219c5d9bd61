import { type AwsTarget, nameOf } from "../target.js";
import type { State } from "./definition.js";
import { retriesOf } from "./retries.js";
import { integrationArn } from "./integrations.js";

/** The states with which a machine ends; steps never have a space in their name. */
export const ends = { succeeded: "Notify of success", failed: "Notify of failure" } as const;

/** The whole failure: a time-out may have no cause. */
const cause = "States.JsonToString($.Failure)";

/** A notification, if there is a topic, and the end: for success, and for a failure in `$.Failure`. */
export function endStates(target: AwsTarget, topic: string | undefined): [string, State][] {
  const message = (what: string, template: string, call: string, next: string): State =>
    topic === undefined
      ? { Type: "Pass", Next: next }
      : {
          Type: "Task",
          Resource: integrationArn(target)("sns:publish"),
          Parameters: {
            TopicArn: topic,
            Subject: `${nameOf(target)}: ${what}`,
            "Message.$": `States.Format('${template}', $$.Execution.Id${call})`,
          },
          ResultPath: null,
          TimeoutSeconds: 60,
          Retry: retriesOf("sns"),
          // What was done is not undone because nobody could be told.
          Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: next }],
          Next: next,
        };
  return [
    [ends.succeeded, message("succeeded", "{} succeeded.", "", "Execution succeeded")],
    ["Execution succeeded", { Type: "Succeed" }],
    [ends.failed, message("failed", "{} failed: {}", `, ${cause}`, "Execution failed")],
    // An error of one's own must not begin with "States.".
    ["Execution failed", { Type: "Fail", ErrorPath: "States.Format('Failed.{}', $.Failure.Error)", CausePath: cause }],
  ];
}
